"""`up` without a JVM: the order of starting and stopping, what ends a run, and how it is judged."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from zipotify.errors import HomeInUseError, PortTakenError, SetupError, ZipotifyError
from zipotify.ops import up
from zipotify.ops.health import PartStatus
from zipotify.ops.ledger import LedgerReport, LedgerRow
from zipotify.ops.parts import PARTS
from zipotify.ops.supervisor import ProcessState
from zipotify.runtime.ports import any_free
from zipotify.settings import Settings, load_settings


class World:
    """Stands for supervisord and for the parts' health: what was started is ready one look later."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []
        self.running: dict[str, int] = {}
        self.never_ready: set[str] = set()
        self.gave_up: set[str] = set()
        self.on_look: Callable[[], None] = lambda: None
        self.in_flight = [0]
        self.difference = 0
        self.is_alive = True
        self._next_pid = 100

    # supervisord
    def poll(self) -> int | None:
        return None if self.is_alive else 1

    @property
    def pid(self) -> int:
        return 1

    def answers(self) -> bool:
        return False

    def states(self) -> dict[str, ProcessState]:
        state = {part.name: "RUNNING" if part.name in self.running else "STOPPED" for part in PARTS}
        return {name: ProcessState(name, word, self.running.get(name, 0), 1, "") for name, word in state.items()}

    def start_part(self, name: str) -> None:
        self.calls.append(("start", name))
        self._next_pid += 1
        if self.is_alive:
            self.running[name] = self._next_pid

    def stop_part(self, name: str) -> None:
        self.calls.append(("stop", name))
        self.running.pop(name, None)

    # health
    def look(self, states: dict[str, ProcessState]) -> list[PartStatus]:
        self.on_look()
        return [self._status(part.name, states[part.name].pid) for part in PARTS]

    def _status(self, name: str, pid: int) -> PartStatus:
        if name in self.gave_up:
            return PartStatus(name, "failed", "", None, False, "it gave up after several attempts")
        ready = name in self.running and name not in self.never_ready
        return PartStatus(name, "running" if ready else "starting", "", None, ready, "", pid)

    # the books
    def check(self, _settings: Settings) -> LedgerReport:
        waiting = self.in_flight.pop(0) if len(self.in_flight) > 1 else self.in_flight[0]
        row = LedgerRow("sim", "t", 0, None, produced=100, in_flight=waiting, difference=self.difference)
        return LedgerReport([row], "reachable")

    def order(self, verb: str) -> list[str]:
        return [name for call, name in self.calls if call == verb]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(tmp_path / "home", kafka_port=any_free(), dashboard_port=any_free())


@pytest.fixture
def world(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    settings.home.run.mkdir(parents=True)
    world = World()
    monkeypatch.setattr(up, "Supervisor", lambda _home: world)
    monkeypatch.setattr(up, "Health", lambda *_: world)
    monkeypatch.setattr(up, "check", world.check)
    monkeypatch.setattr(up, "start_supervisor", lambda *_: world)
    monkeypatch.setattr(up, "stop_process", lambda *_: 0)
    monkeypatch.setattr(up, "_require_set_up", lambda: None)
    monkeypatch.setattr(up, "_TICK_S", 0.001)
    monkeypatch.setattr(up.signal, "signal", lambda *_: None)
    yield world
    assert world.running == {}, "parts were left running"


def test_a_good_run_starts_in_order_judges_and_stops_backwards(
    settings: Settings, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    up.run_up(settings, 0.001)
    started, stopped = world.order("start"), world.order("stop")
    assert set(started) == {part.name for part in PARTS}
    for part in PARTS:
        for need in part.needs:
            assert started.index(need) < started.index(part.name)
    assert stopped[0] == "simulator", "first the source ends, then the books are checked"
    assert stopped.index("warehouse") < stopped.index("stream") < stopped.index("broker")
    said = capsys.readouterr().out
    assert "Verdict: every part was healthy and the ledger balances." in said
    assert f"http://127.0.0.1:{settings.dashboard_port}" in said
    assert (settings.home.run / "peak_memory.json").exists()


def test_what_is_in_flight_is_waited_for(settings: Settings, world: World) -> None:
    world.in_flight = [7, 3, 0]
    up.run_up(settings, 0.001)
    assert world.in_flight == [0]


def test_books_that_do_not_balance_fail_the_run(settings: Settings, world: World) -> None:
    world.difference = 1
    with pytest.raises(ZipotifyError, match="the ledger does not balance"):
        up.run_up(settings, 0.001)


def test_events_that_stay_in_flight_fail_the_run(
    settings: Settings, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.in_flight = [5]
    monkeypatch.setattr(up, "_DRAIN_LIMIT_S", 0.01)
    with pytest.raises(ZipotifyError, match="5 events were still in flight"):
        up.run_up(settings, 0.001)


def test_a_restarted_part_fails_a_judged_run(settings: Settings, world: World) -> None:
    looks = iter(range(10_000))

    def die_once() -> None:
        if next(looks) == 8:
            world.running["stream"] = 999

    world.on_look = die_once
    with pytest.raises(ZipotifyError, match="stream was restarted"):
        up.run_up(settings, 0.05)


def test_a_part_beyond_help_ends_the_run_with_the_end_of_its_log(settings: Settings, world: World) -> None:
    settings.home.logs.mkdir()
    (settings.home.logs / "stream.log").write_text("java.lang.OutOfMemoryError\n")
    world.gave_up = {"stream"}
    with pytest.raises(ZipotifyError, match="stream died: it gave up") as raised:
        up.run_up(settings)
    assert "OutOfMemoryError" in raised.value.what
    assert "zipotify doctor" in raised.value.to_do


def test_parts_that_never_become_ready_are_named(
    settings: Settings, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.never_ready = {"stream"}
    monkeypatch.setattr(up, "_READY_LIMIT_S", 0.05)
    with pytest.raises(ZipotifyError, match="not ready after 0 minutes: stream is starting"):
        up.run_up(settings)
    assert "warehouse" not in world.order("start"), "what needs it was not started"


def test_a_supervisor_that_ends_is_told(settings: Settings, world: World) -> None:
    def die() -> None:
        world.is_alive = False
        world.running.clear()

    world.on_look = die
    with pytest.raises(ZipotifyError, match="the supervisor ended unexpectedly"):
        up.run_up(settings)


def test_only_one_run_a_home(settings: Settings, world: World) -> None:
    with settings.home.lock("home"), pytest.raises(HomeInUseError):
        up.run_up(settings)
    assert world.calls == []


def test_a_port_that_was_asked_for_and_is_taken_starts_nothing(settings: Settings, world: World) -> None:
    import socket

    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        with pytest.raises(PortTakenError):
            up.run_up(settings, None, server.getsockname()[1])
    assert world.calls == []


def test_nothing_starts_before_set_up_is_whole(
    settings: Settings, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing() -> Any:
        raise SetupError("jars are missing")

    monkeypatch.setattr(up, "_require_set_up", missing)
    with pytest.raises(SetupError):
        up.run_up(settings)
    assert world.calls == []


def test_a_leftover_that_does_not_end_is_told(
    settings: Settings, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world, "answers", lambda: True)
    monkeypatch.setattr(up, "stop_limit_s", lambda _parts: 0.0)
    monkeypatch.setattr(up, "time", SimpleNamespace(monotonic=iter([0.0, 1.0]).__next__, sleep=lambda _s: None))
    with pytest.raises(HomeInUseError, match="parts of an earlier run do not end"):
        up.run_up(settings)
