"""Top tracks and artists of a period, with how their rank changed: on Overview and on Music."""

from __future__ import annotations

from typing import Any

from zipotify.dashboard import wording
from zipotify.dashboard.components.ranking import Entry, moved, ranking
from zipotify.dashboard.filters import Filters
from zipotify.dashboard.scope import Scope
from zipotify.dashboard.tile import Component, Frame, Tile

SHOWN = 10


def _top_sql(scope: Scope, names: str, joined: str, keys: str) -> str:
    """Plays per thing in the period, its share, and its rank in the period before."""
    return f"""with now as (
    select {names}, count(*) as play_count, count(distinct user_key) as listener_count
    from ({_plays_sql(scope, joined)}) group by {keys}
),
before as (
    select {keys}, rank() over (order by count(*) desc) as rank_before
    from ({_plays_sql(scope, joined, before=True)}) group by {keys}
)
select now.*, play_count / sum(play_count) over () as share, before.rank_before
from now left join before using ({keys})
order by play_count desc, {keys}
limit {SHOWN}"""


def _plays_sql(scope: Scope, columns: str, before: bool = False) -> str:
    return f"select {columns}, user_key from fct_plays where {scope.where('played_at', before)}"


def _tracks_sql(scope: Scope) -> str:
    return _top_sql(scope, "song, artist", "song, artist", "song, artist")


def _artists_sql(scope: Scope) -> str:
    return _top_sql(scope, "artist", "artist", "artist")


def _draw(frame: Frame, name: str, with_by: bool) -> Component:
    has_before = frame.scope.span.before_start is not None
    entries = [
        Entry(
            row[name] or "(no name)",
            row["play_count"],
            by=(row["artist"] or "(no name)") if with_by else "",
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
