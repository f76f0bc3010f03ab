"""Viewers of a dashboard as its server sees them: they send what the browser sends, and draw nothing.

A chooser changes one filter, waits for every tile of the page, reads, and changes the next. A watcher has Now open: it
asks for the live tiles at every tick that the server tells it of.
"""

from __future__ import annotations

import itertools
import json
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import requests
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from zipotify.dashboard.components.filterbar import SELECTS
from zipotify.dashboard.filters import STATES, Filters, parse
from zipotify.dashboard.pages import PAGES, now

CONNECTIONS = 6
"""What a browser opens to one server."""
PATHS = ("/overview", "/music", "/audience", "/engagement")
CHOICES: dict[str, tuple[str, ...]] = {
    "period": ("today", "7d", "28d", "90d", "all"),
    "level": ("", "free", "paid"),
    "gender": ("", "F", "M"),
    "state": ("", *sorted(STATES)),
    "device": ("", "iPhone", "Windows", "Mac", "Android"),
}
_PARTS = ("tile-body", "tile-foot", "tile-menu")


@dataclass
class Seen:
    """What happened to the viewers of one run."""

    changes_s: list[float] = field(default_factory=list)
    """From a choice until the last tile."""
    live_s: list[float] = field(default_factory=list)
    """From a tick's news until the live tiles."""
    ticks: int = 0
    errors: list[str] = field(default_factory=list)


_TILE_OUTPUT = "...".join(f'{{"id":["MATCH"],"type":"{part}"}}.children' for part in _PARTS)


class Chooser(threading.Thread):
    """Somebody who looks for something."""

    def __init__(self, base: str, seen: Seen, seed: int, think_s: float, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self._address, self._origin = f"{base}/_dash-update-component", {"Origin": base}
        self._seen, self._think_s, self._stopped = seen, think_s, stop
        self._random = random.Random(seed)
        self._page = PAGES[self._random.choice(PATHS)]
        self._filters = Filters()
        self._browser = requests.Session()
        self._pool = ThreadPoolExecutor(CONNECTIONS)

    def run(self) -> None:
        """Change filters until told to stop."""
        self._stopped.wait(self._random.uniform(0, self._think_s))
        while not self._stopped.is_set():
            started = time.perf_counter()
            try:
                self.change()
            except (requests.RequestException, ValueError) as error:
                self._seen.errors.append(f"{type(error).__name__}: {error}"[:300])
            else:
                self._seen.changes_s.append(time.perf_counter() - started)
            self._stopped.wait(self._random.expovariate(1 / self._think_s))

    def change(self) -> None:
        """One other filter; every fifth time another page as well."""
        if self._random.random() < 0.2:
            self._page = PAGES[self._random.choice(PATHS)]
        name = self._random.choice([*CHOICES, "period"])
        wanted = {
            name: self._random.choice([value for value in CHOICES[name] if value != getattr(self._filters, name)])
        }
        search = self._choose(wanted)
        self._filters = parse(search)
        asked = [self._head(search), *(self._tile(tile.id, search) for tile in self._page.tiles)]
        for text in self._pool.map(self._post, asked):
            if "This tile failed" in text or "zip-problem" in text:
                raise ValueError(text[:300])

    def _choose(self, wanted: dict[str, str]) -> str:
        """The address that the server makes of a choice."""
        values: dict[str, Any] = {"period": self._filters.period, "dates": [None, None]}
        values |= {each: getattr(self._filters, each) or None for each in SELECTS} | wanted
        ids = [{"name": each, "type": "filter"} for each in values]
        inputs = [{"id": at, "property": "value", "value": values[at["name"]]} for at in ids]
        state = [{"id": at, "property": "id", "value": at} for at in ids]
        before = {"id": "url", "property": "search", "value": self._filters.search()}
        body = {
            "output": "url.search",
            "outputs": {"id": "url", "property": "search"},
            "inputs": [inputs],
            "state": [state, before],
            "changedPropIds": [json.dumps(ids[0], separators=(",", ":")) + ".value"],
        }
        said = json.loads(self._post(body) or "{}")
        return str(said.get("response", {}).get("url", {}).get("search", self._filters.search()))

    def _head(self, search: str) -> dict[str, Any]:
        return {
            "output": "..page-head.children...page.children...shown.data..",
            "outputs": [
                {"id": "page-head", "property": "children"},
                {"id": "page", "property": "children"},
                {"id": "shown", "property": "data"},
            ],
            "inputs": [
                {"id": "url", "property": "pathname", "value": self._page.path},
                {"id": "url", "property": "search", "value": search},
            ],
            "state": [{"id": "shown", "property": "data", "value": self._page.path}],
            "changedPropIds": ["url.search"],
        }

    def _tile(self, name: str, search: str) -> dict[str, Any]:
        places = [{"id": {"id": name, "type": part}, "property": "children"} for part in _PARTS]
        return {
            "output": f"..{_TILE_OUTPUT}..",
            "outputs": places,
            "inputs": [
                {"id": "url", "property": "search", "value": search},
                {"id": "published", "property": "data", "value": ""},
            ],
            "state": [
                {"id": places[0]["id"], "property": "id", "value": places[0]["id"]},
                {"id": places[2]["id"], "property": "children", "value": "as it was"},
            ],
            "changedPropIds": ["url.search"],
        }

    def _post(self, body: dict[str, Any]) -> str:
        answer = self._browser.post(self._address, json=body, headers=self._origin, timeout=120)
        if answer.status_code not in (200, 204):
            raise ValueError(f"{answer.status_code}: {answer.text[:200]}")
        return answer.text


class Watcher(threading.Thread):
    """Somebody who has Now open."""

    def __init__(self, base: str, seen: Seen, push: str, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self._base, self._seen, self._push, self._stopped = base, seen, push, stop
        self._numbers = itertools.count()
        self._asked: dict[str, float] = {}

    def run(self) -> None:
        """Follow the ticks until told to stop."""
        try:
            address = f"{self._base.replace('http', 'ws', 1)}/_dash-ws-callback"
            with connect(address, origin=self._base, max_size=2**24) as socket:
                self._ask(socket, self._push, {"outputs": [], "inputs": [], "state": [], "changedPropIds": []})
                self._draw(socket, 0)
                while not self._stopped.is_set():
                    self._take(socket)
        except (OSError, ConnectionClosed) as error:
            self._seen.errors.append(f"{type(error).__name__}: {error}"[:300])

    def _take(self, socket: ClientConnection) -> None:
        try:
            said = json.loads(socket.recv(timeout=1))
        except TimeoutError:
            return
        for message in said if isinstance(said, list) else [said]:
            kind, payload = message["type"], message.get("payload") or {}
            if kind == "callback_response" and message["requestId"] in self._asked:
                self._seen.live_s.append(time.perf_counter() - self._asked.pop(message["requestId"]))
                if payload.get("status") != "ok":
                    self._seen.errors.append(f"live: {payload}"[:300])
            elif "tick" in json.dumps(payload):
                self._seen.ticks += 1
                self._draw(socket, self._seen.ticks)

    def _draw(self, socket: ClientConnection, tick: int) -> None:
        ids = [{"type": "live", "id": name} for name in ("as-of", "pipeline", *now.TILES)]
        number = self._ask(
            socket,
            "drawn.data",
            {
                "outputs": {"id": "drawn", "property": "data"},
                "inputs": [{"id": "tick", "property": "data", "value": tick}],
                "state": [[{"id": each, "property": "id", "value": each} for each in ids]],
                "changedPropIds": ["tick.data"],
            },
        )
        self._asked[number] = time.perf_counter()

    def _ask(self, socket: ClientConnection, output: str, payload: dict[str, Any]) -> str:
        number = str(next(self._numbers))
        message = {"type": "callback_request", "rendererId": "bench", "requestId": number}
        socket.send(json.dumps({**message, "payload": {"output": output, **payload}}))
        return number


def push_output(base: str) -> str:
    """What Dash calls the callback that tells of ticks: the one without an input."""
    known = requests.get(f"{base}/_dash-dependencies", timeout=60).json()
    return str(next(each["output"] for each in known if not each["inputs"]))
