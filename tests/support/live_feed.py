"""Live events for the serving database, written by the stream's own writer as if a batch had come from Kafka."""

from __future__ import annotations

import itertools
import json
import random
import time
import urllib.request
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from zipotify.contracts.fields import LISTEN_EVENTS, PAGE_VIEW_EVENTS, STATUS_CHANGE_EVENTS
from zipotify.contracts.serving import connect
from zipotify.settings import Settings
from zipotify.stream.live import LiveWriter

_PLACES = (("Austin", "TX"), ("Portland", "OR"), ("Brooklyn", "NY"), ("Chicago", "IL"), ("Oakland", "CA"))
_DEVICES = ("iPhone", "Windows", "Mac", "Android")


@dataclass
class _Batch:
    """What LiveWriter asks of a Spark data frame."""

    rows: list[dict[str, Any]]

    def toArrow(self) -> pa.Table:
        return pa.Table.from_pylist(self.rows)


@dataclass
class LiveFeed:
    """Writes plays, their page views and a few upgrades of made-up users; the same seed gives the same."""

    settings: Settings
    seed: int = 1
    user_count: int = 40
    names: str = ""
    """What each artist's and song's name begins with."""
    _batches: Any = field(default_factory=itertools.count)
    _events: Any = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._writer = LiveWriter(self.settings, connect(self.settings.serving_address()))
        self.plays: list[dict[str, Any]] = []
        """Every play that was written, for recounts."""

    def hour(self, plays_per_minute: int, minutes: int = 60) -> None:
        """The last hour, at once."""
        now_s = time.time()
        times = [
            now_s - 60 * minute - self._random.uniform(0, 60)
            for minute in range(minutes)
            for _ in range(plays_per_minute + self._random.randint(-2, 3))
        ]
        self._write([event for at_s in sorted(times) for event in self._play(at_s)])

    def now(self, plays: int) -> None:
        """Some plays of this moment."""
        self._write([event for _ in range(plays) for event in self._play(time.time())])

    def _write(self, rows: list[dict[str, Any]]) -> None:
        batch: Any = _Batch(rows)
        self._writer.write(batch, next(self._batches))

    def _play(self, at_s: float) -> list[dict[str, Any]]:
        user = self._random.randrange(self.user_count)
        city, state = _PLACES[user % len(_PLACES)]
        track = min(int(self._random.expovariate(0.12)), 60)
        base = {
            "source": "sim",
            "ts": int(at_s * 1000),
            "user_key": f"user{user}",
            "session_id": user,
            "artist": f"{self.names}Artist {track // 3}",
            "song": f"{self.names}Song {track}",
            "city": city,
            "state": state,
            "gender": "F" if user % 2 else "M",
            "level": "paid" if user % 4 == 0 else "free",
            "device": _DEVICES[user % len(_DEVICES)],
            "produced_ms": int(at_s * 1000),
            "duration": self._random.uniform(20, 400),
            "page": None,
        }
        topics = [LISTEN_EVENTS, PAGE_VIEW_EVENTS, *([STATUS_CHANGE_EVENTS] if self._random.random() < 0.01 else [])]
        self.plays.append(base)
        return [{**base, "topic": topic, "event_id": f"{self.seed}-{next(self._events)}"} for topic in topics]


@dataclass(frozen=True)
class Served:
    """A dashboard that runs, its home, and a way to feed it."""

    address: str
    settings: Settings
    feed: LiveFeed

    def api(self, path: str) -> Any:
        """JSON of the API."""
        with urllib.request.urlopen(f"{self.address}/api/v1/{path}", timeout=60) as answer:
            return json.load(answer)
