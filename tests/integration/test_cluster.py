"""The same application on a real standalone cluster: a worker dies mid-run, and the tables are what they must be."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.cluster import running_cluster
from support.command import wait_until
from support.lake import table
from zipotify.contracts.fields import LISTEN_EVENTS
from zipotify.lake import ensure_tables
from zipotify.ops.chaos_parts import ChaosPart
from zipotify.ops.chaos_truth import differences
from zipotify.ops.ledger import check
from zipotify.runtime.processes import environment_of, zipotify_command
from zipotify.settings import Settings, load_settings
from zipotify.simulate.replay import replay_files

pytestmark = [pytest.mark.integration, pytest.mark.prove]

_WORKERS = 2
_SOURCE = "sim"
_BATCH = 1_500
_YEARS = 10


def test_a_worker_dies_and_nothing_is_lost_or_doubled(broker: str, sources: dict[str, Path], tmp_path: Path) -> None:
    """Checkpoint and lake lie where all reach them; a stream that ended is started again, as `up` does.

    The events are history, so live rollups are told to take events, and to keep them, at any age.
    """
    with running_cluster(tmp_path / "cluster", _WORKERS) as cluster:
        settings = load_settings(
            tmp_path / "round" / "home",
            bootstrap_servers=broker,
            spark_master=cluster.address,
            spark_executor_memory_mb=1024,
            max_offsets_per_trigger=_BATCH,
            bronze_trigger_s=0,
            live_watermark_minutes=_YEARS * 365 * 1440,
            live_retention_hours=_YEARS * 365 * 24,
            user_key_secret="5a" * 32,
        )
        ensure_tables(settings.home.lake)
        sent = replay_files(settings, [sources[_SOURCE]], _SOURCE).sent_count
        assert sent > 3 * _BATCH, "too few events for several batches"
        stream = ChaosPart("stream", zipotify_command("stream"), environment_of(settings), settings.home.logs)
        stream.start()
        try:
            wait_until(lambda: _is_running_on(stream, settings), "first batches")
            assert [cluster.executors(worker) for worker in (1, 2)] == [1, 1]
            cluster.kill_worker(1)
            assert _in_flight(settings), "the worker was to die while there is work left"
            wait_until(lambda: stream.start_if_dead() or not _in_flight(settings), "everything to be taken in")
            assert cluster.executors(2) == 1
        finally:
            stream.stop()
    assert check(settings).balanced
    assert differences(settings, sources[_SOURCE], _SOURCE) == []


def _is_running_on(stream: ChaosPart, settings: Settings) -> bool:
    assert not stream.has_failed, f"the stream ended: see {settings.home.logs}"
    return bool(table(settings.home.lake, LISTEN_EVENTS).height)


def _in_flight(settings: Settings) -> int:
    return check(settings).total("in_flight")
