"""One track: how often it is played, who listens, and what they hear besides."""

from __future__ import annotations

from zipotify.dashboard import wording
from zipotify.dashboard.components.ranking import Entry, ranking
from zipotify.dashboard.filters import Filters
from zipotify.dashboard.pages.about import audience_tile, days_tile, figures_tile, of_track
from zipotify.dashboard.pages.page import Page
from zipotify.dashboard.pages.searched import searched
from zipotify.dashboard.scope import Scope, literal
from zipotify.dashboard.tile import Component, Frame, Tile

PATH = "/music/track"
_NEEDS = ("artist", "song")
_SHOWN = 10


def track_href(filters: Filters, artist: str | None, song: str | None) -> str:
    """Where a track's page is; nowhere for one without a name."""
    return f"{PATH}{filters.with_(artist=artist, song=song).search()}" if artist and song else ""


def _co_listened_sql(scope: Scope) -> str:
    return f"""select other_song, other_artist, both_count, other_listener_count, similarity, lift
from agg_similar_tracks
where source = {literal(scope.source)} and {of_track(scope)}
qualify row_number() over (partition by other_artist, other_song order by similarity desc, rank_number) = 1
order by similarity desc, rank_number, other_artist, other_song
limit {_SHOWN}"""


def _draw_co_listened(frame: Frame) -> Component:
    entries = [
        Entry(
            row["other_song"] or "(no name)",
            row["both_count"],
            by=row["other_artist"] or "(no name)",
            note=wording.share(row["similarity"]),
            href=track_href(frame.scope.filters, row["other_artist"], row["other_song"]),
        )
        for row in frame.records()
    ]
    return ranking(entries, "Track", "Listeners of both", "Similarity")


CO_LISTENED = Tile(
    "co-listened-tracks",
    "Also heard by its listeners",
    "tracks that the same users listen to, the most alike first; of all time",
    "Two tracks are alike when the same users listen to both: the cosine of their listeners, 100 % for the same ones."
    " The data also has the lift: how many times as often as by chance. Worked out by `zipotify analyses`.",
    _co_listened_sql,
    _draw_co_listened,
    lambda frame: f"Most alike: {', '.join(str(name) for name in frame.column('other_song')[:3])}.",
    width="full",
    people=False,
    needs=_NEEDS,
    tables=("agg_similar_tracks",),
    why_empty="Too few users heard this track together with another one.",
)

PAGE: Page = Page(
    PATH,
    "Track",
    "How does this track do, who listens, and what else do they hear?",
    (
        figures_tile("track", of_track, _NEEDS),
        days_tile("track", of_track, _NEEDS),
        audience_tile("track", of_track, _NEEDS),
        CO_LISTENED,
    ),
    lambda filters: searched(PAGE, filters, "Choose a track: search above, or click one in the top lists of Music."),
    needs=_NEEDS,
    title=lambda filters: f"{filters.song}, by {filters.artist}" if filters.song and filters.artist else "",
    above="/music",
)
