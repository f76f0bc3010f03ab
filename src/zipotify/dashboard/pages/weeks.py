"""Engagement's tiles of weeks: which cohorts return, and who is new, stays, comes back or is gone."""

from __future__ import annotations

from typing import Any

from dash import html

from zipotify.dashboard import wording
from zipotify.dashboard.components.charts import Line, graph, stacked
from zipotify.dashboard.scope import Scope
from zipotify.dashboard.theme import SERIES
from zipotify.dashboard.tile import Component, Frame, Tile

_SHOWN_COHORTS = 12


def _retention_sql(scope: Scope) -> str:
    return f"""with active as (
    select distinct user_key, date_trunc('week', date_day)::date as week_start
    from fct_user_days where {scope.where_people()}
),
cohorts as (
    select user_key, min(week_start) as cohort_week from active group by 1
),
sizes as (
    select cohort_week, count(*) as user_count from cohorts group by 1
)
select
    c.cohort_week,
    s.user_count,
    cast((a.week_start - c.cohort_week) / 7 as integer) as week_number,
    count(*) as returned_count,
    count(*) / any_value(s.user_count) as share
from cohorts as c
join sizes as s on c.cohort_week = s.cohort_week
join active as a on c.user_key = a.user_key
where c.cohort_week >= (select max(cohort_week) from sizes) - 7 * {_SHOWN_COHORTS - 1}
group by 1, 2, 3
order by 1, 3"""


def _draw_retention(frame: Frame) -> Component:
    cohorts: dict[str, dict[int, Any]] = {}
    for row in frame.records():
        cohorts.setdefault(row["cohort_week"], {})[row["week_number"]] = row
    widest = max(max(weeks) for weeks in cohorts.values())
    heads = ["Week of", "Users", *[f"+{week}" for week in range(1, widest + 1)]]
    rows = [_cohort(week, cells, widest) for week, cells in cohorts.items()]
    table = html.Table(
        [html.Thead(html.Tr([html.Th(head, scope="col") for head in heads])), html.Tbody(rows)], className="zip-cohorts"
    )
    return html.Div(table, className="zip-scroll", tabIndex=0, role="group", **{"aria-label": "Retention by week"})


def _cohort(week: str, cells: dict[int, Any], widest: int) -> Any:
    size = cells[0]["user_count"]
    last = max(cells)
    shown = [_cell(cells.get(number), number <= last) for number in range(1, widest + 1)]
    return html.Tr([html.Th(week, scope="row"), html.Td(wording.exact(size)), *shown])


def _cell(row: Any, is_past: bool) -> Any:
    if row is None:
        return html.Td("0 %" if is_past else "", className="zip-cohort" if is_past else "")
    says = f"{row['returned_count']} of {row['user_count']}"
    heat = {"--heat": f"{row['share']:.3f}"}
    return html.Td(wording.share(row["share"]), className="zip-cohort", style=heat, title=says)


def _tell_retention(frame: Frame) -> str:
    first = [row for row in frame.records() if row["week_number"] == 1]
    total = sum(row["user_count"] for row in first)
    if not total:
        return "No week has a week after it yet."
    back = sum(row["returned_count"] for row in first)
    return f"{wording.share(back / total)} of new users came back in the week after their first one."


RETENTION = Tile(
    "retention",
    "Retention",
    "users by the ISO week of their first event, and how many of them came back in the weeks after; of all time",
    "A cohort is everybody whose first event is in that ISO week (from Monday, UTC). +1 is the share of them with any"
    " event in the following week. The newest week is not over yet. The period does not matter here.",
    _retention_sql,
    _draw_retention,
    _tell_retention,
    width="two-thirds",
    metrics=("active_users", "new_users"),
)


def _lifecycle_sql(scope: Scope) -> str:
    return f"""with weeks as (
    select distinct user_key, date_trunc('week', date_day)::date as week_start
    from fct_user_days where {scope.where_people()}
),
steps as (
    select
        *,
        lag(week_start) over (partition by user_key order by week_start) as before,
        lead(week_start) over (partition by user_key order by week_start) as after
    from weeks
),
counted as (
    select week_start, case
        when before is null then 'new' when before = week_start - 7 then 'kept' else 'returned' end as kind
    from steps
    union all
    select week_start + 7, 'lost'
    from steps
    where after is distinct from week_start + 7 and week_start < (select max(week_start) from weeks)
)
select
    week_start,
    count(*) filter (where kind = 'new') as new_count,
    count(*) filter (where kind = 'kept') as kept_count,
    count(*) filter (where kind = 'returned') as returned_count,
    count(*) filter (where kind = 'lost') as lost_count
from counted
where week_start >= date_trunc('week', {scope.first_shown_day})
group by 1
order by 1"""


def _draw_lifecycle(frame: Frame) -> Component:
    series = [
        Line("Kept", frame.column("kept_count"), SERIES[0]),
        Line("Came back", frame.column("returned_count"), SERIES[2]),
        Line("New", frame.column("new_count"), SERIES[1]),
        Line("Gone", [-value for value in frame.column("lost_count")], SERIES[3]),
    ]
    chart = stacked(frame.column("week_start"), series)
    chart.update_layout(barmode="relative")
    return graph(chart, _tell_lifecycle(frame))


def _tell_lifecycle(frame: Frame) -> str:
    last = frame.records()[-1]
    return (
        f"In the week of {last['week_start']}: {last['kept_count']} kept, {last['returned_count']} came back,"
        f" {last['new_count']} new, {last['lost_count']} gone."
    )


LIFECYCLE = Tile(
    "lifecycle",
    "Lifecycle",
    "users per ISO week: kept from the week before, come back, new; below zero those who are gone",
    "Every user with an event in the week is new (first week ever), kept (also active in the week before) or come back."
    " Gone are those of the week before who are not active in this one. The newest week is not over yet.",
    _lifecycle_sql,
    _draw_lifecycle,
    _tell_lifecycle,
    metrics=("active_users", "new_users"),
)
