"""Engagement: do people come back, stay, and pay?"""

from __future__ import annotations

from typing import Any

from dash import html

from zipotify.dashboard import wording
from zipotify.dashboard.components.charts import Line, bars, graph, lines, stacked
from zipotify.dashboard.components.ranking import Entry, ranking
from zipotify.dashboard.pages.churn import CALIBRATION, RISK, SURVIVAL
from zipotify.dashboard.pages.experiments import EXPERIMENTS
from zipotify.dashboard.pages.page import Page
from zipotify.dashboard.scope import Scope
from zipotify.dashboard.theme import SERIES
from zipotify.dashboard.tile import Component, Frame, Tile

_SHOWN_COHORTS = 12


def _active_sql(scope: Scope) -> str:
    return f"""with days as (
    select date_day from dim_dates where date_day {scope.days}
),
active as (
    select user_key, date_day from fct_user_days where {scope.where_people()}
)
select
    d.date_day,
    count(distinct a.user_key) filter (where a.date_day = d.date_day) as dau,
    count(distinct a.user_key) filter (where a.date_day > d.date_day - 7) as wau,
    count(distinct a.user_key) as mau
from days as d
left join active as a on a.date_day > d.date_day - 30 and a.date_day <= d.date_day
group by 1
order by 1"""


def _draw_active(frame: Frame) -> Component:
    series = [
        Line("30 days", frame.column("mau"), SERIES[2]),
        Line("7 days", frame.column("wau"), SERIES[1], is_dashed=True),
        Line("Day", frame.column("dau"), SERIES[0]),
    ]
    return graph(lines(frame.column("date_day"), series), _tell_active(frame))


def _tell_active(frame: Frame) -> str:
    last = frame.records()[-1]
    stickiness = last["dau"] / last["mau"] if last["mau"] else None
    return (
        f"On {last['date_day']}: {wording.exact(last['dau'])} active that day, {wording.exact(last['wau'])} within"
        f" 7 days, {wording.exact(last['mau'])} within 30; stickiness {wording.share(stickiness)}."
    )


ACTIVE = Tile(
    "active-users-rolling",
    "Active users by day, week and month",
    "distinct users with any event in the 1, 7 and 30 days that end with each day",
    "Counted over rolling windows, so that the three lines can be compared on any day. Windows that begin before the"
    " first event hold less than their name says. Stickiness is the day's users as a share of the 30 days' users.",
    _active_sql,
    _draw_active,
    _tell_active,
    metrics=("active_users",),
    is_empty=lambda frame: frame.is_empty or not any(frame.column("mau")),
)


def _draw_stickiness(frame: Frame) -> Component:
    values = [row["dau"] / row["mau"] if row["mau"] else None for row in frame.records()]
    chart = lines(frame.column("date_day"), [Line("Stickiness", values, is_filled=True)])
    chart.update_yaxes(tickformat=".0%")
    chart.update_traces(hovertemplate="%{y:.1%}")
    return graph(chart, _tell_active(frame))


STICKINESS = Tile(
    "stickiness",
    "Stickiness",
    "users of the day as a share of those of the 30 days that end with it",
    "Daily active users divided by 30-day active users: 100 % would mean that everybody comes every day.",
    _active_sql,
    _draw_stickiness,
    _tell_active,
    metrics=("active_users",),
    is_empty=lambda frame: frame.is_empty or not any(frame.column("mau")),
)


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


def _funnel_sql(scope: Scope) -> str:
    views = scope.where("viewed_at")
    return f"""with free as (
    select distinct user_key from fct_user_days where {scope.where_active()} and user_key in (
        select user_key from fct_page_views where level = 'free' and {views}
    )
),
reached as (
    select
        user_key,
        bool_or(page = 'Upgrade') as saw_offer,
        bool_or(page = 'Submit Upgrade') as ordered
    from fct_page_views where user_key is not null and {views} group by 1
),
changed as (
    select distinct user_key from fct_level_changes where to_level = 'paid' and {scope.where("changed_at")}
)
select step, user_count, user_count / nullif(first_value(user_count) over (order by number), 0) as share
from (
    select 1 as number, 'Active on free' as step, count(*) as user_count from free
    union all
    select 2, 'Saw the offer', count(*) from free join reached using (user_key) where saw_offer
    union all
    select 3, 'Ordered', count(*) from free join reached using (user_key) where ordered
    union all
    select 4, 'Seen as paid', count(*) from free join reached using (user_key) join changed using (user_key)
    where ordered
)
order by number"""


def _draw_funnel(frame: Frame) -> Component:
    entries = [Entry(row["step"], row["user_count"], note=wording.share(row["share"])) for row in frame.records()]
    return ranking(entries, "Step", "Users", "Of the first")


def _tell_funnel(frame: Frame) -> str:
    steps = [f"{row['step']}: {wording.exact(row['user_count'])}" for row in frame.records()]
    return f"{', '.join(steps)}."


FUNNEL = Tile(
    "funnel",
    "From free to paid",
    "users of the period who reached each step, in any order of time within it",
    "Users with an event at level free; of them those who saw Upgrade, those with a Submit Upgrade, and those who were"
    " seen at level paid after a change in the period. Filters on people go by what they were at the time.",
    _funnel_sql,
    _draw_funnel,
    _tell_funnel,
    width="third",
    metrics=("upgrades",),
    is_empty=lambda frame: frame.is_empty or not frame.column("user_count")[0],
)


_LENGTHS = ("under 1 min", "1-5 min", "5-15 min", "15-60 min", "1-3 h", "over 3 h")


def _sessions_sql(scope: Scope) -> str:
    return f"""select
    case
        when duration_ms < 60000 then 0 when duration_ms < 300000 then 1 when duration_ms < 900000 then 2
        when duration_ms < 3600000 then 3 when duration_ms < 10800000 then 4 else 5
    end as length_class,
    count(*) as session_count,
    median(duration_ms) as median_duration_ms,
    avg(play_count) as plays_per_session
from fct_sessions where {scope.where("started_at")}
group by 1
order by 1"""


def _draw_sessions(frame: Frame) -> Component:
    counts = {row["length_class"]: row["session_count"] for row in frame.records()}
    return graph(bars(_LENGTHS, [counts.get(at, 0) for at in range(len(_LENGTHS))]), _tell_sessions(frame))


def _tell_sessions(frame: Frame) -> str:
    total = sum(frame.column("session_count"))
    plays = sum(row["session_count"] * row["plays_per_session"] for row in frame.records())
    return f"{wording.exact(total)} sessions with {plays / total:.1f} plays each on average."


SESSIONS = Tile(
    "session-lengths",
    "Sessions by length",
    "sessions that began in the period, by the time from their first to their last event",
    "A session is what the client calls one (its session id). A session with one event has no length.",
    _sessions_sql,
    _draw_sessions,
    _tell_sessions,
    metrics=("sessions",),
)

PAGE = Page(
    "/engagement",
    "Engagement",
    "Do people come back, stay, and pay?",
    (ACTIVE, STICKINESS, RETENTION, FUNNEL, LIFECYCLE, SESSIONS, SURVIVAL, RISK, CALIBRATION, EXPERIMENTS),
)
