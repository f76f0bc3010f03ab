"""How fast simulated time passes: as fast as it goes, in real time, or a multiple of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from zipotify.errors import UsageError

_SLICE_S = 0.2


@dataclass(frozen=True)
class Pace:
    """Simulated seconds a second; None for no limit."""

    factor: float | None

    @property
    def is_max(self) -> bool:
        """Whether nothing is waited for."""
        return self.factor is None

    def clock(self, start_s: float) -> PacedClock:
        """A clock that shows `start_s` now."""
        return PacedClock(self.factor, start_s)


AT_ONCE = Pace(None)


class PacedClock:
    """Lets events through when their time has come."""

    def __init__(self, factor: float | None, start_s: float) -> None:
        self._factor = factor
        self._start_s = start_s
        self._began = time.monotonic()

    def wait_for(self, moment_s: float, stop: Callable[[], bool]) -> bool:
        """Wait until it is that moment; returns False when stopped meanwhile."""
        while not stop():
            ahead_s = self._ahead_s(moment_s)
            if ahead_s <= 0:
                return True
            time.sleep(min(ahead_s, _SLICE_S))
        return False

    def _ahead_s(self, moment_s: float) -> float:
        if self._factor is None:
            return 0.0
        return (moment_s - self._start_s) / self._factor - (time.monotonic() - self._began)


def parse_speed(text: str) -> Pace:
    """`max`, `real`, or a factor such as `60x`; raises UsageError."""
    if text == "max":
        return Pace(None)
    try:
        factor = 1.0 if text == "real" else float(text.removesuffix("x"))
    except ValueError:
        factor = 0.0
    if not 0 < factor < float("inf"):
        raise UsageError(f"'{text}' is no speed", "use max, real, or a factor such as 60x")
    return Pace(factor)
