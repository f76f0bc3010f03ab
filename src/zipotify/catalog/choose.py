"""Which catalogue is used: the imported one as soon as there is one, else the built-in one."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from zipotify.catalog.builtin import builtin_artists, builtin_tracks
from zipotify.catalog.store import is_imported, stored
from zipotify.places import Folder


@dataclass(frozen=True)
class Catalog:
    """Tracks and artists, and where they come from."""

    name: str
    tracks: pl.DataFrame
    artists: pl.DataFrame

    def describe(self) -> str:
        """In one line."""
        return f"{self.name}, {len(self.tracks):,} tracks by {len(self.artists):,} artists"


def choose_catalog(lake: Folder, only_builtin: bool = False) -> Catalog:
    """The catalogue of this lake. Only tracks with a title and an artist can be played; all others are left out."""
    if only_builtin or not is_imported(lake):
        return Catalog("built-in", builtin_tracks(), builtin_artists())
    tracks, artists = stored(lake, "tracks"), stored(lake, "artists")
    assert tracks is not None  # noqa: S101 - is_imported has seen it
    assert artists is not None  # noqa: S101
    playable = tracks.filter(pl.col("title").is_not_null() & pl.col("artist_name").is_not_null())
    weight = pl.col("play_weight").fill_null(pl.col("play_weight").min()).fill_null(1.0)
    return Catalog("imported", playable.with_columns(weight), artists)
