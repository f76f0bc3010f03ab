"""The same application on a real standalone cluster: a worker dies mid-run, and the tables are those of one machine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pyarrow as pa
import pytest
from odd_records import SOUND, odd_records

from support.cluster import Cluster, running_cluster
from support.command import wait_until, zipotify
from support.lake import rows, table
from support.parity import NAMES, difference
from support.rollups import live_counts
from support.warehouse import SECRET
from zipotify.contracts.fields import LISTEN_EVENTS, TOPICS
from zipotify.contracts.tables import QUARANTINE, REPEATS, USERS_PRIVATE
from zipotify.contracts.wire import EventProducer
from zipotify.lake import ensure_tables
from zipotify.ops.chaos_parts import ChaosPart
from zipotify.ops.ledger import check
from zipotify.runtime.processes import environment_of, zipotify_command
from zipotify.settings import Settings, load_settings
from zipotify.simulate.replay import replay_files
from zipotify.stream.session import spark_session
from zipotify.warehouse import runner
from zipotify.warehouse.spark import build_on_spark

pytestmark = [pytest.mark.integration, pytest.mark.prove]

_SOURCE = "sim"
_BATCH = 4_000
_MANY = 2_000
_YEARS = 10
_TABLES = (*TOPICS, USERS_PRIVATE.name, QUARANTINE.name, REPEATS.name)


@pytest.fixture(autouse=True)
def little_compiling(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each executor compiles everything for itself: by Java's first compiler alone, as in the other tests."""
    monkeypatch.setenv("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1")


@pytest.mark.timeout(3600)
def test_a_worker_dies_and_the_tables_are_those_of_one_machine(
    broker: str, sources: dict[str, Path], tmp_path: Path
) -> None:
    """Lake and checkpoints lie where all processes reach them; a stream that ended starts again, as under `up`."""
    with running_cluster(tmp_path / "cluster", workers=3) as cluster:
        spread = _settings(tmp_path / "spread", broker, spark_master=cluster.address)
        sent = _send(spread, sources[_SOURCE])
        assert sent > 5 * _BATCH, "too few events for several batches"
        _take_all(spread, cluster)
    alone = _settings(tmp_path / "alone", broker, spark_master="local[*]")
    zipotify(alone.home.root, "stream", "--once", **environment_of(alone))
    assert table(alone.home.lake, REPEATS.name).height >= _MANY
    for name in _TABLES:
        assert _sorted(spread, name) == _sorted(alone, name), name
    assert live_counts(spread) == live_counts(alone) != []
    assert check(spread).balanced


def _settings(home: Path, broker: str, **flags: Any) -> Settings:
    """A new home; its events are history, so live rollups take events of any age, and keep them."""
    settings = load_settings(
        home,
        bootstrap_servers=broker,
        max_offsets_per_trigger=_BATCH,
        bronze_trigger_s=0,
        live_watermark_minutes=_YEARS * 365 * 1440,
        live_retention_hours=_YEARS * 365 * 24,
        user_key_secret=SECRET,
        **flags,
    )
    ensure_tables(settings.home.lake)
    return settings


def _send(settings: Settings, files: Path) -> int:
    """Simulated files, some of them twice, and odd records in between; returns how many."""
    odd = EventProducer(settings, _SOURCE)
    for value in [*odd_records(), json.dumps(SOUND).encode()]:
        odd.send(LISTEN_EVENTS, value)
    odd.flush()
    twice = [files, min(files.iterdir())]
    return odd.accepted_count + sum(replay_files(settings, [path], _SOURCE).sent_count for path in twice)


def _take_all(settings: Settings, cluster: Cluster) -> None:
    """Run the stream until nothing is on its way; meanwhile a worker dies with all that it had."""
    stream = ChaosPart("stream", zipotify_command("stream"), environment_of(settings), settings.home.logs)
    stream.start()
    try:
        wait_until(lambda: _has_begun(stream, settings), "the first batches")
        assert [cluster.executors(worker) for worker in (1, 2, 3)] == [1, 1, 1]
        assert _in_flight(settings), "the worker was to die while there is work left"
        cluster.kill_worker(1)
        wait_until(lambda: stream.start_if_dead() or not _in_flight(settings), "everything to be taken in")
        assert [cluster.executors(worker) for worker in (2, 3)] == [1, 1]
    finally:
        stream.stop()


def _has_begun(stream: ChaosPart, settings: Settings) -> bool:
    assert not stream.has_failed, f"the stream ended: see {settings.home.logs}"
    return bool(table(settings.home.lake, LISTEN_EVENTS).height)


def _in_flight(settings: Settings) -> int:
    return check(settings).total("in_flight")


def _sorted(settings: Settings, name: str) -> list[str]:
    return sorted(map(str, rows(settings.home.lake, name)))


@pytest.mark.timeout(5400)
@pytest.mark.filterwarnings("ignore")
def test_dbt_makes_the_same_marts_on_three_workers(
    built: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every model on the cluster, each table against the one that DuckDB made; checks run on Spark in another test."""
    monkeypatch.setattr(runner, "_NO_UNIT_TESTS", ("--exclude-resource-types", "unit_test", "test"))
    with running_cluster(tmp_path / "cluster", workers=3) as cluster:
        spark = spark_session(built.model_copy(update={"spark_master": cluster.address}), "zipotify-build")
        assert spark.sparkContext.master == cluster.address
        try:
            made = build_on_spark(built, spark)
            assert [cluster.executors(worker) for worker in (1, 2, 3)] == [1, 1, 1]
        finally:
            spark.stop()
    assert made.table_counts["marts"] > 50
    with duckdb.connect(str(built.home.warehouse_file), read_only=True) as working:
        for (name,) in working.execute(NAMES, ["marts"]).fetchall():
            expected = working.execute(f"select * from marts.{name}").to_arrow_table()
            assert not difference(name, expected, pa.table(pl.read_delta(str(made.folder / "marts" / name)).to_arrow()))
