"""What `make demo` starts, as a newcomer runs it: everything up, live, judged, stopped, and continued."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from support.command import GENEROUS_S, command, environment, wait_until, zipotify

pytestmark = pytest.mark.e2e

_LARGEST_MEMORY_BYTES = 6 * 2**30
_READY_S = 900.0


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
            env=environment(),
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

    wait_until(lambda: days() >= 30, "thirty days of history in the published snapshot")
    assert demo.sql("select sum(event_count) as n from agg_day")[0]["n"] <= 500_000


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
