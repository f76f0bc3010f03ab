"""One artist: how it evolves, who listens, its tracks, and who else they hear."""

from __future__ import annotations

from zipotify.dashboard import wording
from zipotify.dashboard.components.ranking import Entry, ranking
from zipotify.dashboard.pages.about import audience_tile, days_tile, figures_tile, of_artist
from zipotify.dashboard.pages.page import Page
from zipotify.dashboard.pages.searched import searched
from zipotify.dashboard.pages.track import track_href
from zipotify.dashboard.scope import Scope, literal
from zipotify.dashboard.tile import Component, Frame, Tile

PATH = "/music/artist"
_NEEDS = ("artist",)
_SHOWN = 10


def _tracks_sql(scope: Scope) -> str:
    return f"""select
    song,
    artist,
    count(*) as play_count,
    count(distinct user_key) as listener_count,
    count(*) / sum(count(*)) over () as share
from fct_plays where {scope.where("played_at")} and {of_artist(scope)}
group by 1, 2
order by play_count desc, song
limit {_SHOWN}"""


def _draw_tracks(frame: Frame) -> Component:
    entries = [
        Entry(
            row["song"] or "(no name)",
            row["play_count"],
            note=wording.share(row["share"]),
            href=track_href(frame.scope.filters, row["artist"], row["song"]),
        )
        for row in frame.records()
    ]
    return ranking(entries, "Track", "Plays", "Share")


def _tell_tracks(frame: Frame) -> str:
    first = [f"{row['song']} ({wording.exact(row['play_count'])} plays)" for row in frame.records()[:3]]
    return f"Most played: {', '.join(first)}."


TRACKS = Tile(
    "artist-tracks",
    "Top tracks",
    "the artist's tracks by plays, with their share of the artist's plays",
    "Tracks are told apart by title as played.",
    _tracks_sql,
    _draw_tracks,
    _tell_tracks,
    metrics=("plays",),
    needs=_NEEDS,
)


def _similar_sql(scope: Scope) -> str:
    return f"""select other_artist, both_count, other_listener_count, similarity, lift
from agg_similar_artists
where source = {literal(scope.source)} and {of_artist(scope)}
qualify row_number() over (partition by other_artist order by similarity desc, rank_number) = 1
order by similarity desc, rank_number, other_artist
limit {_SHOWN}"""


def _draw_similar(frame: Frame) -> Component:
    filters = frame.scope.filters
    entries = [
        Entry(
            row["other_artist"] or "(no name)",
            row["both_count"],
            note=wording.share(row["similarity"]),
            href=f"{PATH}{filters.with_(artist=row['other_artist'], song='').search()}" if row["other_artist"] else "",
        )
        for row in frame.records()
    ]
    return ranking(entries, "Artist", "Listeners of both", "Similarity")


SIMILAR = Tile(
    "similar-artists",
    "Similar artists",
    "heard by the same users, the most alike first; of all time",
    "Two artists are alike when the same users listen to both: the cosine of their listeners, 100 % for the same ones."
    " The data also has the lift: how many times as often as by chance. Worked out by `zipotify analyses`.",
    _similar_sql,
    _draw_similar,
    lambda frame: f"Most alike: {', '.join(str(name) for name in frame.column('other_artist')[:3])}.",
    people=False,
    needs=_NEEDS,
    tables=("agg_similar_artists",),
    why_empty="Too few users heard this artist together with another one.",
)

PAGE: Page = Page(
    PATH,
    "Artist",
    "How does this artist do, who listens, and what else do they hear?",
    (
        figures_tile("artist", of_artist, _NEEDS),
        days_tile("artist", of_artist, _NEEDS),
        audience_tile("artist", of_artist, _NEEDS),
        TRACKS,
        SIMILAR,
    ),
    lambda filters: searched(PAGE, filters, "Choose an artist: search above, or click one in the top lists of Music."),
    needs=_NEEDS,
    title=lambda filters: filters.artist,
    above="/music",
)
