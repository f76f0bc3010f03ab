"""What each query of the dashboard takes on a published snapshot, beside a full scan of the plays in the same run.

    .venv/bin/python bench/dashboard_queries.py HOME

Each tile asks as its page does, in several views and several times over, and no answer is taken from memory.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from zipotify.contracts.answers import Answer
from zipotify.contracts.snapshot import open_current
from zipotify.dashboard.filters import Filters
from zipotify.dashboard.history import History, Snapshot
from zipotify.dashboard.pages import TILES
from zipotify.dashboard.tile import Tile
from zipotify.dashboard.views import NothingToShowError, Views
from zipotify.settings import Settings, load_settings

ROUNDS = 10
VIEWS = {
    "28 days": {},
    "all": {"period": "all"},
    "28 days, paid": {"level": "paid"},
    "28 days, California": {"state": "CA"},
}
"""Filters by the name of the view; 28 days is what a page opens with."""
FULL_SCAN = "select max(columns(*)) from fct_plays"
ABOUT = {
    "artist": "select artist from agg_top_artists where window_kind = 'all' and rank_number = 1",
    "song": "select song from agg_top_tracks where window_kind = 'all' and artist = ? order by rank_number",
    "user": "select user_key from agg_year_users order by play_count desc, user_key",
}


class Listening(History):
    """The newest snapshot, which writes down what it is asked."""

    def __init__(self, settings: Settings, snapshot: Snapshot) -> None:
        super().__init__(settings)
        self._of, self.asked = snapshot, list[str]()

    def newest(self) -> Snapshot:
        """The snapshot; whoever asks it is heard."""
        return _Heard(self._of.manifest, self._of._connection, asked=self.asked)


@dataclass
class _Heard(Snapshot):
    asked: list[str] = field(default_factory=list)

    def ask(self, sql: str) -> Answer:
        """Write the question down, and answer it."""
        self.asked.append(sql)
        return super().ask(sql)


def dashboard_queries(settings: Settings) -> dict[str, Any]:
    """By view: p50, p95 and worst over all queries in ms; the dearest by their p95 with their tile; the scan."""
    manifest, connection = open_current(settings.home.published, settings.warehouse_memory_mb)
    with connection:
        scan_ms = min(_times_ms(connection, FULL_SCAN, 3))
        found: dict[str, Any] = {"plays": manifest.row_counts["fct_plays"], "full_scan_ms": round(scan_ms, 1)}
        snapshot = Snapshot(manifest, connection)
        found["views"] = {name: _view(settings, snapshot, connection, given) for name, given in VIEWS.items()}
    worst_ms = max(view["dearest"][0]["p95_ms"] for view in found["views"].values())
    return {**found, "worst_p95_ms": worst_ms, "worst_p95 / full_scan": round(worst_ms / scan_ms, 3)}


def _view(
    settings: Settings, snapshot: Snapshot, connection: duckdb.DuckDBPyConnection, given: dict[str, str]
) -> dict[str, Any]:
    about, history, tile_of = _about(connection), Listening(settings, snapshot), dict[str, str]()
    views = Views(settings, history)
    for tile in TILES.values():
        filters = Filters(**{**given, **{name: about[name] for name in _needed(tile)}})
        with suppress(NothingToShowError):
            views.frame(tile, filters)
        tile_of |= {sql: tile.id for sql in history.asked if sql not in tile_of}
    times_ms = {sql: _times_ms(connection, sql, ROUNDS) for sql in tile_of}
    every = sorted(value for values in times_ms.values() for value in values)
    p95_ms = {sql: _share(values, 0.95) for sql, values in times_ms.items()}
    dearest = sorted(p95_ms, key=lambda sql: -p95_ms[sql])
    return {
        "queries": len(times_ms),
        "p50_ms": _share(every, 0.5),
        "p95_ms": _share(every, 0.95),
        "over_50_ms": sum(value > 50 for value in p95_ms.values()),
        "dearest": [{"tile": tile_of[sql], "p95_ms": p95_ms[sql]} for sql in dearest[:15]],
    }


def _needed(tile: Tile) -> list[str]:
    """What the tile is about; a track is named by its artist too."""
    return [*(["artist"] if "song" in tile.needs else []), *tile.needs]


def _about(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """The most played artist, their most played track, and who played the most: the dearest to ask about."""
    found: dict[str, str] = {}
    for name, sql in ABOUT.items():
        row = connection.execute(sql, [found["artist"]] if "?" in sql else []).fetchone()
        assert row is not None, f"nobody to ask about: {name}"
        found[name] = row[0]
    return found


def _times_ms(connection: duckdb.DuckDBPyConnection, sql: str, rounds: int) -> list[float]:
    """How long it took, each time."""
    found = []
    for _ in range(rounds):
        started = time.perf_counter()
        connection.execute(sql).fetchall()
        found.append((time.perf_counter() - started) * 1000)
    return found


def _share(values: list[float], share: float) -> float:
    """A percentile."""
    listed = values if len(values) > 1 else values * 2
    return round(statistics.quantiles(listed, n=100, method="inclusive")[round(share * 100) - 1], 1)


if __name__ == "__main__":
    print(json.dumps(dashboard_queries(load_settings(Path(sys.argv[1]))), indent=1))
