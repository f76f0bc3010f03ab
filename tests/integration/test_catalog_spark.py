"""Million Song data read by PySpark gives what this process alone reads, broken files included."""

from __future__ import annotations

import gzip
from pathlib import Path

import polars as pl
import pytest
from pyspark.sql import SparkSession

from support.command import zipotify
from zipotify.catalog.clean import cleaned
from zipotify.catalog.hdf5 import read_hdf5
from zipotify.catalog.spark import SparkReaders
from zipotify.catalog.triplets import read_triplets

pytestmark = pytest.mark.integration

TRIPLETS = "".join(f"user{n % 50}\tSOAAAAA123456789{n % 9}A\t{1 + n % 4}\n" for n in range(5_000))


def test_spark_reads_hdf5_as_this_process_does(spark: SparkSession, shared_data: Path, tmp_path: Path) -> None:
    files = sorted((shared_data / "msd").rglob("*.h5"))[:40]
    broken = tmp_path / "broken.h5"
    broken.write_bytes(files[0].read_bytes()[:5_000])
    there, report = SparkReaders(spark).hdf5([*files, broken])
    here, expected = read_hdf5([*files, broken])
    assert cleaned(there).equals(cleaned(here).sort("track_id"))  # pandas takes NaN for missing before `clean` does
    assert (report.read, list(report.broken)) == (expected.read, [str(broken)]) == (40, [str(broken)])


def test_spark_sums_triplets_as_this_process_does(spark: SparkSession, tmp_path: Path) -> None:
    plain, packed = tmp_path / "a.txt", tmp_path / "b.txt.gz"
    plain.write_text(TRIPLETS + "u\tnosong\t1\n")
    packed.write_bytes(gzip.compress(TRIPLETS.encode()))
    there, report = SparkReaders(spark).triplets([plain, packed])
    here, expected = read_triplets([plain, packed])
    assert there.equals(here)
    assert (report.read, report.refused) == (expected.read, expected.refused)


def test_an_imported_catalogue_is_shown_searched_played_and_loaded(tmp_path: Path, shared_data: Path) -> None:
    counts = shared_data / "eventsim" / "listen_counts.txt.gz"
    said = zipotify(tmp_path, "catalog", "import", str(shared_data / "msd"), str(counts)).stdout
    assert "imported 10,0" in said
    assert "imported, 10,0" in zipotify(tmp_path, "catalog", "show").stdout
    found = zipotify(tmp_path, "catalog", "search", "tony joe yo yo", "--format", "json").stdout
    assert "Yo Yo Man" in found
    out = tmp_path / "out"
    size = ("-n", "30", "-s", "2024-01-01", "-e", "2024-01-08", "--with", "track-id")
    assert "catalogue: imported, 10,0" in zipotify(tmp_path, "simulate", *size, str(out)).stderr
    played = set(pl.read_ndjson(out / "listen_events.ndjson")["track_id"])
    assert played <= set(pl.read_delta(str(tmp_path / "lake" / "catalog" / "tracks"))["track_id"])
    assert "catalogue: built-in" in zipotify(tmp_path, "simulate", *size, "--catalog", "builtin", str(out)).stderr


def test_what_can_not_be_imported_is_an_error_of_one_or_two_lines(tmp_path: Path) -> None:
    (tmp_path / "bad.h5").write_bytes(b"no")
    done = zipotify(tmp_path, "catalog", "import", str(tmp_path / "bad.h5"), code=2)
    assert "bad.h5" in done.stderr
    assert len(done.stderr.strip().splitlines()) <= 2
