"""Music: what is listened to, how it changes, and how much of it is new to its listeners."""

from __future__ import annotations

from zipotify.dashboard import wording
from zipotify.dashboard.components.charts import Line, graph, lines, stacked
from zipotify.dashboard.components.ranking import Entry, ranking
from zipotify.dashboard.pages.page import Page
from zipotify.dashboard.pages.searched import searched
from zipotify.dashboard.pages.top_lists import TOP_ARTISTS, TOP_TRACKS
from zipotify.dashboard.scope import Scope
from zipotify.dashboard.theme import QUIET, SERIES
from zipotify.dashboard.tile import Component, Frame, Tile

_UNKNOWN = "not in the catalogue"


def _shares_sql(scope: Scope, value: str) -> str:
    """Plays by a property of their tracks."""
    return f"""select
    coalesce({value}, '{_UNKNOWN}') as value,
    count(*) as play_count,
    count(*) / sum(count(*)) over () as share
from fct_plays as p
join dim_tracks as t on p.track_key = t.track_key
where {scope.where("played_at", alias="p")}
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
DECADES = Tile(
    "plays-by-decade",
    "Decades",
    "plays by the decade in which the track came out, with their share",
    "The year is the catalogue's. Plays of tracks without one are counted apart.",
    lambda scope: _shares_sql(scope, "(t.release_year // 10 * 10)::varchar || 's'"),
    lambda frame: _draw_shares(frame, "Decade"),
    _tell_shares,
    metrics=("plays",),
)


def _discovery_sql(scope: Scope) -> str:
    return f"""with firsts as (
    select
        played_at,
        played_date,
        user_key,
        user_version_key,
        source,
        row_number() over (partition by user_key, artist, song order by played_at, event_id) = 1 as is_first
    from fct_plays
    where user_key is not null
)
select
    played_date as date_day,
    count(*) filter (where is_first) as discovery_count,
    count(*) filter (where not is_first) as repeat_count
from firsts
where {scope.where("played_at")}
group by 1
order by 1"""


def _draw_discovery(frame: Frame) -> Component:
    series = [
        Line("Heard before", frame.column("repeat_count"), SERIES[0]),
        Line("For the first time", frame.column("discovery_count"), SERIES[1]),
    ]
    return graph(stacked(frame.column("date_day"), series), _tell_discovery(frame))


def _tell_discovery(frame: Frame) -> str:
    new, old = sum(frame.column("discovery_count")), sum(frame.column("repeat_count"))
    return f"{wording.share(new / (new + old))} of the plays were a user's first of that track."


DISCOVERY = Tile(
    "discovery",
    "Discovery against repeat",
    "plays per UTC day: the user's first play of that track ever, or a further one",
    "A play is a discovery when the same user has never started a track of that title and artist before, as far as the"
    " data goes back: on the first days of a recording everything is new. Plays without a user are left out.",
    _discovery_sql,
    _draw_discovery,
    _tell_discovery,
    metrics=("plays",),
)


def _concentration_sql(scope: Scope) -> str:
    return f"""with tracks as (
    select artist, song, count(*) as play_count from fct_plays where {scope.where("played_at")} group by all
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
