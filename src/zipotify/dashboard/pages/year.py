"""Year in music: one page to share, for the whole service and for one (pseudonymous) user."""

from __future__ import annotations

from datetime import date
from typing import Any

from dash import html

from zipotify.dashboard import wording
from zipotify.dashboard.components.charts import bars, graph
from zipotify.dashboard.components.figures import Number, numbers
from zipotify.dashboard.components.ranking import Entry, ranking
from zipotify.dashboard.filters import GENDERS, Filters
from zipotify.dashboard.pages.page import Page
from zipotify.dashboard.scope import Scope
from zipotify.dashboard.sums import plays, session_count, titles
from zipotify.dashboard.tile import Component, Frame, Tile

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_TOP = 5


def _figures_sql(scope: Scope) -> str:
    year = scope.whole_year()
    return f"""with days as (
    select date_day, sum(play_count)::bigint as play_count, sum(heard_ms) as heard_ms
    from ({plays(year)}) where play_count > 0 group by 1
),
tracks as (
    select distinct artist, song from ({titles(year)})
)
select
    coalesce(sum(play_count), 0)::bigint as play_count,
    coalesce(sum(heard_ms), 0) / 3600000 as listening_hours,
    (select count(*) from tracks) as track_count,
    (select count(distinct artist) from tracks) as artist_count,
    (
        select count(distinct user_key) from fct_version_days where play_count > 0 and {year.where_whole_days()}
    ) as user_count,
    ({session_count(year)}) as session_count,
    (select date_day from days order by play_count desc, date_day limit 1) as top_day,
    count(*) as day_count
from days"""


def _draw_figures(frame: Frame) -> Component:
    row = frame.records()[0]
    who = frame.scope.filters.user
    figures = numbers(
        [
            Number("Listening hours", wording.count(row["listening_hours"]), wording.exact(row["listening_hours"])),
            Number("Plays", wording.count(row["play_count"]), wording.exact(row["play_count"])),
            Number("Tracks", wording.count(row["track_count"])),
            Number("Artists", wording.count(row["artist_count"])),
            Number("Days with music" if who else "Listeners", wording.count(row["day_count" if who else "user_count"])),
            Number("Busiest day", wording.day(row["top_day"])),
        ]
    )
    return html.Div([_poster(frame.scope), figures], className="zip-groups")


def _poster(scope: Scope) -> Component:
    """Which year, of whom, and how much of it there is."""
    year = f"{scope.year} so far" if scope.is_year_running else str(scope.year)
    return html.Div(
        [
            html.P("Year in music", className="zip-poster-kind"),
            html.P(f"{year}, {_whose(scope.filters)}", className="zip-poster-who"),
            html.P(_heard_between(scope), className="zip-poster-kind"),
        ],
        className="zip-poster",
    )


def _whose(filters: Filters) -> str:
    """One listener, everybody, or those whom the filters leave."""
    if filters.user:
        return f"of listener {filters.user[:8]}"
    told = (filters.level, GENDERS.get(filters.gender, ""), filters.state, filters.device, filters.tag)
    return f"of these listeners: {', '.join(filter(None, told))}" if any(told) else "of everybody"


def _heard_between(scope: Scope) -> str:
    """The days of the year that have data behind them."""
    first = max(date(scope.year, 1, 1), scope.first_event_at.date())
    last = min(date(scope.year, 12, 31), scope.as_of.date())
    return f"{first:%-d %B} to {last:%-d %B}, UTC"


def _tell_figures(frame: Frame) -> str:
    row = frame.records()[0]
    year = f"{frame.scope.year} so far" if frame.scope.is_year_running else f"{frame.scope.year}"
    return (
        f"{year}, {_whose(frame.scope.filters)}: {wording.exact(row['listening_hours'])} hours,"
        f" {wording.exact(row['play_count'])} plays of {wording.exact(row['track_count'])} tracks by"
        f" {wording.exact(row['artist_count'])} artists; most on {wording.day(row['top_day'])}."
    )


def _top_sql(columns: str) -> Any:
    def sql(scope: Scope) -> str:
        return f"""select
    {columns}, sum(play_count)::bigint as play_count, sum(heard_ms) as heard_ms, count(distinct song) as track_count
from ({titles(scope.whole_year())})
group by {columns}
order by play_count desc, {columns}
limit {_TOP}"""

    return sql


def _draw_top(name: str) -> Any:
    def draw(frame: Frame) -> Component:
        entries = [
            Entry(
                row[name] or "(no name)",
                row["play_count"],
                by=row["artist"] if name == "song" else _tracks(row["track_count"]),
                note=wording.duration(row["heard_ms"]),
            )
            for row in frame.records()
        ]
        return ranking(entries, name.capitalize(), "Plays", "Heard")

    return draw


def _tracks(count: int) -> str:
    return f"{wording.exact(count)} {'track' if count == 1 else 'tracks'}"


def _tell_top(name: str) -> Any:
    return lambda frame: f"Most played: {', '.join(str(row[name]) for row in frame.records())}."


def _months_sql(scope: Scope) -> str:
    return f"""select cast(month(date_day) as integer) as month_number, sum(heard_ms) / 3600000 as listening_hours
from ({plays(scope.whole_year())}) where play_count > 0
group by 1
order by 1"""


def _draw_months(frame: Frame) -> Component:
    hours = dict(zip(frame.column("month_number"), frame.column("listening_hours"), strict=True))
    chart = bars(_MONTHS, [hours.get(at, 0) or 0 for at in range(1, 13)])
    if frame.scope.is_year_running:
        chart.update_traces(marker_pattern_shape=["/" if at == frame.scope.as_of.month else "" for at in range(1, 13)])
    chart.update_xaxes(tickangle=0, tickfont={"size": 11})
    chart.update_yaxes(ticksuffix=" h")
    return graph(chart, _tell_months(frame))


def _tell_months(frame: Frame) -> str:
    top = max(frame.records(), key=lambda row: row["listening_hours"] or 0)
    return f"Most was heard in {_MONTHS[top['month_number'] - 1]}: {wording.exact(top['listening_hours'])} hours."


TILES = (
    Tile(
        "year-figures",
        "The year",
        "everything heard in the calendar year of the period",
        "All plays of the year by UTC day; of a running year, those so far. Hours are time heard; the busiest day is"
        " the one with the most plays.",
        _figures_sql,
        _draw_figures,
        _tell_figures,
        width="full",
        metrics=("plays", "listening_hours"),
        why_empty="Nothing was heard in this year.",
        is_empty=lambda frame: not frame.column("play_count")[0],
    ),
    Tile(
        "year-artists",
        "Artists of the year",
        "the most played, with how many of their tracks, and the time that they were heard",
        "Artists by name as played.",
        _top_sql("artist"),
        _draw_top("artist"),
        _tell_top("artist"),
        metrics=("plays",),
    ),
    Tile(
        "year-tracks",
        "Tracks of the year",
        "the most played, with the time that they were heard",
        "Tracks by title and artist as played.",
        _top_sql("song, artist"),
        _draw_top("song"),
        _tell_top("song"),
        metrics=("plays",),
    ),
    Tile(
        "year-months",
        "Hours by month",
        "time heard per calendar month, UTC; hatched: so far",
        "Counted in the month in which the play started. The running month is hatched.",
        _months_sql,
        _draw_months,
        _tell_months,
        width="full",
        metrics=("listening_hours",),
    ),
)


PAGE = Page("/year", "Year", "What was the year like? A page to share.", TILES, by_year=True)
