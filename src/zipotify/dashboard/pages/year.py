"""Year in music: one page to share, for the whole service and for one (pseudonymous) user."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dash import html

from zipotify.dashboard import wording
from zipotify.dashboard.components.card import card
from zipotify.dashboard.components.charts import bars, graph
from zipotify.dashboard.components.figures import Number, numbers
from zipotify.dashboard.components.ranking import Entry, ranking
from zipotify.dashboard.filters import PERIODS, Filters
from zipotify.dashboard.pages.page import Page
from zipotify.dashboard.scope import Scope
from zipotify.dashboard.tile import Component, Frame, Tile

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_TOP = 5


def in_year(scope: Scope) -> Scope:
    """The scope widened to a calendar year: the one of the period's last day."""
    if scope.filters.period in PERIODS:
        year = scope.as_of.year
        return replace(scope, filters=scope.filters.with_(period=f"{year}-01-01..{year}-12-31"))
    return scope


def _figures_sql(scope: Scope) -> str:
    plays = in_year(scope).where("played_at")
    return f"""with plays as (
    select artist, song, heard_ms, user_key, session_key, played_date from fct_plays where {plays}
)
select
    count(*) as play_count,
    coalesce(sum(heard_ms), 0) / 3600000 as listening_hours,
    count(distinct (artist, song)) as track_count,
    count(distinct artist) as artist_count,
    count(distinct user_key) as user_count,
    count(distinct session_key) as session_count,
    mode(played_date) as top_day,
    count(distinct played_date) as day_count
from plays"""


def _draw_figures(frame: Frame) -> Component:
    row = frame.records()[0]
    who = frame.scope.filters.user
    return numbers(
        [
            Number("Listening hours", wording.count(row["listening_hours"]), wording.exact(row["listening_hours"])),
            Number("Plays", wording.count(row["play_count"]), wording.exact(row["play_count"])),
            Number("Tracks", wording.count(row["track_count"])),
            Number("Artists", wording.count(row["artist_count"])),
            Number("Days with music" if who else "Listeners", wording.count(row["day_count" if who else "user_count"])),
            Number("Busiest day", wording.day(row["top_day"])),
        ]
    )


def _tell_figures(frame: Frame) -> str:
    row = frame.records()[0]
    return (
        f"{wording.exact(row['listening_hours'])} hours, {wording.exact(row['play_count'])} plays of"
        f" {wording.exact(row['track_count'])} tracks by {wording.exact(row['artist_count'])} artists;"
        f" most on {wording.day(row['top_day'])}."
    )


def _top_sql(columns: str) -> Any:
    def sql(scope: Scope) -> str:
        return f"""select {columns}, count(*) as play_count, sum(heard_ms) as heard_ms
from fct_plays where {in_year(scope).where("played_at")}
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
                by=row["artist"] if name == "song" else "",
                note=wording.duration(row["heard_ms"]),
            )
            for row in frame.records()
        ]
        return ranking(entries, name.capitalize(), "Plays", "Heard")

    return draw


def _tell_top(name: str) -> Any:
    return lambda frame: f"Most played: {', '.join(str(row[name]) for row in frame.records())}."


def _months_sql(scope: Scope) -> str:
    return f"""select cast(month(played_at) as integer) as month_number, sum(heard_ms) / 3600000 as listening_hours
from fct_plays where {in_year(scope).where("played_at")}
group by 1
order by 1"""


def _draw_months(frame: Frame) -> Component:
    hours = dict(zip(frame.column("month_number"), frame.column("listening_hours"), strict=True))
    return graph(bars(_MONTHS, [hours.get(at, 0) or 0 for at in range(1, 13)]), _tell_months(frame))


def _tell_months(frame: Frame) -> str:
    top = max(frame.records(), key=lambda row: row["listening_hours"] or 0)
    return f"Most was heard in {_MONTHS[top['month_number'] - 1]}: {wording.exact(top['listening_hours'])} hours."


TILES = (
    Tile(
        "year-figures",
        "The year",
        "everything heard in the calendar year",
        "All plays of the year by UTC day. Hours are time heard; the busiest day is the one with the most plays.",
        _figures_sql,
        _draw_figures,
        _tell_figures,
        width="full",
        metrics=("plays", "listening_hours"),
        is_empty=lambda frame: not frame.column("play_count")[0],
    ),
    Tile(
        "year-artists",
        "Artists of the year",
        "the most played, with the time that they were heard",
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
        "time heard per calendar month, UTC",
        "Counted in the month in which the play started.",
        _months_sql,
        _draw_months,
        _tell_months,
        width="full",
        metrics=("listening_hours",),
    ),
)


def layout(filters: Filters) -> Component:
    """A poster: who it is of, and the tiles."""
    whose = f"of listener {filters.user[:8]}" if filters.user else "of everybody"
    year = "this year" if filters.period in PERIODS else filters.period[:4]
    return html.Div(
        [
            html.Div(
                [
                    html.P("Year in music", className="zip-poster-kind"),
                    html.P(f"{year}, {whose}", className="zip-poster-who"),
                ],
                className="zip-poster zip-full",
            ),
            *[card(tile) for tile in TILES],
        ],
        className="zip-grid",
    )


PAGE = Page("/year", "Year", "What was the year like? A page to share.", TILES, layout)
