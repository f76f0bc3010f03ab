"""Looking things up in a catalogue: counts, and tracks by words of their title or artist."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from zipotify.catalog.choose import Catalog


@dataclass(frozen=True)
class Summary:
    """A catalogue in figures."""

    name: str
    tracks: int
    artists: int
    years: tuple[int | None, int | None]
    mean_duration_s: float | None
    known: dict[str, float]
    """Column -> share of the tracks that have it."""
    top: pl.DataFrame


def summarise(catalog: Catalog, top: int = 10) -> Summary:
    """Counts, how complete it is, and its most played tracks."""
    tracks = catalog.tracks
    known = {name: 1 - tracks[name].null_count() / max(len(tracks), 1) for name in tracks.columns}
    best = tracks.sort("play_weight", descending=True, nulls_last=True).head(top)
    return Summary(
        catalog.name,
        len(tracks),
        len(catalog.artists),
        (_int(tracks["year"].min()), _int(tracks["year"].max())),
        _float(tracks["duration_s"].mean()),
        known,
        best.select("track_id", "artist_name", "title", "year", "duration_s", "play_weight"),
    )


def find_tracks(catalog: Catalog, text: str, limit: int = 20) -> pl.DataFrame:
    """Tracks whose artist and title hold all the words, the most played first; case and order don't matter."""
    both = pl.concat_str(pl.col("artist_name").fill_null(""), pl.lit(" "), pl.col("title").fill_null(""))
    holds = [both.str.to_lowercase().str.contains(word.lower(), literal=True) for word in text.split()]
    found = catalog.tracks.filter(pl.all_horizontal(holds)) if holds else catalog.tracks.head(0)
    ordered = found.sort("play_weight", "track_id", descending=[True, False], nulls_last=True).head(limit)
    return ordered.select("track_id", "artist_name", "title", "year", "duration_s", "play_weight")


def _int(value: object) -> int | None:
    return int(value) if isinstance(value, int | float) else None


def _float(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None
