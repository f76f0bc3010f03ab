"""`zipotify up`: start every part in order, show how they do, and stop them; with a time limit, judge the run."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from threading import Event

from zipotify.contracts.serving import connect
from zipotify.errors import HomeInUseError, ZipotifyError
from zipotify.ops.health import Health, PartStatus, dashboard_address
from zipotify.ops.ledger import check
from zipotify.ops.memory import MemorySampler
from zipotify.ops.parts import parts_of, startable, stoppable
from zipotify.ops.supervisor import ENDED, Supervisor, start_supervisor, stop_limit_s
from zipotify.ops.view import View
from zipotify.runtime import ports
from zipotify.runtime.jars import jar_paths
from zipotify.runtime.java import java_home
from zipotify.runtime.processes import environment_of, last_lines, stop_process
from zipotify.settings import Settings

_READY_LIMIT_S = 15 * 60.0
_DRAIN_LIMIT_S = 10 * 60.0
_TICK_S = 1.0


def run_up(settings: Settings, for_s: float | None = None, dashboard_port: int | None = None) -> None:
    """Run until Ctrl-C, SIGTERM or, `for_s` seconds after all is ready, the verdict.

    Raises HomeInUseError, PortTakenError, SetupError; ZipotifyError when a part died for good, the limit for becoming
    ready passed, or the judged run was not healthy or does not balance.
    """
    with settings.home.lock("home"):
        _stop_leftover(settings)
        _require_set_up()
        placed = _with_ports(settings, dashboard_port)
        with View() as view:
            _Run(placed, view).run(for_s)


def _require_set_up() -> None:
    java_home()
    jar_paths("kafka")
    jar_paths("spark")


def _with_ports(settings: Settings, dashboard_port: int | None) -> Settings:
    """Settings with the ports that this run uses, so that a part that restarts finds the others where they were."""
    host = settings.dashboard_host
    page = (
        ports.require_free(dashboard_port, host) if dashboard_port else ports.next_free(settings.dashboard_port, host)
    )
    found = {"dashboard_port": page, "kafka_port": ports.next_free(settings.kafka_port)}
    return settings.model_copy(update=found)


def _stop_leftover(settings: Settings) -> None:
    """A run that was killed leaves a supervisor that is still stopping its parts: wait for it."""
    client = Supervisor(settings.home)
    deadline = time.monotonic() + stop_limit_s(parts_of(settings))
    while client.answers():
        if time.monotonic() > deadline:
            raise HomeInUseError(f"{settings.home.root} is in use: parts of an earlier run do not end", "see its logs")
        time.sleep(0.5)


class _Run:
    """One run of all parts."""

    def __init__(self, settings: Settings, view: View) -> None:
        self._settings = settings
        self._view = view
        self._parts = parts_of(settings)
        self._engine = connect(settings.serving_address())
        self._health = Health(settings, self._engine, time.time())
        self._client = Supervisor(settings.home)
        self._started: dict[str, int] = {}
        self._restarts: list[str] = []
        self._stop = Event()
        self._announced = False

    def run(self, for_s: float | None) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._stop.set())
        self._view.say(f"Zipotify starts in {self._settings.home.root}; Ctrl-C or `zipotify down` stops it.")
        process = start_supervisor(self._settings.home, self._parts, environment_of(self._settings))
        try:
            with MemorySampler([os.getpid(), process.pid]) as self._memory:
                self._work(process, for_s)
        finally:
            self._stop_everything(process)
            self._memory.peaks.write(self._settings.home.run / "peak_memory.json")
            self._engine.dispose()

    def _work(self, process: subprocess.Popen[bytes], for_s: float | None) -> None:
        deadline = time.monotonic() + _READY_LIMIT_S
        while not self._stop.is_set() and not all(status.ready for status in self._tick(process)):
            if time.monotonic() > deadline:
                raise self._not_ready()
        if self._stop.is_set():
            return self._interrupted(for_s)
        self._view.say(f"All parts run. The dashboard is at {dashboard_address(self._settings)}")
        end = None if for_s is None else time.monotonic() + for_s
        while not self._stop.is_set() and (end is None or time.monotonic() < end):
            self._tick(process)
        if for_s is None or self._stop.is_set():
            return self._interrupted(for_s)
        return self._judge(process)

    def _tick(self, process: subprocess.Popen[bytes]) -> list[PartStatus]:
        """Start what may start, show everything, and fail when something is beyond help."""
        if process.poll() is not None:
            raise ZipotifyError("the supervisor ended unexpectedly", f"see {self._settings.home.logs}/supervisord.log")
        statuses = self._health.look(self._client.states())
        self._note_processes(statuses)
        self._start_next(statuses)
        self._announce(statuses)
        self._view.show(statuses, self._memory.now)
        for status in statuses:
            if status.state == "failed" and "gave up" in status.problem:
                raise self._died(status)
        self._stop.wait(_TICK_S)
        return statuses

    def _start_next(self, statuses: list[PartStatus]) -> None:
        ready = {status.name for status in statuses if status.ready}
        for name in startable(self._parts, ready) - self._started.keys():
            self._started[name] = 0
            self._client.start_part(name)

    def _note_processes(self, statuses: list[PartStatus]) -> None:
        self._memory.pids = {status.name: status.pid for status in statuses}
        for status in statuses:
            known = self._started.get(status.name, 0)
            if status.pid and known and known != status.pid:
                self._restarts.append(status.name)
            if status.pid:
                self._started[status.name] = status.pid

    def _announce(self, statuses: list[PartStatus]) -> None:
        """The address as soon as there is something to see."""
        if not self._announced and any(status.name == "dashboard" and status.ready for status in statuses):
            self._announced = True
            self._view.say(f"Dashboard: {dashboard_address(self._settings)} (fills as the other parts come up)")

    def _judge(self, process: subprocess.Popen[bytes]) -> None:
        """Healthy, everything in flight taken in, and the books balanced; else ZipotifyError with what was not."""
        wrong = [f"{s.name}: {s.problem or s.state}" for s in self._tick(process) if not s.ready or s.problem]
        wrong += [f"{name} was restarted" for name in sorted(set(self._restarts))]
        self._view.say("The time is over: the simulator stops, the stream takes what is in flight.")
        self._client.stop_part("simulator")
        wrong += self._ledger_problems(process)
        peaks = self._memory.peaks
        self._view.say(f"Peak memory: {peaks.total / 2**20:,.0f} MB in total; " + _per_part(peaks.parts))
        if wrong:
            raise ZipotifyError("the run was not good: " + "; ".join(wrong), f"see {self._settings.home.logs}")
        self._view.say("Verdict: every part was healthy and the ledger balances.")

    def _ledger_problems(self, process: subprocess.Popen[bytes]) -> list[str]:
        """Look until nothing is in flight, or for as long as is fair."""
        deadline = time.monotonic() + _DRAIN_LIMIT_S
        while not self._stop.is_set():
            self._view.show(self._health.look(self._client.states()), self._memory.now)
            simulator = self._client.states().get("simulator")
            stopped = simulator is not None and simulator.state == "STOPPED"
            report = check(self._settings)
            in_flight = report.total("in_flight")
            if stopped and in_flight == 0 and report.kafka != "unreachable":
                words = "all" if report.balanced else "NOT all"
                self._view.say(f"Ledger: {report.total('produced'):,} events produced, {words} accounted for.")
                return [] if report.balanced else ["the ledger does not balance (see `zipotify ledger`)"]
            if time.monotonic() > deadline or process.poll() is not None:
                return [f"{in_flight:,} events were still in flight after {_DRAIN_LIMIT_S:.0f} s"]
            self._stop.wait(_TICK_S * 2)
        return ["it was stopped before the ledger could be checked"]

    def _interrupted(self, for_s: float | None) -> None:
        if for_s is not None:
            raise ZipotifyError("stopped before the run was over", "let it run, or leave --for out")

    def _stop_everything(self, process: subprocess.Popen[bytes]) -> None:
        """A part stops when no part that needs it still runs: the order of starting, backwards."""
        self._view.say("Stopping all parts, the last started first …")
        deadline = time.monotonic() + stop_limit_s(self._parts)
        asked: set[str] = set()
        while process.poll() is None and time.monotonic() < deadline:
            states = self._client.states()
            running = {name for name, process in states.items() if process.state not in ENDED}
            if not running:
                break
            for name in stoppable(self._parts, running) - asked:
                asked.add(name)
                self._client.stop_part(name)
            self._view.show(self._health.look(states), {})
            time.sleep(_TICK_S / 2)
        stop_process(process, stop_limit_s(self._parts))
        self._view.say("Stopped. `zipotify up` continues where this ended.")

    def _died(self, status: PartStatus) -> ZipotifyError:
        log = self._settings.home.logs / f"{status.name}.log"
        return ZipotifyError(
            f"{status.name} died: {status.problem}\n{last_lines(log)}", f"see {log}; run `zipotify doctor`"
        )

    def _not_ready(self) -> ZipotifyError:
        late = [s for s in self._health.look(self._client.states()) if not s.ready]
        listed = "; ".join(f"{status.name} is {status.state} {status.detail}".strip() for status in late)
        return ZipotifyError(f"not ready after {_READY_LIMIT_S / 60:.0f} minutes: {listed}", "run `zipotify doctor`")


def _per_part(parts: dict[str, int]) -> str:
    return ", ".join(f"{name} {size / 2**20:,.0f}" for name, size in sorted(parts.items(), key=lambda item: -item[1]))
