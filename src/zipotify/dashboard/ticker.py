"""The heart of the Now page: looks at the serving database once a second, for all who watch."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from dataclasses import dataclass, replace
from threading import Event, Thread

from sqlalchemy.engine import Engine
from sqlalchemy.exc import SQLAlchemyError

from zipotify.contracts.serving import report_part
from zipotify.dashboard.history import History
from zipotify.dashboard.live import LiveView, read_live

TICK_S = 1.0
SILENT_AFTER_S = 180
"""Live events are expected to come more often than that."""
_HEARTBEAT_S = 20.0
_BEAT_S = 10
_LONG_BUILD_MS = 15 * 60_000
"""A build that runs is no news; one that was killed, or takes this long, is."""
PART = "dashboard"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Tick:
    """What all viewers share; a new number means that something differs."""

    number: int
    view: LiveView | None
    publish_id: str | None
    problem: str
    """Why `view` is old; empty while it is not."""
    silent_minutes: int = 0
    """For how long nothing has come, once that is worth saying."""
    beat: int = 0
    """Changes every ten seconds: what is drawn besides `view` is looked at anew."""


class Ticker:
    """A thread that ticks, and the way for coroutines to wait for its next tick."""

    def __init__(self, engine: Engine, history: History, k_anonymity: int = 10) -> None:
        self.engine = engine
        """The serving database, for who wants more of it than the picture."""
        self._history = history
        self._k = k_anonymity
        self._stop = Event()
        self._thread = Thread(target=self._run, name="ticker", daemon=True)
        self._waiting: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()
        self.tick = Tick(0, None, None, "")

    def start(self) -> None:
        """Begin to tick."""
        self._thread.start()

    def stop(self) -> None:
        """Stop ticking and let the waiting go."""
        self._stop.set()
        self._thread.join(timeout=5)
        self._wake()

    @property
    def is_stopped(self) -> bool:
        """Whether there will be no more ticks."""
        return self._stop.is_set()

    async def after(self, number: int, limit_s: float) -> Tick:
        """The first tick that is not `number`, or the same one after a while."""
        entry = (asyncio.get_running_loop(), asyncio.Event())
        self._waiting.add(entry)
        try:
            if self.tick.number == number and not self.is_stopped:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(entry[1].wait(), limit_s)
        finally:
            self._waiting.discard(entry)
        return self.tick

    def stale(self) -> str:
        """Why the published figures are not renewed; empty while they are."""
        pipeline = self.tick.view.pipeline if self.tick.view else None
        if pipeline is None or pipeline.build is None:
            return ""
        state, began_ms = pipeline.build
        began = time.strftime("%-d %b, %H:%M UTC", time.gmtime(began_ms / 1000))
        if state == "failed":
            return f"stale: the build of {began} failed, these are of the last good one"
        if state == "running" and time.time() * 1000 - began_ms > _LONG_BUILD_MS:
            return f"stale: the build of {began} has not ended, these are of the one before"
        return ""

    def look(self) -> None:
        """One tick: read, compare, wake who waits."""
        view, problem = self.tick.view, ""
        try:
            view = read_live(self.engine, self._k)
        except SQLAlchemyError as error:
            problem = f"the serving database does not answer ({type(error).__name__})"
            log.warning("%s: %s", problem, error)
        old = self.tick
        new = Tick(
            old.number, view, self._history.publish_id(), problem, _silent_minutes(view), int(time.time() // _BEAT_S)
        )
        if new != old or old.number == 0:
            self.tick = replace(new, number=old.number + 1)
            self._wake()

    def _wake(self) -> None:
        for loop, changed in list(self._waiting):
            with contextlib.suppress(RuntimeError):  # that loop is closed
                loop.call_soon_threadsafe(changed.set)

    def _run(self) -> None:
        next_report_s = 0.0
        while not self._stop.is_set():
            started_s = time.monotonic()
            try:
                self.look()
                if started_s >= next_report_s:
                    report_part(self.engine, PART, "running", "serving")
                    next_report_s = started_s + _HEARTBEAT_S
            except Exception:  # a thread that ends would freeze the page in silence
                log.exception("tick failed")
            self._stop.wait(max(0.1, TICK_S - (time.monotonic() - started_s)))


def _silent_minutes(view: LiveView | None) -> int:
    if view is None or view.as_of_s is None:
        return 0
    silent_s = time.time() - view.as_of_s
    return int(silent_s // 60) if silent_s > SILENT_AFTER_S else 0
