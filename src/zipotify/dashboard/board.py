"""Tiles that move: drawn once per tick, for all who watch."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence

from zipotify.dashboard.components import messages
from zipotify.dashboard.health import HealthReader
from zipotify.dashboard.pages import health, now, plan
from zipotify.dashboard.ticker import Tick
from zipotify.dashboard.tile import Component
from zipotify.errors import ZipotifyError

log = logging.getLogger(__name__)


class Board:
    """Keeps the drawings of the newest tick; the first who asks makes one, all others take it."""

    def __init__(self, reader: HealthReader, read_plan: plan.PlanReader = plan.no_plan) -> None:
        self._reader = reader
        self._read_plan = read_plan
        self._lock = threading.Lock()
        self._number = -1
        self._drawn: dict[str, Component] = {}

    def drawn(self, names: Sequence[str], tick: Tick) -> list[Component]:
        """These tiles, as of this tick."""
        with self._lock:
            if self._number != tick.number:
                self._drawn, self._number = {}, tick.number
            for name in names:
                if name not in self._drawn:
                    self._drawn[name] = self._draw(name, tick)
            return [self._drawn[name] for name in names]

    def _draw(self, name: str, tick: Tick) -> Component:
        try:
            if name in health.TILES:
                return health.TILES[name][3](self._reader.view())
            if name in plan.TILES:
                return plan.draw(name, self._read_plan)
            return now.draw(name, tick)
        except ZipotifyError as error:
            return messages.problem(error.what, error.to_do)
        except Exception as error:  # one tile that fails must not stop the others
            log.exception("tile %s failed", name)
            return messages.problem(f"This tile failed: {type(error).__name__}", "The log says more; the others go on.")
