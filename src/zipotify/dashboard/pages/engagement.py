"""Engagement: do people come back, stay, and pay?"""

from __future__ import annotations

from zipotify.dashboard import wording
from zipotify.dashboard.components.charts import Line, bars, graph, lines
from zipotify.dashboard.components.ranking import Entry, ranking
from zipotify.dashboard.pages.churn import CALIBRATION, RISK, SURVIVAL
from zipotify.dashboard.pages.experiments import EXPERIMENTS
from zipotify.dashboard.pages.page import Page
from zipotify.dashboard.pages.weeks import LIFECYCLE, RETENTION
from zipotify.dashboard.scope import Scope
from zipotify.dashboard.theme import SERIES
from zipotify.dashboard.tile import Component, Frame, Tile


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
