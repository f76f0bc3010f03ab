"""Top tracks and artists of a period, with how their rank changed: on Overview and on Music."""

from __future__ import annotations

from typing import Any

from zipotify.dashboard import wording
from zipotify.dashboard.components.ranking import Entry, moved, ranking
from zipotify.dashboard.filters import Filters
from zipotify.dashboard.scope import Scope
from zipotify.dashboard.sums import titles
from zipotify.dashboard.tile import Component, Frame, Tile

SHOWN = 10


def _top_sql(scope: Scope, keys: str) -> str:
    """Plays per thing in the period, its share, and its rank in the period before; listeners of the first ones only.

    Plays of these are found by a hash of the names, which is cheaper to look up than they are; whose names only share
    the hash are left behind by the join.
    """
    return f"""with counted as (
    select {keys}, sum(play_count)::bigint as play_count
    from ({titles(scope)}) group by {keys}
),
foremost as (
    select {keys}, play_count, play_count / sum(play_count) over () as share
    from counted order by play_count desc, {keys} limit {SHOWN}
),
listeners as (
    select {keys}, count(distinct user_key) as listener_count
    from fct_plays where hash({keys}) in (select hash({keys}) from foremost) and {scope.where("played_at")}
    group by {keys}
),
before as (
    select {keys}, rank() over (order by sum(play_count) desc) as rank_before
    from ({titles(scope, before=True)}) group by {keys}
)
select {keys}, play_count, listener_count, share, rank_before
from foremost join listeners using ({keys}) left join before using ({keys})
order by play_count desc, {keys}"""


def _tracks_sql(scope: Scope) -> str:
    return _top_sql(scope, "song, artist")


def _artists_sql(scope: Scope) -> str:
    return _top_sql(scope, "artist")


def _draw(frame: Frame, name: str, with_by: bool) -> Component:
    has_before = frame.scope.span.before_start is not None
    entries = [
        Entry(
            row[name] or "(no name)",
            row["play_count"],
            by=(row["artist"] or "(no name)") if with_by else f"heard by {wording.count(row['listener_count'])}",
            href=_href(frame.scope.filters, row),
            note=wording.share(row["share"]),
            move=moved(rank, row["rank_before"]) if has_before else "",
        )
        for rank, row in enumerate(frame.records(), 1)
    ]
    return ranking(entries, name.capitalize(), "Plays", "Share", with_moves=has_before)


def _href(filters: Filters, row: dict[str, Any]) -> str:
    """The page of the track or the artist; nowhere for one without a name."""
    if not all(row[name] for name in ("artist", "song") if name in row):
        return ""
    path = "/music/track" if "song" in row else "/music/artist"
    return f"{path}{filters.with_(artist=row['artist'], song=row.get('song', '')).search()}"


def _tell(frame: Frame, name: str) -> str:
    first = [f"{row[name]} ({wording.exact(row['play_count'])} plays)" for row in frame.records()[:3]]
    return f"Leading: {', '.join(first)}."


TOP_TRACKS = Tile(
    "top-tracks",
    "Top tracks",
    "by plays, with their share of all plays and how the rank changed",
    "Tracks are told apart by title and artist as played. Share is of all plays in the period and filters; the change"
    " is against the rank in the period before.",
    _tracks_sql,
    lambda frame: _draw(frame, "song", with_by=True),
    lambda frame: _tell(frame, "song"),
    metrics=("plays",),
)
TOP_ARTISTS = Tile(
    "top-artists",
    "Top artists",
    "by plays, with their share of all plays and how the rank changed",
    "Artists are told apart by name as played. Share is of all plays in the period and filters; the change is against"
    " the rank in the period before.",
    _artists_sql,
    lambda frame: _draw(frame, "artist", with_by=False),
    lambda frame: _tell(frame, "artist"),
    metrics=("plays",),
)
