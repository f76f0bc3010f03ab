"""Catalogue files bent at any byte: what can be read is read, what can't is named, and nothing else happens."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import h5py
import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.fuzz import EDITS, bent
from zipotify.catalog.databases import read_databases
from zipotify.catalog.hdf5 import read_hdf5
from zipotify.catalog.raw import SourceReport
from zipotify.catalog.recognise import find_sources
from zipotify.catalog.texts import read_listen_counts
from zipotify.catalog.triplets import read_triplets

Reader = Callable[[list[Path]], tuple[pl.DataFrame, SourceReport]]


def _sqlite(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("create table songs (track_id text, title text, artist_name text, duration real, year int)")
        rows = [(f"TRAAAAA1234567890{n}", f"Title {n}", "Artist", 200.5, 1999) for n in range(9)]
        database.executemany("insert into songs values (?,?,?,?,?)", rows)
        database.commit()


def _hdf5(path: Path) -> None:
    texts = {"song_id": b"SOAAAAA12345678901", "title": b"T", "artist_id": b"AR1", "artist_name": b"A"}
    texts |= {"release": b"R", "artist_location": b"Austin, TX"}
    numbers = dict.fromkeys(
        ("song_hotttnesss", "artist_hotttnesss", "artist_latitude", "artist_longitude", "idx_artist_terms"), 0.5
    )
    tables = {
        "metadata/songs": {**texts, **numbers},
        "analysis/songs": {"track_id": b"TRAAAAA12345678901", "duration": 200.5, "tempo": 120.0, "loudness": -3.0},
        "musicbrainz/songs": {"year": 1999},
    }
    with h5py.File(path, "w") as content:
        for name, fields in tables.items():
            types = [(key, f"S{len(v)}" if isinstance(v, bytes) else "f8") for key, v in fields.items()]
            content[name] = np.array([tuple(fields.values())], dtype=types)
        content["metadata/artist_terms"] = np.array([b"rock", b"pop"])
        content["metadata/artist_terms_weight"] = np.array([0.9, 0.1])


def _triplets(path: Path) -> None:
    path.write_text("".join(f"u{n}\tSOAAAAA1234567890{n}\t{n + 1}\n" for n in range(9)))


def _listen_counts(path: Path) -> None:
    path.write_text("".join(f"TRAAAAA1234567890{n}\tArtist\tTitle\tAR1\t{n + 1}\n" for n in range(9)))


FORMS: dict[str, tuple[str, Callable[[Path], None], Reader]] = {
    "sqlite": ("songs.db", _sqlite, read_databases),
    "hdf5": ("song.h5", _hdf5, read_hdf5),
    "triplets": ("train_triplets.txt", _triplets, read_triplets),
    "listen_counts": ("listen_counts.tsv", _listen_counts, read_listen_counts),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_bent_file_is_read_or_named(form: str, tmp_path: Path) -> None:
    name, make, read = FORMS[form]
    make(tmp_path / name)
    whole = (tmp_path / name).read_bytes()
    frame, report = read([tmp_path / name])
    assert len(frame) > 0
    assert not report.broken

    @given(EDITS, st.just(1.0) | st.floats(0, 1))
    def bend(edits: list[tuple[float, bytes, str]], kept: float) -> None:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / name
            file.write_bytes(bent(whole, edits, kept))
            found = find_sources([file])
            assert len(found.files) + len(found.unknown) == 1
            if not found.files:
                return  # named as unknown, and left out of the import
            frame, report = read([file])
            assert report.broken.keys() <= {str(file)}
            assert len(frame) <= 64

    bend()


def test_a_line_that_is_no_text_is_counted_and_left_out(tmp_path: Path) -> None:
    """Found by the fuzzer: such a line passed in silence, with a warning from inside the CSV reader."""
    _triplets(tmp_path / "train_triplets.txt")
    with (tmp_path / "train_triplets.txt").open("ab") as file:
        file.write(b"u\xb8\tSOAAAAA12345678900\n")
    frame, report = read_triplets([tmp_path / "train_triplets.txt"])
    assert (len(frame), report.read, report.refused.total()) == (9, 10, 1)


def test_a_database_whose_own_complaint_is_no_text_is_named(tmp_path: Path) -> None:
    """Found by the fuzzer: the import ended with a traceback."""
    _sqlite(tmp_path / "songs.db")
    whole = (tmp_path / "songs.db").read_bytes()
    (tmp_path / "songs.db").write_bytes(whole.replace(b"(track_id", b" \x80rack_id", 1))
    frame, report = read_databases([tmp_path / "songs.db"])
    assert len(frame) == 0
    assert list(report.broken) == [str(tmp_path / "songs.db")]
