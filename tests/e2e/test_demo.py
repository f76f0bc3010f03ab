"""What `make demo` starts, as a newcomer runs it: everything up, live, judged, stopped, and continued."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from support import canary
from support.command import GENEROUS_S, command, environment, wait_until, zipotify
from zipotify.contracts.identity import user_keyer
from zipotify.contracts.wire import EventProducer
from zipotify.privacy.scan import scan
from zipotify.settings import load_settings

pytestmark = pytest.mark.e2e

_LARGEST_MEMORY_BYTES = 6 * 2**30
_READY_S = 900.0
_HISTORY_DAYS = int(os.environ.get("DEMO_HISTORY_DAYS", "7"))
"""Of history. A new home's own thirty take a slow machine ten minutes: the long evidence asks for them."""


@dataclass
class Demo:
    """A run of `zipotify up`."""

    home: Path
    process: subprocess.Popen[str]
    log: Path

    def status(self) -> dict[str, Any]:
        """What `zipotify status --format json` says."""
        status: dict[str, Any] = json.loads(zipotify(self.home, "status", "--format", "json", code=None).stdout)
        return status

    def sql(self, text: str) -> list[dict[str, Any]]:
        """Rows of `zipotify query`."""
        rows: list[dict[str, Any]] = json.loads(zipotify(self.home, "query", text, "--format", "json").stdout)
        return rows


def _up(home: Path, log: Path, *flags: str) -> subprocess.Popen[str]:
    with log.open("a") as out:
        return subprocess.Popen(
            command(home, "up", *flags),
            env=environment(ZIPOTIFY_DEMO_HISTORY_DAYS=str(_HISTORY_DAYS)),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            text=True,
        )


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """Everything running, with live events coming in."""
    folder = tmp_path_factory.mktemp("demo")
    log = folder / "up.log"
    running = Demo(folder / "home", _up(folder / "home", log), log)

    def healthy() -> bool:
        assert running.process.poll() is None, log.read_text()[-4000:]
        return running.home.exists() and bool(running.status()["healthy"])

    try:
        wait_until(healthy, "all parts healthy", _READY_S)
        yield running
    finally:
        if running.process.poll() is None:
            running.process.send_signal(signal.SIGINT)
            running.process.wait(GENEROUS_S)


def test_live_events_come_in_at_two_a_second(demo: Demo) -> None:
    def rate() -> float:
        detail = {part["name"]: part["detail"] for part in demo.status()["parts"]}["simulator"]
        found = re.search(r"live ([\d.]+) events/s", detail)
        return float(found[1]) if found else 0.0

    wait_until(lambda: rate() >= 2.0, "at least two live events a second")


def test_history_reaches_the_warehouse_and_stays_below_its_limit(demo: Demo) -> None:
    def days() -> int:
        return int(demo.sql("select count(*) as n from agg_day where event_count > 0")[0]["n"])

    wait_until(lambda: days() >= _HISTORY_DAYS, "all days of history in the published snapshot")
    assert demo.sql("select sum(event_count) as n from agg_day")[0]["n"] <= 500_000


def _send_canary(demo: Demo, session_id: int) -> None:
    """A session of the canary and one of somebody else, now."""
    settings = load_settings(demo.home)
    producer = EventProducer(settings, "canary")
    now_ms = int(time.time() * 1000) - 60_000
    sent = [*canary.events(session_id, now_ms), *canary.events(session_id + 1, now_ms, **canary.OTHER)]
    for topic, value in sent:
        producer.send(topic, value, "")
    producer.flush()


def _found(demo: Demo, texts: list[str]) -> list[str]:
    """Where a text is; Kafka is bounded by its retention, and files that are written right now may come and go."""
    home = load_settings(demo.home).home
    report = scan([home.lake, home.published, home.serving_file, home.logs], texts)  # type: ignore[list-item]
    return [f"{finding.path.name}: {finding.where}" for finding in report.findings]


def _books(demo: Demo) -> dict[str, int]:
    """What became of the canary source's records, once none is on its way."""
    report: dict[str, Any] = {}

    def settled() -> bool:
        nonlocal report
        report = json.loads(zipotify(demo.home, "ledger", "--format", "json").stdout)
        return sum(row["in_flight"] for row in report["rows"] if row["source"] == "canary") == 0

    wait_until(settled, "the canary's records to be taken in")
    rows = [row for row in report["rows"] if row["source"] == "canary"]
    return {name: sum(row[name] for row in rows) for name in ("produced", "bronze", "refused", "erased")}


@pytest.mark.prove
def test_a_person_is_erased_while_everything_runs(demo: Demo) -> None:
    """Stream, builds and jobs wait meanwhile; later events of the person go no further."""
    _send_canary(demo, 7)
    assert _books(demo) == {"produced": 24, "bronze": 22, "refused": 2, "erased": 0}
    key = user_keyer(load_settings(demo.home).user_key())("canary", canary.USER_ID)
    wait_until(lambda: bool(demo.sql(f"select 1 from fct_plays where user_key = '{key}' limit 1")), "a build with them")
    assert _found(demo, [canary.USER_ID]) != []

    done = zipotify(demo.home, "privacy", "erase", canary.USER_ID, "--source", "canary", "--yes")
    report = json.loads(done.stdout)["report"]
    assert report["scan"]["found"] == []
    assert report["ledger"]["balanced"]
    theirs = [*canary.texts(), key]
    wait_until(lambda: bool(demo.status()["healthy"]), "all parts to be healthy again", _READY_S)
    assert _found(demo, theirs) == []

    _send_canary(demo, 17)
    # What a later session does before its login shows nobody: that one record stays.
    assert _books(demo) == {"produced": 48, "bronze": 23, "refused": 2, "erased": 23}
    plays = "select count(*) as n from fct_plays where source = 'canary'"
    wait_until(lambda: demo.sql(plays)[0]["n"] == 10, "a build with what came after the erasure")
    assert _found(demo, theirs) == []


def test_a_second_one_on_the_same_home_is_refused(demo: Demo) -> None:
    done = zipotify(demo.home, "up", code=1)
    assert "is in use" in done.stderr
    assert len(done.stderr.strip().splitlines()) <= 2


def test_stops_cleanly_and_continues_where_it_stopped(demo: Demo) -> None:
    before = demo.sql("select sum(play_count) as n from agg_day")[0]["n"]
    demo.process.send_signal(signal.SIGINT)
    assert demo.process.wait(GENEROUS_S) == 0, demo.log.read_text()[-4000:]
    assert not demo.status()["supervised"]

    again = _up(demo.home, demo.log, "--for", "20")
    assert again.wait(_READY_S + GENEROUS_S) == 0, demo.log.read_text()[-4000:]
    assert "Verdict: every part was healthy and the ledger balances." in demo.log.read_text()
    assert demo.sql("select sum(play_count) as n from agg_day")[0]["n"] >= before
    peaks = json.loads((demo.home / "run" / "peak_memory.json").read_text())
    assert 0 < peaks["total_bytes"] < _LARGEST_MEMORY_BYTES
