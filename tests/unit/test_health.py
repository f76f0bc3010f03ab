"""How a part does: from supervisord's word, the part's own, and what its work shows."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import insert
from sqlalchemy.engine import Engine

from zipotify.contracts import serving
from zipotify.contracts.serving import connect, report_part
from zipotify.ops.health import Health, PartStatus, dashboard_address, silent
from zipotify.ops.parts import PARTS
from zipotify.ops.supervisor import ProcessState
from zipotify.runtime.ports import any_free
from zipotify.settings import Settings, load_settings

_STARTED_S = 1_700_000_000


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(tmp_path, dashboard_port=any_free())


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    engine = connect(settings.serving_address())
    yield engine
    engine.dispose()


def process(name: str, state: str, started_s: int = _STARTED_S, note: str = "") -> ProcessState:
    return ProcessState(name, state, 42 if state in ("RUNNING", "STARTING", "STOPPING") else 0, started_s, note)


def look(settings: Settings, engine: Engine, *states: ProcessState, since_s: float = 0.0) -> dict[str, PartStatus]:
    found = Health(settings, engine, since_s).look({state.name: state for state in states})
    assert [status.name for status in found] == [part.name for part in PARTS]
    return {status.name: status for status in found}


def test_without_a_supervisor_all_is_stopped(settings: Settings, engine: Engine) -> None:
    for status in look(settings, engine).values():
        assert (status.state, status.ready, status.problem) == ("stopped", False, "")


def test_a_part_that_waits_says_for_what(settings: Settings, engine: Engine) -> None:
    found = look(settings, engine, process("stream", "STOPPED", 0), process("broker", "STOPPED", 0))
    assert (found["stream"].state, found["stream"].detail) == ("waiting", "for broker")
    assert found["broker"].state == "stopped"
    assert look(settings, engine, process("stream", "STOPPED"))["stream"].state == "stopped"


def test_a_part_that_runs_is_starting_until_it_says_more(settings: Settings, engine: Engine) -> None:
    report_part(engine, "simulator", "loading", "history 40%", 0.4)
    later_s = int(time.time()) + 100
    found = look(settings, engine, process("simulator", "RUNNING", later_s))["simulator"]
    assert (found.state, found.ready, found.progress) == ("starting", False, None), "that was an earlier run's report"
    found = look(settings, engine, process("simulator", "RUNNING"))["simulator"]
    assert (found.state, found.ready, found.progress, found.pid) == ("loading", True, 0.4, 42)


def test_a_part_that_says_it_failed_has_a_problem(settings: Settings, engine: Engine) -> None:
    report_part(engine, "simulator", "failed", "the broker is gone")
    found = look(settings, engine, process("simulator", "RUNNING"))["simulator"]
    assert (found.state, found.ready, found.problem) == ("failed", False, "the broker is gone")


@pytest.mark.parametrize(
    ("state", "expected", "words"),
    [
        ("FATAL", "failed", "gave up after several attempts. spawn error"),
        ("BACKOFF", "failed", "is restarted"),
        ("EXITED", "failed", "is restarted"),
        ("STOPPING", "stopping", ""),
    ],
)
def test_what_the_supervisor_says_becomes_words(
    settings: Settings, engine: Engine, state: str, expected: str, words: str
) -> None:
    found = look(settings, engine, process("stream", state, note="spawn error"))["stream"]
    assert (found.state, found.ready) == (expected, False)
    assert words in found.problem
    assert bool(found.problem) is bool(words)


def test_a_part_that_was_given_up_is_quoted(settings: Settings, engine: Engine) -> None:
    report_part(engine, "stream", "failed", "offsets 5 to 9 are gone")
    assert "offsets 5 to 9 are gone" in look(settings, engine, process("stream", "FATAL"))["stream"].problem


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("stream", insert(serving.stream_batches).values(query_id="q", batch_id=1, duration_ms=1, started_at_ms=5_000)),
        ("ledger", insert(serving.ledger_checks).values(checked_at_ms=5_000, balanced=True, report="{}")),
        (
            "warehouse",
            insert(serving.builds).values(build_id="b", state="published", started_at_ms=1, finished_at_ms=5_000),
        ),
    ],
)
def test_work_makes_ready_only_when_it_is_of_this_run(settings: Settings, engine: Engine, name: str, row: Any) -> None:
    running = process(name, "RUNNING")
    assert not look(settings, engine, running)[name].ready
    with engine.begin() as connection:
        connection.execute(row)
    found = look(settings, engine, running, since_s=5.0)[name]
    assert (found.ready, found.state) == (True, "running")
    assert not look(settings, engine, running, since_s=5.001)[name].ready


def test_a_failed_build_does_not_make_the_warehouse_ready(settings: Settings, engine: Engine) -> None:
    with engine.begin() as connection:
        failed = {"build_id": "b", "state": "failed", "started_at_ms": 1, "finished_at_ms": 5_000}
        connection.execute(insert(serving.builds).values(failed))
    assert not look(settings, engine, process("warehouse", "RUNNING"))["warehouse"].ready


class _Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(self.server.answer)  # type: ignore[attr-defined]
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def _served(port: int, answer: int = 200) -> Iterator[str]:
    with HTTPServer(("127.0.0.1", port), _Page) as server:
        server.answer = answer  # type: ignore[attr-defined]
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(("answer", "expected"), [(200, True), (500, False)])
def test_the_dashboard_is_ready_when_its_page_answers(
    settings: Settings, engine: Engine, answer: int, expected: bool
) -> None:
    running = process("dashboard", "RUNNING")
    assert not look(settings, engine, running)["dashboard"].ready
    with _served(settings.dashboard_port, answer):
        assert look(settings, engine, running)["dashboard"].ready is expected


def test_the_dashboard_is_looked_for_where_it_runs(settings: Settings, engine: Engine) -> None:
    """Another program had its port when it started, and has it still."""
    running = process("dashboard", "RUNNING")
    with _served(settings.dashboard_port, 404), _served(0) as address:
        assert not look(settings, engine, running)["dashboard"].ready
        with settings.home.address_written("dashboard", address, os.getpid()):
            assert look(settings, engine, running)["dashboard"].ready
            assert dashboard_address(settings) == address


@pytest.mark.parametrize(
    ("state", "age_s", "expected"),
    [("running", 181, True), ("running", 179, False), ("loading", 181, True), ("stopped", 9_999, False)],
)
def test_a_part_that_runs_and_says_nothing_hangs(state: str, age_s: float, expected: bool) -> None:
    report = SimpleNamespace(state=state, heartbeat_at_ms=int((_STARTED_S - age_s) * 1000))
    assert silent(report, _STARTED_S) is expected


@pytest.mark.parametrize(("state", "expected"), [("running", True), ("stopping", False)])
def test_the_jobs_are_ready_when_they_say_that_they_are_planned(
    settings: Settings, engine: Engine, state: str, expected: bool
) -> None:
    report_part(engine, "jobs", state, "quality next, at 10:15:00Z")
    assert look(settings, engine, process("jobs", "RUNNING"))["jobs"].ready is expected
