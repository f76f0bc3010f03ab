"""The Million Song dataset's `track_metadata.db`: one SQLite table, `songs`."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import polars as pl

from zipotify.catalog.raw import SourceReport, as_raw, empty_raw

_COLUMNS = {
    "track_id": "track_id",
    "song_id": "song_id",
    "title": "title",
    "artist_id": "artist_id",
    "artist_name": "artist_name",
    "release": "release",
    "duration": "duration_s",
    "year": "year",
    "artist_hotttnesss": "artist_hotness",
}
_CHUNK = 100_000


def read_databases(files: list[Path]) -> tuple[pl.DataFrame, SourceReport]:
    """All tracks of those databases, in chunks; broken ones are named in the report."""
    report = SourceReport("sqlite", len(files))
    parts = [empty_raw()]
    for file in files:
        try:
            parts += _read(file)
        except (sqlite3.Error, OSError, UnicodeDecodeError) as error:  # the last: of a complaint
            report.break_off(file, error)
    frame = pl.concat(parts)
    report.read = len(frame)
    return frame, report


def _read(file: Path) -> list[pl.DataFrame]:
    with closing(sqlite3.connect(f"file:{file.resolve()}?mode=ro", uri=True)) as database:
        database.text_factory = lambda data: data.decode("utf-8", "replace")
        there = {row[1] for row in database.execute("pragma table_info(songs)")}
        wanted = [name for name in _COLUMNS if name in there]
        if "track_id" not in wanted:
            raise sqlite3.DatabaseError("it has no table 'songs' with a column 'track_id'")
        cursor = database.execute(f"select {', '.join(wanted)} from songs")  # noqa: S608 - names from our own list
        parts = []
        while rows := cursor.fetchmany(_CHUNK):
            names = [_COLUMNS[name] for name in wanted]
            parts.append(as_raw(pl.DataFrame(rows, schema=names, orient="row", infer_schema_length=None)))
        return parts
