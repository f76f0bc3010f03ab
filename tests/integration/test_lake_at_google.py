"""A home's lake at a stand-in for Google Cloud Storage: moved there, loaded, merged, tidied, read, backed up."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import polars as pl
import pytest
from deltalake import DeltaTable, write_deltalake

from support.command import zipotify
from support.google_store import GOOGLE_BUCKET, running_google_store
from support.lake import assert_asked_like_a_folder, counted_by_duckdb, load_sign_ins, table
from zipotify.contracts.fields import AUTH_EVENTS
from zipotify.contracts.tables import BRONZE
from zipotify.errors import UsageError
from zipotify.home import Home
from zipotify.lake.move import copy_lake
from zipotify.ops.backup import make_backup, restore
from zipotify.ops.ledger import check
from zipotify.ops.profiles import examine_profile
from zipotify.places import lake_at
from zipotify.runtime.processes import environment_of
from zipotify.settings import Settings, load_settings

pytestmark = [pytest.mark.integration, pytest.mark.prove]
_WRITERS, _COMMITS = 4, 5
_LARGE_KB = 30_000


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The server, an empty bucket, and the environment that leads there."""
    with running_google_store(tmp_path_factory.mktemp("gcs")):
        yield


@pytest.mark.usefixtures("store")
def test_a_lake_moves_to_google_and_goes_on_there(tmp_path: Path) -> None:
    here = load_settings(tmp_path / "home")
    load_sign_ins(here, tmp_path / "first", range(100))
    before = check(here).as_json()["rows"]
    address = f"gs://{GOOGLE_BUCKET}/moved/lake"
    copy_lake(here.home.lake, address)
    (here.home.root / "lake").rename(tmp_path / "lake-as-it-was")
    there = load_settings(here.home.root, lake_url=address)
    assert check(there).as_json()["rows"] == before

    load_sign_ins(there, tmp_path / "second", range(50, 150))
    files = len(_auth_events(there).file_uris())
    for verb in (("compact",), ("vacuum", "--retain-hours", "0")):
        zipotify(there.home.root, "lake", *verb, **environment_of(there))
    assert len(_auth_events(there).file_uris()) < files
    assert not (there.home.root / "lake").exists()
    assert Counter(table(there.home.lake, AUTH_EVENTS)["session_id"]) == Counter(dict.fromkeys(range(150), 2))
    assert table(there.home.lake, "repeats").height == 100
    assert check(there).balanced
    assert counted_by_duckdb(address) == (300, 150)


@pytest.mark.usefixtures("store")
def test_a_lake_that_began_at_google_is_backed_up_and_comes_home(tmp_path: Path) -> None:
    """Nobody made folders in it, which Arrow, that copies, would name if somebody had."""
    there = load_settings(tmp_path / "home", lake_url=f"gs://{GOOGLE_BUCKET}/began/lake")
    load_sign_ins(there, tmp_path / "in", range(10))
    backup = make_backup(there, f"gs://{GOOGLE_BUCKET}/backups")
    restore(f"gs://{GOOGLE_BUCKET}/backups/{backup.name}", Home(tmp_path / "restored"))
    copy_lake(there.home.lake, str(tmp_path / "back"))
    for lake in (tmp_path / "restored" / "lake", tmp_path / "back"):
        assert table(lake, AUTH_EVENTS).height == 20
    with pytest.raises(UsageError, match="not empty"):
        copy_lake(there.home.lake, f"gs://{GOOGLE_BUCKET}/began")


def _auth_events(settings: Settings) -> DeltaTable:
    return DeltaTable(str(settings.home.lake / BRONZE[AUTH_EVENTS].path))


@pytest.mark.usefixtures("store")
def test_of_commits_at_the_same_moment_none_is_lost() -> None:
    """Google's promise on an object's generation, which Delta's commits stand on."""
    place = str(lake_at(f"gs://{GOOGLE_BUCKET}/commits", Path()) / "table")
    write_deltalake(place, pl.DataFrame({"writer": [], "number": []}, {"writer": pl.Int64, "number": pl.Int64}))

    def write(writer: int) -> None:
        for number in range(_COMMITS):
            write_deltalake(place, pl.DataFrame({"writer": [writer], "number": [number]}), mode="append")

    with ThreadPoolExecutor(_WRITERS) as pool:
        list(pool.map(write, range(_WRITERS)))
    assert DeltaTable(place).version() == _WRITERS * _COMMITS
    assert sorted(pl.read_delta(place).rows()) == [(w, n) for w in range(_WRITERS) for n in range(_COMMITS)]


@pytest.mark.usefixtures("store")
def test_a_large_file_goes_up_in_parts_and_comes_back_whole() -> None:
    place = str(lake_at(f"gs://{GOOGLE_BUCKET}/large", Path()) / "table")
    noise = pl.DataFrame({"noise": [os.urandom(1000) for _ in range(_LARGE_KB)]})
    write_deltalake(place, noise)
    assert pl.read_delta(place).equals(noise)


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize(("bucket", "good"), [(GOOGLE_BUCKET, True), ("another", False)])
def test_both_ways_in_are_looked_at_before_anything_starts(settings: Settings, bucket: str, good: bool) -> None:
    there = settings.model_copy(update={"lake_url": f"gs://{bucket}/doctor/lake"})
    ways = {finding.name: finding.good for finding in examine_profile(there) if finding.name.startswith("lake")}
    assert ways == {"lake": good, "lake for builds": good}


@pytest.mark.usefixtures("store")
def test_a_place_at_google_is_asked_like_a_folder() -> None:
    assert_asked_like_a_folder(f"gs://{GOOGLE_BUCKET}/places")
