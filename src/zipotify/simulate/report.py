"""What the live simulator says of itself: to the serving database, and on a terminal as a progress bar."""

from __future__ import annotations

import logging
import sys
import time
from collections import deque
from types import TracebackType

from sqlalchemy.exc import SQLAlchemyError

from zipotify.contracts.serving import connect, report_part
from zipotify.settings import Settings
from zipotify.simulate.lane import Lane

_PART = "simulator"
_EVERY_S = 1.5
_RATE_OVER_S = 30.0
_log = logging.getLogger(__name__)


class Reporter:
    """Keeps the simulator's row in `parts` fresh while it runs; trouble with that database stops nothing."""

    def __init__(self, settings: Settings) -> None:
        self._engine = connect(settings.serving_address())
        self._last = 0.0
        self._live_counts: deque[tuple[float, int]] = deque()
        self._live_total = 0
        self._seen: dict[str, int] = {}
        self._were_live: set[str] = set()
        self._bar = _Bar() if sys.stderr.isatty() else None

    def __enter__(self) -> Reporter:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if self._bar:
            self._bar.close()
        if kind is None:
            self._say("stopped", "its clock is saved; it goes on where it stopped", None)
        else:
            self._say("failed", str(error)[:500], None)
        self._engine.dispose()

    def starting(self) -> None:
        """Before the users are there."""
        self._say("starting", "waiting for the broker, then drawing the users", 0.0)

    def show(self, lanes: list[Lane]) -> None:
        """Report every second or two."""
        now, now_s = time.monotonic(), time.time()
        self._count_live(lanes, now, now_s)
        if now - self._last < _EVERY_S:
            return
        self._last = now
        behind = [lane for lane in lanes if not lane.is_live(now_s)]
        share = min((_share(lane, now_s) for lane in behind), default=1.0)
        live = f"live {self._live_rate():.1f} events/s"
        text = f"history {share:.0%}, {live}" if behind else live
        self._say("loading" if behind else "running", text, share)
        if self._bar:
            self._bar.show(share, text)

    def _count_live(self, lanes: list[Lane], now: float, now_s: float) -> None:
        for lane in lanes:
            fresh = lane.sent_count - self._seen.get(lane.name, 0)
            self._seen[lane.name] = lane.sent_count
            if lane.name in self._were_live:
                self._live_total += fresh
        self._were_live = {lane.name for lane in lanes if lane.is_live(now_s)}
        self._live_counts.append((now, self._live_total))
        while now - self._live_counts[0][0] > _RATE_OVER_S:
            self._live_counts.popleft()

    def _live_rate(self) -> float:
        (first_at, first), (last_at, last) = self._live_counts[0], self._live_counts[-1]
        return (last - first) / max(last_at - first_at, 1.0)

    def _say(self, state: str, detail: str, progress: float | None) -> None:
        try:
            report_part(self._engine, _PART, state, detail, progress)
        except SQLAlchemyError as error:
            _log.warning("the serving database did not take the simulator's report: %s", error)


def _share(lane: Lane, now_s: float) -> float:
    """How far a lane has come on its way to now."""
    return (lane.position_s - lane.resumed_at_s) / max(now_s - lane.resumed_at_s, 1.0)


class _Bar:
    """A progress bar of what lies behind now."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import Progress

        self._progress = Progress(console=Console(stderr=True))
        self._task = self._progress.add_task("starting", total=1.0)
        self._progress.start()

    def show(self, share: float, text: str) -> None:
        """Draw it."""
        self._progress.update(self._task, completed=share, description=text)

    def close(self) -> None:
        """Leave the terminal as it was."""
        self._progress.stop()
