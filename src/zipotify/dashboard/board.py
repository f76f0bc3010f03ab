"""Tiles that move: drawn, and written as JSON, once per tick for all who watch."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from dash import html
from plotly.io.json import to_json_plotly

from zipotify.dashboard.components import messages
from zipotify.dashboard.components.clock import moment
from zipotify.dashboard.health import HealthReader
from zipotify.dashboard.pages import behind, health, now, plan
from zipotify.dashboard.ticker import Tick
from zipotify.dashboard.tile import Component
from zipotify.errors import ZipotifyError

log = logging.getLogger(__name__)

_NAMES = frozenset({"as-of", "pipeline", *now.TILES, *health.TILES, *plan.TILES})


class Board:
    """Keeps the drawings of the newest tick; the first who asks makes one, all others take it."""

    def __init__(self, reader: HealthReader, read_plan: plan.PlanReader = plan.no_plan) -> None:
        self._reader = reader
        self._read_plan = read_plan
        self._lock = threading.Lock()
        self._number = -1
        self._good: dict[str, Component] = {}
        self._written: dict[str, str] = {}
        """name -> its drawing as JSON; what a thousand viewers get is made once."""

    def written(self, names: Sequence[str], tick: Tick) -> str:
        """These tiles as of this tick, as a JSON object of name -> component; names that are none are left out."""
        with self._lock:
            if self._number != tick.number:
                self._written, self._number = {}, tick.number
            known = [name for name in dict.fromkeys(names) if name in _NAMES]
            for name in known:
                if name not in self._written:
                    self._written[name] = to_json_plotly(self._draw(name, tick))
            return "{" + ",".join(f'"{name}":{self._written[name]}' for name in known) + "}"

    def rows(self, name: str, tick: Tick) -> Sequence[behind.Row]:
        """What a tile holds, to take away; nothing while there is nothing. Raises KeyError for a name that is none."""
        wanted = behind.BEHIND[name]
        view: Any = tick.view
        if name in behind.HEALTH:
            view = self._reader.view()
        elif name in behind.PLAN:
            view = self._read_plan()
        return [] if view is None else wanted.rows(view)

    def _draw(self, name: str, tick: Tick) -> Component:
        """The tile; when it fails, what is wrong above the last one that did not."""
        try:
            good = self._good[name] = self._drawn(name, tick)
            return good
        except ZipotifyError as error:
            problem = messages.problem(error.what, error.to_do)
        except Exception as error:  # one tile that fails must not stop the others
            log.exception("tile %s failed", name)
            what = f"This tile failed: {type(error).__name__}"
            problem = messages.problem(what, "The log says more; the others go on.")
        return html.Div([problem, self._good.get(name)])

    def _drawn(self, name: str, tick: Tick) -> Component:
        if name in health.TILES:
            return _dated(health.TILES[name][3](self._reader.view()), moment(time.time(), "second"))
        if name in plan.TILES:
            return _dated(plan.draw(name, self._read_plan), datetime.now(UTC).strftime("%-d %b %Y"))
        drawn = now.draw(name, tick)
        as_of_s = tick.view.as_of_s if tick.view else None
        return drawn if name not in now.TILES or as_of_s is None else _dated(drawn, moment(as_of_s, "second"))


def _dated(drawn: Component, as_of: Component) -> Component:
    return html.Div([drawn, html.Footer(["as of ", as_of], className="zip-tile-foot")], className="zip-dated")
