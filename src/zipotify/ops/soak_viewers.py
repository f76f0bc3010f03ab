"""People who look at the dashboard meanwhile: pages and every tile of the API, one after the other, without end."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from threading import Event, Lock, Thread

import numpy as np
import orjson

PAGES = ("/", "/overview", "/music", "/audience", "/engagement", "/health", "/api/v1/live", "/metrics")
_LIMIT_S = 60.0
_EXPECTED = (200, 403, 404, 503)
"""403: too few people; 404: a tile that is not computed yet; 503: nothing published yet."""


class Viewers:
    """Threads that look; `is_hurt` says whether the dashboard may just not answer since it was hurt on purpose."""

    def __init__(self, address: str, is_hurt: Callable[[], bool], count: int = 3, pause_s: float = 0.5) -> None:
        self._address = address
        self._is_hurt = is_hurt
        self._pause_s = pause_s
        self._stop = Event()
        self._lock = Lock()
        self._threads = [Thread(target=self._look, args=(which,), name="viewer", daemon=True) for which in range(count)]
        self.seconds: list[float] = []
        """How long each answer took."""
        self.refused_count = 0
        """Looks at a dashboard that was hurt."""
        self.problems: list[str] = []

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End."""
        self._stop.set()
        for thread in self._threads:
            if thread.ident:
                thread.join()

    def figures(self) -> dict[str, float | int]:
        """Answers, and how long they took."""
        taken = np.asarray(self.seconds or [0.0])
        return {
            "viewers": len(self._threads),
            "answers": len(self.seconds),
            "refused_while_hurt": self.refused_count,
            "p50_s": round(float(np.quantile(taken, 0.5)), 3),
            "p99_s": round(float(np.quantile(taken, 0.99)), 3),
        }

    def _look(self, which: int) -> None:
        paths: Sequence[str] = ()
        at = which
        while not self._stop.wait(self._pause_s):
            paths = paths or self._paths()
            if paths:
                self._ask(paths[at % len(paths)])
                at += 1

    def _paths(self) -> list[str]:
        tiles = orjson.loads(self._ask("/api/v1/tiles") or b"[]")
        whole = [f"/api/v1/tiles/{tile['id']}" for tile in tiles if not tile["needs"]]
        return [*PAGES, *whole] if whole else []

    def _ask(self, path: str) -> bytes:
        started = time.monotonic()
        try:
            with urllib.request.urlopen(self._address + path, timeout=_LIMIT_S) as answer:  # noqa: S310 - our own
                body: bytes = answer.read()
            self._note(time.monotonic() - started)
            return body
        except urllib.error.HTTPError as error:
            error.close()
            self._note(time.monotonic() - started, "" if error.code in _EXPECTED else f"{path}: {error.code}")
        except OSError as error:
            self._refused(path, error)
        return b""

    def _note(self, seconds: float, problem: str = "") -> None:
        with self._lock:
            self.seconds.append(seconds)
            if problem:
                self.problems.append(problem)

    def _refused(self, path: str, error: OSError) -> None:
        with self._lock:
            if self._is_hurt():
                self.refused_count += 1
            else:
                self.problems.append(f"{path}: {error}")
