"""Engagement's tiles of weeks: which cohorts return, and who is new, stays, comes back or is gone."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from dash import html

from zipotify.dashboard import wording
from zipotify.dashboard.components.charts import Line, graph, stacked
from zipotify.dashboard.scope import Scope
from zipotify.dashboard.theme import SERIES
from zipotify.dashboard.tile import Component, Frame, Tile

_SHOWN_COHORTS = 12


def _is_over(frame: Frame, week_start: str) -> bool:
    """Whether the data reach to the end of a week, to the minute."""
    end = datetime.fromisoformat(week_start) + timedelta(days=7)
    return frame.scope.as_of >= end - timedelta(minutes=1)


def _week(frame: Frame, week_start: str) -> str:
    return week_start if _is_over(frame, week_start) else f"{week_start}, so far"


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
    rows = [_cohort(frame, week, cells, widest) for week, cells in cohorts.items()]
    table = html.Table(
        [html.Thead(html.Tr([html.Th(head, scope="col") for head in heads])), html.Tbody(rows)], className="zip-cohorts"
    )
    return html.Div(table, className="zip-scroll", tabIndex=0, role="group", **{"aria-label": "Retention by week"})


def _cohort(frame: Frame, week: str, cells: dict[int, Any], widest: int) -> Any:
    size = cells[0]["user_count"]
    last = max(cells)
    shown = [_cell(frame, week, number, cells.get(number), number <= last) for number in range(1, widest + 1)]
    return html.Tr([html.Th(_week(frame, week), scope="row"), html.Td(wording.exact(size)), *shown])


def _cell(frame: Frame, cohort: str, number: int, row: Any, is_past: bool) -> Any:
    """A share; of the running week it is framed instead of filled, since it will still grow."""
    if not is_past:
        return html.Td("")
    week = (datetime.fromisoformat(cohort) + timedelta(weeks=number)).date().isoformat()
    is_over = _is_over(frame, week)
    share = row["share"] if row else 0
    says = f"{row['returned_count'] if row else 0} of {row['user_count'] if row else 'them'}"
    return html.Td(
        wording.share(share),
        className="zip-cohort" if is_over else "zip-cohort zip-unfinished",
        style={"--heat": f"{share:.3f}"},
        title=says if is_over else f"{says}, so far",
    )


def _tell_retention(frame: Frame) -> str:
    first = [row for row in frame.records() if row["week_number"] == 1 and _is_over(frame, _after(row))]
    total = sum(row["user_count"] for row in first)
    if not total:
        return "No week has a week after it yet."
    back = sum(row["returned_count"] for row in first)
    return f"{wording.share(back / total)} of new users came back in the week after their first one."


def _after(row: dict[str, Any]) -> str:
    """The week that a row is about."""
    week = datetime.fromisoformat(row["cohort_week"]) + timedelta(weeks=row["week_number"])
    return week.date().isoformat()


RETENTION = Tile(
    "retention",
    "Retention",
    "users by the ISO week of their first event, and how many came back in the weeks after; framed: so far",
    "A cohort is everybody whose first event is in that ISO week (from Monday, UTC). +1 is the share of them with any"
    " event in the following week. What falls into the running week is framed and not filled: it may still grow. The"
    " period does not matter here.",
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
    weeks = frame.column("week_start")
    over = [_is_over(frame, week) for week in weeks]
    # Who has not come yet in a week that runs is not gone.
    gone = [-value if is_over else None for value, is_over in zip(frame.column("lost_count"), over, strict=True)]
    series = [
        Line("Kept", frame.column("kept_count"), SERIES[0]),
        Line("Came back", frame.column("returned_count"), SERIES[2]),
        Line("New", frame.column("new_count"), SERIES[1]),
        Line("Gone", gone, SERIES[3]),
    ]
    chart = stacked([_week_label(frame, week) for week in weeks], series)
    chart.update_layout(barmode="relative")
    chart.update_traces(marker_pattern_shape=["" if is_over else "/" for is_over in over])
    chart.update_xaxes(type="category")
    return graph(chart, _tell_lifecycle(frame))


def _week_label(frame: Frame, week: str) -> str:
    said = f"{datetime.fromisoformat(week):%-d %b}"
    return said if _is_over(frame, week) else f"{said}<br>so far"


def _tell_lifecycle(frame: Frame) -> str:
    last = frame.records()[-1]
    is_over = _is_over(frame, last["week_start"])
    gone = f", {last['lost_count']} gone" if is_over else "; the week is not over"
    return (
        f"In the week of {last['week_start']}: {last['kept_count']} kept, {last['returned_count']} came back,"
        f" {last['new_count']} new{gone}."
    )


LIFECYCLE = Tile(
    "lifecycle",
    "Lifecycle",
    "users per ISO week: kept from the week before, come back, new; below zero those who are gone; hatched: so far",
    "Every user with an event in the week is new (first week ever), kept (also active in the week before) or come back."
    " Gone are those of the week before who are not active in this one. The running week is hatched and has nobody gone"
    " yet.",
    _lifecycle_sql,
    _draw_lifecycle,
    _tell_lifecycle,
    metrics=("active_users", "new_users"),
)
