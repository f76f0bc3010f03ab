"""Answers on artists, the catalogue and years, recounted; rows in the order of the marts' columns."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from datetime import date
from typing import Any

from oracle.analyses import artist_of, month, track_of
from oracle.answers import Rows, by, listeners, play_figures
from oracle.facts import Facts, Play, length_ms

Catalogue = dict[tuple[str, str], list[dict[str, Any]]]
_FEATURED = re.compile(r"\s+[(\[]?(?:feat\.?|featuring|ft\.?)\s+", re.IGNORECASE)


def catalogue_of(tracks: Iterable[dict[str, Any]]) -> Catalogue:
    """The catalogue's tracks by artist and title."""
    return by(tracks, lambda track: (track["artist_name"], track["title"]))


def match(catalogue: Catalogue, play: Play) -> dict[str, Any] | None:
    """The one track of that artist, title and length; None when there is none, or there are several."""
    length = length_ms(play.event.rest["duration"])
    near = [
        track
        for track in catalogue.get(track_of(play), [])  # type: ignore[call-overload]
        if length is not None and abs((length_ms(track["duration_s"]) or 0) - length) <= 1
    ]
    return near[0] if len(near) == 1 else None


def catalogue_months(facts: Facts, catalogue: Catalogue) -> Rows:
    """By month, dimension (genre or decade) and value."""

    def value(play: Play, dimension: str) -> str:
        track = match(catalogue, play) or {}
        if dimension == "genre":
            return track.get("genre") or "unknown"
        return f"{track['year'] // 10 * 10}s" if track.get("year") else "unknown"

    rows = []
    for first, plays in by(facts.plays, lambda play: month(play.event.day)).items():
        for dimension in ("genre", "decade"):
            for name, those in by(plays, lambda play, of=dimension: value(play, of)).items():  # type: ignore[misc]
                figures = (*play_figures(those), len(listeners(those)), len(those) / len(plays))
                rows.append((first, dimension, name, *figures))
    return rows


def artist_months(facts: Facts) -> Rows:
    """By month and artist: figures, new listeners, share and rank."""
    first: dict[tuple[str, str], date] = {}
    for play in facts.plays:
        if play.is_listen and play.user:
            name, day = (play.user, artist_of(play)), month(play.event.day)
            first[name] = min(day, first.get(name, day))
    begun = Counter((artist, day) for (_, artist), day in first.items())
    rows = []
    for start, plays in by(facts.plays, lambda play: month(play.event.day)).items():
        artists = by(plays, artist_of)
        order = sorted(artists, key=lambda name: (-len(artists[name]), -len(listeners(artists[name])), name))
        for rank, name in enumerate(order, start=1):
            those = artists[name]
            counts = (*play_figures(those), len(listeners(those)), begun[name, start], len(those) / len(plays))
            rows.append((start, name, *counts, rank))
    return rows


def year_totals(facts: Facts) -> Rows:
    """By year: figures, users, tracks, artists, and the most played artist, track and day with their plays."""

    def most(things: Iterable[Any]) -> tuple[Any, int]:
        return min(Counter(things).items(), key=lambda item: (-item[1], item[0]))

    rows = []
    for year, plays in by(facts.plays, lambda play: play.event.day.year).items():
        users = {play.user for play in plays} - {None}
        artist, track, day = (most(map(name, plays)) for name in (artist_of, track_of, lambda play: play.event.day))
        heard = (len(set(map(track_of, plays))), len(set(map(artist_of, plays))))
        rows.append((year, *play_figures(plays), len(users), *heard, *artist, *track[0], track[1], *day))
    return rows


def credits(artist: str) -> dict[str, str]:
    """Who is credited by an artist's name, and how: 'A feat. B, C & D' names A as main and the others as featured."""
    main, *rest = _FEATURED.split(artist)
    names = [name.strip() for part in rest for name in re.split(r"\s*[,&]\s*", part.rstrip(")]"))]
    return {name: "featured" for name in names if name} | {main.strip(): "main"}
