"""Engagement: do people come back, stay, and pay?"""

from __future__ import annotations

from typing import Any

from zipotify.dashboard import wording
from zipotify.dashboard.components.charts import Line, bars, graph, lines, mark_so_far
from zipotify.dashboard.components.ranking import Entry, ranking
from zipotify.dashboard.pages.churn import CALIBRATION, RISK, SURVIVAL
from zipotify.dashboard.pages.experiments import EXPERIMENTS
from zipotify.dashboard.pages.page import Page
from zipotify.dashboard.pages.weeks import LIFECYCLE, RETENTION
from zipotify.dashboard.scope import Scope, literal
from zipotify.dashboard.theme import SERIES
from zipotify.dashboard.tile import Component, Frame, Tile


def _active_sql(scope: Scope) -> str:
    """Of everybody, the mart's answer; of some, theirs is worked out."""
    is_everybody = not scope.filters.narrows_people and not scope.filters.user
    if is_everybody and scope.span.last_day <= scope.as_of.date():
        return f"select date_day, dau, wau, mau from agg_active_users where {scope.where_days()} order by date_day"
    return _active_among_sql(scope)


def _active_among_sql(scope: Scope) -> str:
    """A user is in a window of n days from each active day until n days later or the next active day: running sums."""
    return f"""with active as (
    select date_day, lead(date_day) over (partition by user_key order by date_day) as next_day
    from fct_user_days where {scope.where_people()}
),
moves as (
    select date_day, count(*) as dau, count(*) as wau_step, count(*) as mau_step from active group by 1
    union all
    select least(date_day + 7, coalesce(next_day, date_day + 7)), 0, -count(*), 0 from active group by 1
    union all
    select least(date_day + 30, coalesce(next_day, date_day + 30)), 0, 0, -count(*) from active group by 1
),
running as (
    select d.date_day, coalesce(m.dau, 0) as dau, sum(m.week) over so_far as wau, sum(m.month) over so_far as mau
    from dim_dates as d
    left join (
        select date_day, sum(dau) as dau, sum(wau_step) as week, sum(mau_step) as month from moves group by 1
    ) as m on d.date_day = m.date_day
    where d.date_day between {literal(scope.first_event_at.date())} and {literal(scope.span.last_day)}
    window so_far as (order by d.date_day)
)
select date_day, dau::bigint as dau, coalesce(wau, 0)::bigint as wau, coalesce(mau, 0)::bigint as mau
from running
where date_day {scope.days}
order by date_day"""


def _draw_active(frame: Frame) -> Component:
    series = [
        Line("30 days", frame.column("mau"), SERIES[2]),
        Line("7 days", frame.column("wau"), SERIES[1], is_dashed=True),
        Line("Day", frame.column("dau"), SERIES[0]),
    ]
    chart = mark_so_far(lines(frame.column("date_day"), series), frame.scope.running_day)
    return graph(chart, _tell_active(frame))


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
    return graph(mark_so_far(chart, frame.scope.running_day), _tell_active(frame))


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


def _funnel_sql(scope: Scope) -> str:
    return f"""with reached as (
    select
        user_key,
        sum(free_view_count) > 0 as was_free,
        sum(offer_view_count) > 0 as saw_offer,
        sum(order_count) > 0 as ordered
    from fct_version_days where {scope.where_whole_days()} group by 1
),
free as (
    select distinct user_key from fct_user_days where {scope.where_active()} and user_key in (
        select user_key from reached where was_free
    )
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
    rows = frame.records()
    entries = [
        Entry(row["step"], row["user_count"], by=_of_those(row, before), note=wording.share(row["share"]))
        for row, before in zip(rows, [None, *rows], strict=False)
    ]
    return ranking(entries, "Step", "Users", "Of the first")


def _of_those(row: dict[str, Any], before: dict[str, Any] | None) -> str:
    """How many of the step before went on."""
    if before is None:
        return "where it begins"
    return (
        f"{wording.share(row['user_count'] / before['user_count'])} of the step before"
        if before["user_count"]
        else "nobody"
    )


def _tell_funnel(frame: Frame) -> str:
    steps = [f"{row['step']}: {wording.exact(row['user_count'])}" for row in frame.records()]
    return f"{', '.join(steps)}."


FUNNEL = Tile(
    "funnel",
    "From free to paid",
    "users of the period who reached each step, and of the step before, in any order of time within it",
    "Users with an event at level free; of them those who saw Upgrade, those with a Submit Upgrade, and those who were"
    " seen at level paid after a change in the period. Filters on people go by what they were at the time.",
    _funnel_sql,
    _draw_funnel,
    _tell_funnel,
    width="third",
    metrics=("upgrades",),
    is_empty=lambda frame: frame.is_empty or not frame.column("user_count")[0],
)


_LENGTHS = ("under<br>1 min", "1-5<br>min", "5-15<br>min", "15-60<br>min", "1-3<br>h", "over<br>3 h")


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
