"""Overview: how are we doing?"""

from __future__ import annotations

from typing import Any

from zipotify.dashboard import wording
from zipotify.dashboard.components.charts import Line, graph, lines, mark_so_far, shade_days
from zipotify.dashboard.components.figures import Number, numbers
from zipotify.dashboard.pages.page import Page
from zipotify.dashboard.pages.top_lists import TOP_ARTISTS, TOP_TRACKS
from zipotify.dashboard.scope import Scope, literal
from zipotify.dashboard.sums import cancellations, plays
from zipotify.dashboard.tile import Component, Frame, Tile


def _figures_sql(scope: Scope) -> str:
    periods = ["now", *(["before"] if scope.span.before_start else [])]
    return "\nunion all\n".join(_period_sql(scope, period) for period in periods)


def _period_sql(scope: Scope, period: str) -> str:
    """One row: the figures of one period."""
    before = period == "before"
    return f"""select '{period}' as period, p.*, u.*, n.*, c.*, x.*
from (
    select coalesce(sum(play_count), 0)::bigint as play_count, coalesce(sum(heard_ms), 0) / 3600000 as listening_hours
    from ({plays(scope, before)})
) as p, (
    select count(distinct user_key) as active_user_count
    from fct_user_days where {scope.where_active(before)}
) as u, (
    select count(*) as new_user_count from (
        select user_version_key, user_key, source, first_seen_at from dim_users where version_number = 1
    ) where {scope.where("first_seen_at", before)}
) as n, (
    select
        count(*) filter (where change_kind = 'upgrade') as upgrade_count,
        count(*) filter (where change_kind = 'downgrade') as downgrade_count
    from fct_level_changes where {scope.where("changed_at", before)}
) as c, (
    select coalesce(sum(cancellation_count), 0)::bigint as cancellation_count
    from ({cancellations(scope, before)})
) as x"""


_FIGURES = (
    ("Plays", "play_count", "up"),
    ("Listening hours", "listening_hours", "up"),
    ("Active users", "active_user_count", "up"),
    ("New users", "new_user_count", "up"),
    ("Upgrades to paid", "upgrade_count", "up"),
    ("Cancellations", "cancellation_count", "down"),
)


def _draw_figures(frame: Frame) -> Component:
    rows = {row["period"]: row for row in frame.records()}
    return numbers([_number(rows["now"], rows.get("before"), *figure) for figure in _FIGURES])


def _number(now: dict[str, Any], before: dict[str, Any] | None, label: str, name: str, good: Any) -> Number:
    was = before[name] if before else None
    exact = wording.exact(now[name])
    note = f"from {wording.count(was)}" if was else ""
    return Number(label, wording.count(now[name]), exact, note, now[name], was, good, compared=before is not None)


def _tell_figures(frame: Frame) -> str:
    rows = {row["period"]: row for row in frame.records()}
    before = rows.get("before")
    told = [
        f"{label}: {wording.exact(rows['now'][name])}"
        + (f" ({wording.change(rows['now'][name], before[name])})" if before and before[name] else "")
        for label, name, _good in _FIGURES
    ]
    return "; ".join(told) + "."


FIGURES = Tile(
    "overview-figures",
    "Key figures",
    "this period, and how it compares with the one before",
    "Plays are tracks started; listening hours the time they were heard. Active users had any event. New users were"
    " seen for the first time. Upgrades are changes to the paid level; cancellations are confirmed ones. The period"
    " before is as long, and ends as early in its last day as this one.",
    _figures_sql,
    _draw_figures,
    _tell_figures,
    width="full",
    metrics=("plays", "listening_hours", "active_users", "new_users", "upgrades", "cancellations"),
)


def _days_sql(scope: Scope) -> str:
    return f"""select
    d.date_day,
    coalesce(p.play_count, 0) as play_count,
    coalesce(p.listen_count, 0) as listen_count,
    coalesce(u.active_user_count, 0) as active_user_count,
    coalesce(u.paid_user_count, 0) as paid_user_count,
    d.holiday_name,
    {_odd_columns(scope)}
from dim_dates as d
left join (
    select date_day, sum(play_count)::bigint as play_count, sum(listen_count)::bigint as listen_count
    from ({plays(scope)})
    group by 1
) as p on d.date_day = p.date_day
left join (
    select date_day, count(*) as active_user_count, count(*) filter (where level = 'paid') as paid_user_count
    from fct_user_days where {scope.where_days()}
    group by 1
) as u on d.date_day = u.date_day
{_odd_join(scope)}where d.date_day {scope.days}
order by d.date_day"""


def _odd_columns(scope: Scope) -> str:
    """Whether the day is unlike the same weekday before; known for everybody together only."""
    if scope.filters.narrows_people:
        return "false as is_odd_plays, false as is_odd_users"
    return "coalesce(o.is_odd_plays, false) as is_odd_plays, coalesce(o.is_odd_users, false) as is_odd_users"


def _odd_join(scope: Scope) -> str:
    if scope.filters.narrows_people:
        return ""
    return f"""left join (
    select
        date_day,
        bool_or(is_anomaly and metric = 'play_count') as is_odd_plays,
        bool_or(is_anomaly and metric = 'active_user_count') as is_odd_users
    from agg_anomaly_day where source = {literal(scope.source)}
    group by 1
) as o on d.date_day = o.date_day
"""


def _draw_plays(frame: Frame) -> Component:
    chart = lines(
        frame.column("date_day"),
        [Line("Plays", frame.column("play_count"), is_filled=True)],
    )
    _mark(chart, frame, "is_odd_plays", "play_count")
    return graph(_with_holidays(chart, frame), _tell_days(frame, "play_count", "plays"))


def _draw_users(frame: Frame) -> Component:
    chart = lines(
        frame.column("date_day"),
        [
            Line("All", frame.column("active_user_count")),
            Line("Paid", frame.column("paid_user_count"), "#c8690f", is_dashed=True),
        ],
    )
    _mark(chart, frame, "is_odd_users", "active_user_count")
    return graph(_with_holidays(chart, frame), _tell_days(frame, "active_user_count", "active users"))


def _mark(chart: Any, frame: Frame, flag: str, name: str) -> None:
    """Odd days, and the one that is not over."""
    mark_so_far(chart, frame.scope.running_day)
    odd = [row for row in frame.records() if row[flag]]
    if odd:
        chart.add_scatter(
            x=[row["date_day"] for row in odd],
            y=[row[name] for row in odd],
            name="Unlike the weekday's last 8 weeks",
            mode="markers",
            marker={"color": "#c2417f", "size": 10, "symbol": "diamond"},
            hovertemplate="%{y:,} (odd)",
        )


def _with_holidays(chart: Any, frame: Frame) -> Any:
    return shade_days(chart, [(row["date_day"], row["holiday_name"]) for row in frame.records() if row["holiday_name"]])


def _tell_days(frame: Frame, name: str, unit: str) -> str:
    values = frame.column(name)
    days = frame.column("date_day")
    top = max(range(len(values)), key=values.__getitem__)
    mean = sum(values) / len(values)
    return (
        f"{wording.exact(mean)} {unit} per day on average from {days[0]} to {days[-1]};"
        f" most on {days[top]}: {wording.exact(values[top])}."
    )


def _no_plays(frame: Frame) -> bool:
    return not any(frame.column("play_count")) and not any(frame.column("active_user_count"))


PLAYS = Tile(
    "plays-per-day",
    "Plays",
    "tracks started per UTC day; holidays shaded, odd days marked",
    "A play is one track started (a listen event), heard for however long. Odd days differ from the same weekday of the"
    " eight weeks before by more than 3.5 robust spreads; they are known for everybody together only.",
    _days_sql,
    _draw_plays,
    lambda frame: _tell_days(frame, "play_count", "plays"),
    metrics=("plays",),
    is_empty=_no_plays,
)
USERS = Tile(
    "active-users-per-day",
    "Active users",
    "distinct users per UTC day, all and paid; holidays shaded",
    "Users with any event on that day; paid by the level at their last event of the day.",
    _days_sql,
    _draw_users,
    lambda frame: _tell_days(frame, "active_user_count", "active users"),
    metrics=("active_users",),
    is_empty=_no_plays,
)

PAGE = Page("/overview", "Overview", "How are we doing?", (FIGURES, PLAYS, USERS, TOP_TRACKS, TOP_ARTISTS))
