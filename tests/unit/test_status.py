"""`status`: one picture from what runs and what was written down."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import insert
from sqlalchemy.engine import Engine

from zipotify.contracts import serving
from zipotify.contracts.serving import connect
from zipotify.errors import MissingInputError
from zipotify.ops import status as module
from zipotify.ops.health import PartStatus
from zipotify.ops.status import as_lines, read_status
from zipotify.ops.supervisor import ProcessState
from zipotify.settings import Settings


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    settings.home.root.mkdir()
    engine = connect(settings.serving_address())
    yield engine
    engine.dispose()


def written(engine: Engine, table: serving.Table, **values: Any) -> None:
    with engine.begin() as connection:
        connection.execute(insert(table).values(**values))


def running(monkeypatch: pytest.MonkeyPatch, *statuses: PartStatus) -> None:
    """A supervisor that runs, and parts that do so and so."""
    states = {status.name: ProcessState(status.name, "RUNNING", 1, 1, "") for status in statuses}
    monkeypatch.setattr(module.Supervisor, "states", lambda _self: states)
    monkeypatch.setattr(module.Health, "look", lambda _self, _states: list(statuses))


def part(name: str, ready: bool = True, problem: str = "", progress: float | None = None) -> PartStatus:
    return PartStatus(name, "running", "doing", progress, ready, problem)


def test_no_home_is_told(settings: Settings) -> None:
    with pytest.raises(MissingInputError, match="there is no home at"):
        read_status(settings)


@pytest.mark.parametrize(
    ("parts", "balanced", "healthy"),
    [
        ([part("broker"), part("stream")], None, True),
        ([part("broker"), part("stream")], True, True),
        ([part("broker"), part("stream")], False, False),
        ([part("broker"), part("stream", ready=False)], True, False),
        ([part("broker"), part("stream", problem="it hangs")], True, False),
    ],
)
def test_healthy_means_every_part_and_the_books(
    settings: Settings,
    engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
    parts: list[PartStatus],
    balanced: bool | None,
    healthy: bool,
) -> None:
    running(monkeypatch, *parts)
    if balanced is not None:
        written(engine, serving.ledger_checks, checked_at_ms=1, balanced=not balanced, report="{}")
        written(engine, serving.ledger_checks, checked_at_ms=2, balanced=balanced, report="{}")
    status = read_status(settings)
    assert status.healthy is healthy
    assert status.supervised
    assert as_lines(status)[0].endswith("not healthy" if not healthy else ": healthy")


def test_the_newest_of_everything_is_shown(settings: Settings, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    running(monkeypatch, part("dashboard"), part("simulator", progress=0.25))
    now_ms = int(time.time() * 1000)
    for number, state in enumerate(("failed", "published")):
        build = {"build_id": state, "started_at_ms": number + 1, "finished_at_ms": number + 2, "state": state}
        written(engine, serving.builds, **build)
        batch = {"query_id": "q", "batch_id": number, "started_at_ms": now_ms + number, "duration_ms": 5}
        written(engine, serving.stream_batches, **batch, input_count=10 + number)
        measured = {"measured_at_ms": now_ms + number, "p50_ms": 1, "p95_ms": 1500 * number, "p99_ms": 3}
        written(engine, serving.freshness, stage="bronze", **measured, event_count=1)
    status = read_status(settings)
    assert json.loads(json.dumps(status.as_dict()))["last_build"]["state"] == "published"
    text = "\n".join(as_lines(status))
    assert "last build published, at 1970-01-01 00:00:00Z" in text
    assert "last batch 1: 11 events" in text
    assert "bronze fresh within 1.5 s (p95)" in text
    assert "(25%)" in text
    assert f"dashboard at http://127.0.0.1:{settings.dashboard_port}" in text
