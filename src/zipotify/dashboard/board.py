"""The Now page, drawn once per tick."""

from __future__ import annotations

import threading

from zipotify.dashboard.pages import now
from zipotify.dashboard.ticker import Tick
from zipotify.dashboard.tile import Component

_PARTS = ("as-of", "pipeline", *now.TILES)


class NowBoard:
    """Keeps the drawing of the newest tick; the first who asks makes it, all others take it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._number = -1
        self._drawn: dict[str, Component] = {}

    def drawn(self, tick: Tick) -> dict[str, Component]:
        """All live tiles by name."""
        with self._lock:
            if self._number != tick.number:
                self._drawn = {name: now.draw(name, tick) for name in _PARTS}
                self._number = tick.number
            return self._drawn
