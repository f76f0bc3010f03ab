"""What pages of one artist and of one track have in common: figures, days and listeners of what a page is about."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dash import html

from zipotify.dashboard import wording
from zipotify.dashboard.components.charts import Line, graph, lines, mark_so_far
from zipotify.dashboard.components.figures import Number, numbers
from zipotify.dashboard.components.ranking import Entry, ranking
from zipotify.dashboard.filters import GENDERS
from zipotify.dashboard.scope import Scope, literal
from zipotify.dashboard.sums import plays
from zipotify.dashboard.theme import SERIES
from zipotify.dashboard.tile import Component, Frame, Tile

About = Callable[[Scope], str]
"""The condition on a play that says what a page is about."""
_DIMENSIONS = {"level": "Level", "gender": "Gender", "device": "Device"}


def of_artist(scope: Scope) -> str:
    """Plays of the artist."""
    return f"artist = {literal(scope.filters.artist)}"


def of_track(scope: Scope) -> str:
    """Plays of the track."""
    return f"{of_artist(scope)} and song = {literal(scope.filters.song)}"


def figures_tile(name: str, about: About, needs: tuple[str, ...]) -> Tile:
    """How often and by how many it was played."""
    return Tile(
        f"{name}-figures",
        "Key figures",
        "this period, and how it compares with the one before",
        "Plays, time heard and distinct listeners; the share is of all plays in the period and filters. Heard through"
        " is the share of its plays that count as listens: at least 30 s, or the whole track.",
        lambda scope: _figures_sql(scope, about),
        _draw_figures,
        _tell_figures,
        width="full",
        metrics=("plays", "listens", "listening_hours"),
        needs=needs,
        is_empty=lambda frame: not frame.column("play_count")[0],
    )


def _figures_sql(scope: Scope, about: About) -> str:
    periods = ["now", *(["before"] if scope.span.before_start else [])]
    return "\nunion all\n".join(_period_sql(scope, about(scope), period) for period in periods)


def _period_sql(scope: Scope, about: str, period: str) -> str:
    is_before = period == "before"
    return f"""select
    '{period}' as period,
    count(*) as play_count,
    coalesce(sum(heard_ms), 0) / 3600000 as listening_hours,
    count(distinct user_key) as listener_count,
    count(*) / nullif((select sum(play_count) from ({plays(scope, is_before)})), 0) as play_share,
    count(*) filter (where is_listen) / nullif(count(*), 0) as listen_share
from fct_plays where {scope.where("played_at", is_before)} and {about}"""


_FIGURES: tuple[tuple[str, str, Callable[[float | None], str]], ...] = (
    ("Plays", "play_count", wording.count),
    ("Listening hours", "listening_hours", wording.rate),
    ("Listeners", "listener_count", wording.count),
    ("Share of all plays", "play_share", wording.share),
    ("Heard through", "listen_share", wording.share),
)


def _draw_figures(frame: Frame) -> Component:
    rows = {row["period"]: row for row in frame.records()}
    now, before = rows["now"], rows.get("before")
    was = before or {}
    return numbers(
        [
            Number(label, written(now[name]), now=now[name], before=was.get(name), compared=before is not None)
            for label, name, written in _FIGURES
        ]
    )


def _tell_figures(frame: Frame) -> str:
    row = frame.records()[0]
    return "; ".join(f"{label}: {written(row[name])}" for label, name, written in _FIGURES) + "."


def days_tile(name: str, about: About, needs: tuple[str, ...]) -> Tile:
    """How it went day by day."""
    return Tile(
        f"{name}-days",
        "Plays and listeners over time",
        "tracks started and distinct listeners per UTC day",
        "Every play of the period by the UTC day on which it began; listeners are the distinct users behind them.",
        lambda scope: _days_sql(scope, about),
        _draw_days,
        _tell_days,
        width="two-thirds",
        metrics=("plays",),
        needs=needs,
        is_empty=lambda frame: not any(frame.column("play_count")),
    )


def _days_sql(scope: Scope, about: About) -> str:
    return f"""select
    d.date_day,
    coalesce(p.play_count, 0) as play_count,
    coalesce(p.listener_count, 0) as listener_count
from dim_dates as d
left join (
    select played_date, count(*) as play_count, count(distinct user_key) as listener_count
    from fct_plays where {scope.where("played_at")} and {about(scope)}
    group by 1
) as p on d.date_day = p.played_date
where d.date_day {scope.days}
order by d.date_day"""


def _draw_days(frame: Frame) -> Component:
    series = [
        Line("Plays", frame.column("play_count"), is_filled=True),
        Line("Listeners", frame.column("listener_count"), SERIES[1], is_dashed=True),
    ]
    chart = lines(frame.column("date_day"), series, height_px=360)
    return graph(mark_so_far(chart, frame.scope.running_day), _tell_days(frame))


def _tell_days(frame: Frame) -> str:
    plays, days = frame.column("play_count"), frame.column("date_day")
    top = max(range(len(plays)), key=plays.__getitem__)
    return f"{wording.exact(sum(plays))} plays from {days[0]} to {days[-1]}; most on {days[top]}: {plays[top]}."


def audience_tile(name: str, about: About, needs: tuple[str, ...]) -> Tile:
    """Who listens, as far as may be said."""
    return Tile(
        f"{name}-audience",
        "Audience",
        "distinct listeners by level, gender and device, each as at their last play of it",
        "Groups of fewer than ten people (a setting) are merged into “other”; while that is still too small, the next"
        " larger one joins it. With fewer than ten listeners in all nothing is shown.",
        lambda scope: _audience_sql(scope, about),
        _draw_audience,
        _tell_audience,
        width="third",
        metrics=("listeners",),
        needs=needs,
        why_empty="Too few listeners in this period to be shown as groups.",
    )


def _audience_sql(scope: Scope, about: About) -> str:
    parts = "\n    union all\n    ".join(
        f"select '{name}' as dimension, coalesce({name}, 'unknown') as value, count(*) as user_count"
        f" from people group by all"
        for name in _DIMENSIONS
    )
    return f"""with people as (
    select u.level, u.gender, u.device
    from (
        select user_key, max_by(user_version_key, played_at) as user_version_key
        from fct_plays where user_key is not null and {scope.where("played_at")} and {about(scope)}
        group by 1
    ) as h
    join dim_users as u on h.user_version_key = u.user_version_key
),
parts as (
    {parts}
),
ranked as (
    select *, sum(user_count) over (
        partition by dimension order by user_count, value rows between unbounded preceding and 1 preceding
    ) as smaller_count
    from parts
)
select
    dimension,
    case
        when user_count < {scope.k_anonymity} or smaller_count between 1 and {scope.k_anonymity - 1} then 'other'
        else value
    end as value,
    sum(user_count)::bigint as user_count,
    sum(user_count) / sum(sum(user_count)) over (partition by dimension) as share
from ranked
group by 1, 2
having sum(user_count) >= {scope.k_anonymity}
order by dimension, user_count desc, value"""


def _groups(frame: Frame) -> dict[str, list[dict[str, Any]]]:
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in frame.records():
        groups.setdefault(row["dimension"], []).append(row)
    return {name: groups[name] for name in _DIMENSIONS if name in groups}


def _draw_audience(frame: Frame) -> Component:
    tables = []
    for name, rows in _groups(frame).items():
        entries = [Entry(_label(row["value"]), row["user_count"], note=wording.share(row["share"])) for row in rows]
        tables.append(ranking(entries, _DIMENSIONS[name], "Listeners", "Share"))
    return html.Div(tables, className="zip-groups")


def _label(value: str) -> str:
    return GENDERS.get(value) or (value.capitalize() if value in ("free", "paid", "other", "unknown") else value)


def _tell_audience(frame: Frame) -> str:
    told = [f"{_DIMENSIONS[name]}: {_shares(rows)}" for name, rows in _groups(frame).items()]
    return f"{'; '.join(told)}."


def _shares(rows: list[dict[str, Any]]) -> str:
    return ", ".join(f"{_label(row['value'])} {wording.share(row['share'])}" for row in rows)
