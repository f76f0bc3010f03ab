"""Million Song files in HDF5: one track a file, or a summary file of many."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import polars as pl

from zipotify.catalog.raw import RAW_SCHEMA, SourceReport, as_raw
from zipotify.contracts.files import MOST_EXPANSION, most_bytes

_FIELDS = {
    "metadata/songs": {
        "song_id": "song_id",
        "title": "title",
        "artist_id": "artist_id",
        "artist_name": "artist_name",
        "release": "release",
        "song_hotttnesss": "song_hotness",
        "artist_hotttnesss": "artist_hotness",
        "artist_location": "artist_location",
        "artist_latitude": "artist_lat",
        "artist_longitude": "artist_lon",
    },
    "analysis/songs": {
        "track_id": "track_id",
        "duration": "duration_s",
        "tempo": "tempo_bpm",
        "loudness": "loudness_db",
    },
    "musicbrainz/songs": {"year": "year"},
}
BROKEN = (OSError, KeyError, ValueError, IndexError, RuntimeError, TypeError, AttributeError, OverflowError)
"""What h5py and NumPy raise for bent files, as the fuzzer found."""
_TERMS, _TERM_WEIGHTS, _TERMS_START = "metadata/artist_terms", "metadata/artist_terms_weight", "idx_artist_terms"


def read_hdf5(files: list[Path]) -> tuple[pl.DataFrame, SourceReport]:
    """All tracks of those files; broken files are named in the report."""
    report = SourceReport("hdf5", len(files))
    rows: list[dict[str, Any]] = []
    for file in files:
        try:
            rows += read_file(file)
        except BROKEN as error:
            report.break_off(file, error)
    report.read = len(rows)
    return as_raw(pl.DataFrame(rows, schema=RAW_SCHEMA)), report


def read_file(file: Path) -> list[dict[str, Any]]:
    """The tracks of one file; raises OSError, KeyError and others when it is broken."""
    bound = most_bytes(file)
    with h5py.File(file, "r") as content:
        return list(_tracks({name: _read(content[name], bound) for name in (*_FIELDS, _TERMS, _TERM_WEIGHTS)}))


def _read(table: Any, bound_bytes: int) -> Any:
    """A table's rows; a few bytes can claim to be any number of them."""
    if table.ndim != 1:
        raise ValueError(f"{table.name} has {table.ndim} dimensions, not 1")
    if table.nbytes > bound_bytes:
        raise ValueError(f"{table.name} expands to more than {MOST_EXPANSION} times the file: it looks like a bomb")
    return table[:]


def _tracks(tables: dict[str, Any]) -> Iterator[dict[str, Any]]:
    terms, weights = tables[_TERMS], tables[_TERM_WEIGHTS]
    starts = [int(start) for start in tables["metadata/songs"][_TERMS_START]]
    for number in range(len(starts)):
        row = dict.fromkeys(RAW_SCHEMA)
        for name, fields in _FIELDS.items():
            for theirs, ours in fields.items():
                row[ours] = _plain(tables[name][theirs][number])
        end = starts[number + 1] if number + 1 < len(starts) else len(terms)
        row["genre"] = _strongest(terms[starts[number] : end], weights[starts[number] : end])
        yield row


def _strongest(terms: Any, weights: Any) -> Any:
    """The artist's term of the largest weight: the nearest that the data has to a genre."""
    return _plain(terms[int(weights.argmax())]) if len(terms) else None


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode("utf-8")
    return value.item()
