"""The same events through Kafka and Spark, and straight into the lake: the same warehouse, row for row."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from support.lake import table
from support.warehouse import build, marts, new_home
from zipotify.contracts import serving
from zipotify.lake import ensure_tables
from zipotify.ops.ledger import check
from zipotify.settings import Settings
from zipotify.simulate.replay import replay_files
from zipotify.stream.app import run_queries

pytestmark = pytest.mark.integration


def _replay(spark: SparkSession, settings: Settings, sources: dict[str, Path]) -> int:
    """Send all sources and take them from Kafka into the lake; returns how many records the broker took."""
    sent = sum(replay_files(settings, [folder], source).sent_count for source, folder in sources.items())
    engine = serving.connect(settings.serving_address())
    run_queries(spark, settings, engine, threading.Event(), once=True)
    engine.dispose()
    return sent


def test_both_ways_in_give_the_same_warehouse(
    spark: SparkSession,
    broker: str,
    built: Settings,
    sources: dict[str, Path],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "zipotify")
    streamed = new_home(tmp_path / "home", bootstrap_servers=broker)
    ensure_tables(streamed.home.lake)
    sent = _replay(spark, streamed, sources)
    build(streamed)
    _one_name_leads_from_batch_to_build(caplog.records)
    first, expected = marts(streamed), marts(built)
    assert set(first) == set(expected)
    for name, rows in expected.items():
        assert first[name] == rows, name
    if "recorded" in sources:
        counts = dict(_count_by_source(first["agg_metrics"]))
        assert counts["recorded"] == 3901

    assert table(streamed.home.lake, "repeats").height == 0
    _replay(spark, streamed, sources)
    build(streamed)
    assert marts(streamed) == first
    assert table(streamed.home.lake, "repeats").height == sent
    assert check(streamed).balanced


def _one_name_leads_from_batch_to_build(records: list[logging.LogRecord]) -> None:
    """The names in the lines of the batches, in order, are the ones between which the build's line lies."""
    batches = [vars(record)["batch"] for record in records if hasattr(record, "batch")]
    (built,) = [vars(record) for record in records if hasattr(record, "last_batch")]
    assert (built["first_batch"], built["last_batch"]) == (batches[0], batches[-1])


def _count_by_source(rows: list[tuple[object, ...]]) -> list[tuple[object, object]]:
    """(source, plays) of agg_metrics."""
    return [(row[0], row[6]) for row in rows]
