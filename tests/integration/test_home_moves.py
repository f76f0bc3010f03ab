"""A home whose stream has begun moves, its lake to a store or its serving database to PostgreSQL: nothing is lost."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import func, select

from support.command import command, environment, wait_until, zipotify
from support.google_store import GOOGLE_BUCKET, running_google_store
from support.lake import rows, table
from support.object_store import BUCKET, running_store
from support.postgres import running_postgres
from support.rollups import live_counts
from support.warehouse import build, marts, new_home
from zipotify.contracts import serving
from zipotify.contracts.fields import LISTEN_EVENTS, TOPICS
from zipotify.contracts.files import find_files
from zipotify.contracts.tables import QUARANTINE, REPEATS, USERS_PRIVATE
from zipotify.home import Home
from zipotify.lake import ensure_tables
from zipotify.lake.load import load_files
from zipotify.lake.move import copy_lake
from zipotify.ops.backup import make_backup, restore
from zipotify.ops.ledger import check
from zipotify.ops.serving_move import move_serving
from zipotify.runtime.processes import environment_of, stop_process
from zipotify.settings import Settings
from zipotify.simulate.replay import replay_files

pytestmark = [pytest.mark.integration, pytest.mark.prove]
_SOURCE = "sim"
_BATCH = 3_000
"""Small where something happens between batches."""
_TABLES = (*TOPICS, USERS_PRIVATE.name, QUARANTINE.name)


def _home(path: Path, **flags: Any) -> Settings:
    """A new home, or the same one with other settings."""
    settings = new_home(path, bronze_trigger_s=0, **flags)
    ensure_tables(settings.home.lake)
    return settings


def _take_all(settings: Settings) -> None:
    zipotify(settings.home.root, "stream", "--once", **environment_of(settings))


_STORES = {f"s3://{BUCKET}": running_store, f"gs://{GOOGLE_BUCKET}": running_google_store}


@pytest.fixture(params=_STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Address of a lake in a real S3 server, and in what stands for Google Cloud Storage."""
    (tmp_path / "store").mkdir()
    with _STORES[request.param](tmp_path / "store"):
        yield f"{request.param}/home/lake"


def test_a_stream_and_a_build_go_on_with_the_lake_in_a_store(
    broker: str, store: str, sources: dict[str, Path], tmp_path: Path
) -> None:
    """Spark is killed between two batches there, and goes on; the warehouse is that of one load on this machine."""
    files = find_files([sources[_SOURCE]])
    here = _home(tmp_path / "home", bootstrap_servers=broker, max_offsets_per_trigger=_BATCH)
    replay_files(here, files[:4], _SOURCE)
    _take_all(here)
    before = check(here)
    copy_lake(here.home.lake, store)
    (here.home.root / "lake").rename(tmp_path / "lake-as-it-was")
    there = _home(here.home.root, bootstrap_servers=broker, max_offsets_per_trigger=_BATCH, lake_url=store)
    assert check(there).as_json()["rows"] == before.as_json()["rows"]

    replay_files(there, files[4:], _SOURCE)
    replay_files(there, files[:1], _SOURCE)
    _kill_after_first_batch(there)
    _take_all(there)
    assert not (there.home.root / "lake").exists()
    assert check(there).balanced
    assert check(there).total("in_flight") == 0
    zipotify(there.home.root, "lake", "compact", **environment_of(there))

    alone = _home(tmp_path / "alone")
    for given in (files, files[:1]):
        load_files(alone, given, _SOURCE)
    for name in (*_TABLES, REPEATS.name):
        assert _content(there, name) == _content(alone, name), name
    build(there)
    build(alone)
    expected = marts(alone)
    assert marts(there) == expected
    assert len(expected["fct_plays"]) > 1000


def _kill_after_first_batch(settings: Settings) -> None:
    """The driver, and with it the whole of a local Spark, dies without a word while there is work left."""
    height = table(settings.home.lake, LISTEN_EVENTS).height
    stream = subprocess.Popen(command(settings.home.root, "stream"), env=environment(**environment_of(settings)))
    wait_until(lambda: table(settings.home.lake, LISTEN_EVENTS).height > height, "a batch in the store")
    assert stream.poll() is None
    stream.kill()
    stream.wait()
    assert check(settings).total("in_flight")


def _content(settings: Settings, name: str) -> list[str]:
    return sorted(str(row) for row in rows(settings.home.lake, name))


def test_stream_and_ledger_go_on_with_postgresql(broker: str, sources: dict[str, Path], tmp_path: Path) -> None:
    """Ledger and live rollups after the move are those of a home that stayed with SQLite."""
    files = find_files([sources[_SOURCE]])
    moving, staying = (_home(tmp_path / name, bootstrap_servers=broker, **_YEARS) for name in ("moves", "stays"))
    replay_files(moving, files[:4], _SOURCE)
    _take_all(moving)
    before = check(moving)
    with running_postgres() as address:
        moved = _home(moving.home.root, bootstrap_servers=broker, serving_url=SecretStr(address), **_YEARS)
        assert move_serving(moved) > 0
        moving.home.serving_file.rename(tmp_path / "serving-as-it-was")
        assert check(moved).as_json()["rows"] == before.as_json()["rows"]
        replay_files(moved, files[4:], _SOURCE)
        for settings in (moved, staying):
            _take_all(settings)
        assert not moved.home.serving_file.exists()
        assert check(moved).balanced
        assert _by_topic(moved) == _by_topic(staying)
        assert live_counts(moved) == live_counts(staying) != []
        assert _batch_count(moved) > _batch_count(moving, tmp_path / "serving-as-it-was") > 0


_YEARS = {"live_watermark_minutes": 10 * 365 * 1440, "live_retention_hours": 10 * 365 * 24}
"""Simulated events are history: live rollups take them, and keep them."""


def _by_topic(settings: Settings) -> dict[str, int]:
    return {column: check(settings).total(column) for column in ("produced", "bronze", "refused", "repeats")}


def _batch_count(settings: Settings, file: Path | None = None) -> int:
    engine = serving.connect(f"sqlite:///{file}" if file else settings.serving_address())
    with engine.connect() as connection:
        count = int(connection.execute(select(func.count()).select_from(serving.stream_batches)).scalar_one())
    engine.dispose()
    return count


_BACKUPS = 3


def test_backups_made_while_the_stream_runs_catch_up_with_it(
    broker: str, sources: dict[str, Path], tmp_path: Path
) -> None:
    """Each of them, put back elsewhere, goes on from where it was made, and ends with what the home itself has."""
    running = _home(tmp_path / "home", bootstrap_servers=broker, max_offsets_per_trigger=_BATCH, **_YEARS)
    for _ in range(2):
        replay_files(running, find_files([sources[_SOURCE]]), _SOURCE)
    stream = subprocess.Popen(command(running.home.root, "stream"), env=environment(**environment_of(running)))
    try:
        backups = []
        for at_least in range(_BACKUPS):
            wait_until(lambda least=at_least: _batch_count(running) > least, "another batch")  # type: ignore[misc]
            backups.append(make_backup(running, str(tmp_path / "backups" / str(at_least))))
            assert stream.poll() is None
        wait_until(lambda: not check(running).total("in_flight"), "everything to be taken in")
    finally:
        stop_process(stream, 60)
    assert backups[0].lake_versions != backups[-1].lake_versions
    for number, backup in enumerate(backups):
        place = tmp_path / f"again-{number}"
        restore(str(tmp_path / "backups" / str(number) / backup.name), Home(place))
        restored = _home(place, bootstrap_servers=broker, **_YEARS)
        _take_all(restored)
        assert check(restored).balanced
        assert _by_topic(restored) == _by_topic(running)
        for name in (*_TABLES, REPEATS.name):
            assert _content(restored, name) == _content(running, name), (number, name)
        assert live_counts(restored) == live_counts(running) != []
