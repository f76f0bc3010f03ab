"""Music: what is listened to, how it changes, and how much of it is new to its listeners."""

from __future__ import annotations

from zipotify.dashboard import wording
from zipotify.dashboard.components.charts import Line, bars, graph, lines, stacked
from zipotify.dashboard.components.ranking import Entry, ranking
from zipotify.dashboard.pages.page import Page
from zipotify.dashboard.pages.searched import searched
from zipotify.dashboard.pages.top_lists import TOP_ARTISTS, TOP_TRACKS
from zipotify.dashboard.scope import Scope
from zipotify.dashboard.sums import titles
from zipotify.dashboard.theme import QUIET, SERIES
from zipotify.dashboard.tile import Component, Frame, Tile

_UNKNOWN = "not in the catalogue"


def _shares_sql(scope: Scope, value: str) -> str:
    """Plays by a property of their tracks."""
    return f"""select
    coalesce({value}, '{_UNKNOWN}') as value,
    sum(p.play_count)::bigint as play_count,
    sum(p.play_count) / sum(sum(p.play_count)) over () as share
from (
    select track_key, sum(play_count) as play_count from ({titles(scope)}) group by 1
) as p
join dim_tracks as t on p.track_key = t.track_key
group by 1
order by play_count desc, 1
limit 100"""


def _draw_shares(frame: Frame, name: str) -> Component:
    entries = [Entry(row["value"], row["play_count"], note=wording.share(row["share"])) for row in frame.records()]
    return ranking(entries, name, "Plays", "Share")


def _tell_shares(frame: Frame) -> str:
    parts = [f"{row['value']} {wording.share(row['share'])}" for row in frame.records()[:5]]
    return f"Of the plays: {', '.join(parts)}."


GENRES = Tile(
    "plays-by-genre",
    "Genres",
    "plays by the genre of the track, with their share",
    "The genre is the catalogue's. Plays of tracks that the catalogue does not know, or that match several of its"
    " tracks, are counted apart.",
    lambda scope: _shares_sql(scope, "t.genre"),
    lambda frame: _draw_shares(frame, "Genre"),
    _tell_shares,
    metrics=("plays",),
)


def _draw_decades(frame: Frame) -> Component:
    """In the order of time, those without a year last."""
    rows = sorted(frame.records(), key=lambda row: (row["value"] == _UNKNOWN, row["value"]))
    shown = bars([row["value"] for row in rows], [row["play_count"] for row in rows], height_px=420)
    return graph(shown, _tell_shares(frame))


DECADES = Tile(
    "plays-by-decade",
    "Decades",
    "plays by the decade in which the track came out, with their share",
    "The year is the catalogue's. Plays of tracks without one are counted apart.",
    lambda scope: _shares_sql(scope, "(t.release_year // 10 * 10)::varchar || 's'"),
    _draw_decades,
    _tell_shares,
    metrics=("plays",),
)


def _discovery_sql(scope: Scope) -> str:
    return f"""select
    date_day,
    sum(discovery_count)::bigint as discovery_count,
    sum(play_count - discovery_count)::bigint as repeat_count
from fct_version_days where play_count > 0 and {scope.where_whole_days()}
group by 1
order by 1"""


def _draw_discovery(frame: Frame) -> Component:
    series = [
        Line("Heard before", frame.column("repeat_count"), SERIES[0]),
        Line("For the first time", frame.column("discovery_count"), SERIES[1]),
    ]
    chart = stacked(frame.column("date_day"), series)
    running = frame.scope.running_day
    if running is not None:
        chart.update_traces(marker_pattern_shape=["/" if day == str(running) else "" for day in chart.data[0].x])
    return graph(chart, _tell_discovery(frame))


def _tell_discovery(frame: Frame) -> str:
    new, old = sum(frame.column("discovery_count")), sum(frame.column("repeat_count"))
    return f"{wording.share(new / (new + old))} of the plays were a user's first of that track."


DISCOVERY = Tile(
    "discovery",
    "Discovery against repeat",
    "plays per UTC day: the user's first play of that track ever, or a further one; hatched: so far",
    "A play is a discovery when the same user has never started a track of that title and artist before, as far as the"
    " data goes back: on the first days of a recording everything is new. Plays without a user are left out.",
    _discovery_sql,
    _draw_discovery,
    _tell_discovery,
    metrics=("plays",),
)


def _concentration_sql(scope: Scope) -> str:
    return f"""with tracks as (
    select artist, song, sum(play_count) as play_count from ({titles(scope)}) group by all
),
ranked as (
    select
        row_number() over (order by play_count desc, artist, song) / count(*) over () as track_share,
        sum(play_count) over (order by play_count desc, artist, song) / sum(play_count) over () as play_share
    from tracks
),
steps as (
    select unnest([0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]) as track_share
)
select s.track_share::double as track_share, max(r.play_share) as play_share
from steps as s join ranked as r on r.track_share <= s.track_share
group by 1
order by 1"""


def _draw_concentration(frame: Frame) -> Component:
    tracks, plays = ([0.0, *frame.column(name)] for name in ("track_share", "play_share"))
    chart = lines(tracks, [Line("Plays", plays), Line("If all were equal", tracks, QUIET, is_dashed=True)])
    chart.update_xaxes(tickformat=".0%", title={"text": "share of tracks, most played first", "font": {"size": 11}})
    chart.update_yaxes(tickformat=".0%")
    chart.update_traces(hovertemplate="%{y:.1%}")
    return graph(chart, _tell_concentration(frame))


def _tell_concentration(frame: Frame) -> str:
    shares = dict(zip(frame.column("track_share"), frame.column("play_share"), strict=True))
    told = [f"the {share:.0%} most played tracks have {wording.share(shares[share])} of the plays"
            for share in (0.01, 0.1, 0.5) if share in shares]  # fmt: skip
    return f"{'; '.join(told)}.".capitalize()


CONCENTRATION = Tile(
    "concentration",
    "Concentration",
    "share of plays that the most played tracks have",
    "Tracks of the period in the order of their plays; how much of all plays falls to the first so many of them. The"
    " dotted line is what equal popularity would give.",
    _concentration_sql,
    _draw_concentration,
    _tell_concentration,
    metrics=("plays",),
)

PAGE: Page = Page(
    "/music",
    "Music",
    "What is listened to, and how does it change?",
    (TOP_TRACKS, TOP_ARTISTS, GENRES, DECADES, DISCOVERY, CONCENTRATION),
    lambda filters: searched(PAGE, filters),
)
