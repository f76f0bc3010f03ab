"""One group of users on its way through time: first what lies behind now, then each event as it comes due."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from zipotify.simulate.engine import Simulation
from zipotify.simulate.lines import LineWriter, Record
from zipotify.simulate.plan import Plan

LOOKAHEAD_S = 10
"""Live windows are simulated this far ahead of the clock on the wall."""
BEHIND_S = 60
"""A lane whose next event is older than this is catching up; any other is live."""
_WINDOW_RECORDS = 4_000
_FIRST_WINDOW_S = 3600

Saved: TypeAlias = dict[str, npt.NDArray[np.int64]]


class Lane:
    """Events of one simulation in order; knows how to say exactly where it stands."""

    def __init__(self, name: str, plan: Plan, saved: Saved | None = None) -> None:
        self.name = name
        self.sent_count = 0
        self._plan = plan
        self._simulation = Simulation(plan)
        self._writer = LineWriter([plan])
        self._window_s = _FIRST_WINDOW_S
        self._queue: deque[Record] = deque()
        self._sent_of_window = 0
        self._before = self._simulation.snapshot()
        if saved is not None:
            self._restore(saved)
        self.resumed_at_s = self.position_s

    @property
    def position_s(self) -> int:
        """Everything before this moment was handed out."""
        return self._queue[0].ts_s if self._queue else self._simulation.clock_s

    def is_live(self, now_s: float) -> bool:
        """Whether it has caught up."""
        return self.position_s >= now_s - BEHIND_S

    def take(self, now_s: float, limit: int) -> list[Record]:
        """The next due events, at most `limit`; may be fewer although more are due."""
        if not self._queue and self._simulation.clock_s < now_s:
            self._next_window(int(now_s) + LOOKAHEAD_S)
        due: list[Record] = []
        while self._queue and self._queue[0].ts_s <= now_s and len(due) < limit:
            due.append(self._queue.popleft())
        self._sent_of_window += len(due)
        self.sent_count += len(due)
        return due

    def save(self) -> Saved:
        """Where it stands: the window it is in, and how many of its events were handed out."""
        end = np.array([self._simulation.clock_s])
        return {**self._before, "window_end_s": end, "sent_of_window": np.array([self._sent_of_window])}

    def handed_out(self) -> Iterator[Record]:
        """Everything up to where it stands, made again from the beginning: the truth about what was sent."""
        end_s, again = self._simulation.clock_s, Lane(self.name, self._plan)
        records = deque[Record]()
        while (found := again.take(end_s - 1, _WINDOW_RECORDS)) or again.position_s < end_s:
            records.extend(found)
            while len(records) > len(self._queue):
                yield records.popleft()

    def _restore(self, saved: Saved) -> None:
        self._simulation.restore(saved)
        self._before = self._simulation.snapshot()
        end, sent = int(saved["window_end_s"][0]), int(saved["sent_of_window"][0])
        if end > self._simulation.clock_s:
            self._fill(end)
            for _ in range(sent):
                self._queue.popleft()
            self._sent_of_window = sent

    def _next_window(self, latest_end_s: int) -> None:
        self._before = self._simulation.snapshot()
        self._sent_of_window = 0
        self._fill(min(self._simulation.clock_s + self._window_s, latest_end_s))
        share = _WINDOW_RECORDS / max(len(self._queue), 1)
        self._window_s = int(min(4 * self._window_s, max(LOOKAHEAD_S, self._window_s * share)))

    def _fill(self, end_s: int) -> None:
        self._queue.extend(self._writer.records(self._simulation.advance(end_s)))
