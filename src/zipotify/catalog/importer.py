"""`catalog import`: Million Song data in every form that people have it -> the lake's tracks and artists."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

import polars as pl

from zipotify.catalog.clean import artists_of, cleaned, merged, tracks_of, with_artist_ids, with_popularity
from zipotify.catalog.databases import read_databases
from zipotify.catalog.hdf5 import read_hdf5
from zipotify.catalog.isolated import read_isolated
from zipotify.catalog.raw import SourceReport, empty_raw
from zipotify.catalog.recognise import Found, Kind, find_sources
from zipotify.catalog.store import write_imported
from zipotify.catalog.texts import read_listen_counts, read_unique_tracks
from zipotify.catalog.triplets import SCHEMA, read_triplets
from zipotify.errors import MissingInputError
from zipotify.places import Folder

SPARK_FROM_FILES = 20_000
"""HDF5 files from which on Spark reads them, when it is left to us."""


class Readers(Protocol):
    """Who reads the two kinds that can be huge; a reader gives rows and a report."""

    def hdf5(self, files: list[Path]) -> tuple[pl.DataFrame, SourceReport]:
        """Million Song files."""

    def triplets(self, files: list[Path]) -> tuple[pl.DataFrame, SourceReport]:
        """Plays by song."""


class LocalReaders:
    """This process, without a JVM."""

    def hdf5(self, files: list[Path]) -> tuple[pl.DataFrame, SourceReport]:
        """One file after the other, in a process of its own."""
        return read_isolated(files, read_hdf5, "hdf5")

    def triplets(self, files: list[Path]) -> tuple[pl.DataFrame, SourceReport]:
        """As a stream."""
        return read_triplets(files)


@dataclass
class ImportReport:
    """What was read, refused and why, and what came of it."""

    sources: list[SourceReport] = field(default_factory=list)
    unknown: dict[str, str] = field(default_factory=dict)
    """Files of no known kind -> why."""
    track_count: int = 0
    artist_count: int = 0
    repaired_count: int = 0
    """Names that were double-encoded."""
    without_plays_count: int = 0
    song_without_track_count: int = 0
    """Songs of the taste profiles that no track belongs to."""

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def import_catalog(
    lake: Folder, paths: list[Path], choose: Callable[[Found], Readers] = lambda _found: LocalReaders()
) -> ImportReport:
    """Read all paths, clean and join them, and put the result in the place of the lake's catalogue.

    Raises MissingInputError when a path is not there, or when nothing at all could be read.
    """
    found = find_sources(paths)
    report = ImportReport(unknown={str(path): why for path, why in found.unknown.items()})
    frames, plays = _read_all(found, choose(found), report)
    tracks = merged([cleaned(frame) for frame in frames])
    if tracks.is_empty():
        _refuse(report)
    tracks = with_popularity(with_artist_ids(tracks), plays)
    artists = artists_of(tracks)
    report.track_count, report.artist_count = len(tracks), len(artists)
    originals = pl.any_horizontal(pl.col("title_original", "artist_name_original", "release_original").is_not_null())
    report.repaired_count = int(tracks.select(originals.sum()).item())
    report.without_plays_count = tracks["play_weight"].null_count()
    report.song_without_track_count = len(plays.join(tracks, on="song_id", how="anti"))
    write_imported(lake, tracks_of(tracks, artists), artists)
    return report


def _read_all(found: Found, readers: Readers, report: ImportReport) -> tuple[list[pl.DataFrame], pl.DataFrame]:
    """Frames in the order of trust: what a later one knows fills only gaps."""
    table: dict[Kind, Callable[[list[Path]], tuple[pl.DataFrame, SourceReport]]] = {
        "hdf5": readers.hdf5,
        "sqlite": read_databases,
        "listen counts": read_listen_counts,
        "unique tracks": read_unique_tracks,
    }
    frames = [empty_raw()]
    for kind, read in table.items():
        if kind in found.files:
            frame, source = read(found.files[kind])
            frames.append(frame)
            report.sources.append(source)
    if "triplets" not in found.files:
        return frames, pl.DataFrame(schema=SCHEMA)
    plays, source = readers.triplets(found.files["triplets"])
    report.sources.append(source)
    return frames, plays


def _refuse(report: ImportReport) -> None:
    broken = {**report.unknown, **{name: why for s in report.sources for name, why in s.broken.items()}}
    first = next((f"{name}: {why}" for name, why in broken.items()), "there are no tracks in what was named")
    raise MissingInputError(
        f"nothing could be imported; {len(broken)} files can't be read, first {first}",
        "name HDF5 song files, track_metadata.db, listen counts or unique_tracks.txt (triplets alone name no tracks)",
    )
