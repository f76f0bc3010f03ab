"""What the Health page shows: the books, what was refused, how long things take, and whether live and batch agree."""

from __future__ import annotations

import json
import shutil
import threading
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

import polars as pl
import psutil
from deltalake import DeltaTable
from sqlalchemy import text
from sqlalchemy.engine import Engine

from zipotify.contracts.tables import QUARANTINE
from zipotify.dashboard.history import History
from zipotify.dashboard.keeping import checked, kept
from zipotify.dashboard.lag import partition_lags
from zipotify.dashboard.scope import literal
from zipotify.settings import Settings

_KEPT_S = 5.0
_SHOWN_BATCHES = 100
_SHOWN_BUILDS = 12
_COMPARED_HOURS = 12
_COUNTS = ("produced", "bronze", "refused", "repeats", "in_flight", "erased", "expired", "difference")

_NEWEST_STEPS = (
    "select r.* from job_runs as r join (select job, step, max(started_at_ms) as newest_ms from job_runs group by 1, 2)"
    " as n on r.job = n.job and r.step = n.step and r.started_at_ms = n.newest_ms order by r.job, r.started_at_ms"
)

Row = dict[str, Any]


@dataclass(frozen=True)
class HealthView:
    """One look; lists are ready to be shown, newest first unless said otherwise."""

    ledger: tuple[Row, ...]
    """One row per source, topic and UTC hour of the newest check."""
    ledger_checked_at_ms: int | None
    quarantine: tuple[Row, ...]
    """reason, topic, count, and one message as an example."""
    freshness: tuple[Row, ...]
    """Oldest first: stage, measured_at_ms, p50_ms, p95_ms, p99_ms."""
    batches: tuple[Row, ...]
    """Oldest first."""
    builds: tuple[Row, ...]
    parts: tuple[Row, ...]
    compared: tuple[Row, ...]
    """Plays by UTC hour in the live rollups and in the published marts, and the signed difference."""
    machine: Row
    lags: tuple[Row, ...]
    """How far the stream is behind Kafka, by topic and partition."""
    lag_problem: str
    """Why that is not known; empty when it is."""
    kept: tuple[Row, ...]
    """How long what is kept, and how old the oldest of it is."""
    checks: tuple[Row, ...]
    """What the checks of the data said."""


class HealthReader:
    """Looks, and keeps what it saw for a few seconds: all who watch see the same."""

    def __init__(self, settings: Settings, engine: Engine, history: History) -> None:
        self._settings = settings
        self._engine = engine
        self._history = history
        self._lock = threading.Lock()
        self._seen: tuple[float, HealthView] | None = None

    def view(self) -> HealthView:
        """The newest look, at most a few seconds old."""
        with self._lock:
            if self._seen is None or time.monotonic() - self._seen[0] > _KEPT_S:
                self._seen = (time.monotonic(), self._look())
            return self._seen[1]

    def _look(self) -> HealthView:
        newest = self._rows("select checked_at_ms, report from ledger_checks order by checked_at_ms desc limit 1")
        day_ago_ms = int(time.time() * 1000) - 86_400_000
        lags, lag_problem = partition_lags(self._settings)
        builds = self._rows("select * from builds order by started_at_ms desc limit :limit", limit=_SHOWN_BUILDS)
        snapshot = self._history.newest()
        return HealthView(
            ledger=_ledger(newest[0]["report"]) if newest else (),
            ledger_checked_at_ms=newest[0]["checked_at_ms"] if newest else None,
            quarantine=self._quarantine(),
            freshness=self._rows(
                "select * from freshness where measured_at_ms >= :since order by measured_at_ms", since=day_ago_ms
            ),
            batches=self._rows(
                "select * from stream_batches order by started_at_ms desc limit :limit", limit=_SHOWN_BATCHES
            )[::-1],
            builds=builds,
            parts=self._rows("select * from parts order by name"),
            compared=self._compared(),
            machine=self._machine(),
            lags=lags,
            lag_problem=lag_problem,
            kept=kept(self._settings),
            checks=checked(None if snapshot is None else snapshot.manifest, builds, self._rows(_NEWEST_STEPS)),
        )

    def _rows(self, sql: str, **parameters: Any) -> tuple[Row, ...]:
        with self._engine.connect() as connection:
            return tuple(dict(row._mapping) for row in connection.execute(text(sql), parameters))

    def _quarantine(self) -> tuple[Row, ...]:
        path = str(self._settings.home.lake / QUARANTINE.path)
        if not DeltaTable.is_deltatable(path):
            return ()
        columns = pl.scan_delta(path).select("reason", "topic", "message")
        grouped = columns.group_by("reason", "topic").agg(pl.len().alias("count"), pl.col("message").first())
        return tuple(grouped.sort("count", "reason", descending=[True, False]).collect().to_dicts())

    def _compared(self) -> tuple[Row, ...]:
        snapshot = self._history.newest()
        newest = self._rows("select source, max(bucket_start_s) as until_s from live_counts group by source order by 2")
        if snapshot is None or not newest:
            return ()
        source, until_s = newest[-1]["source"], int(newest[-1]["until_s"])
        since_s = until_s // 3600 * 3600 - (_COMPARED_HOURS - 1) * 3600
        live = self._rows(
            "select bucket_start_s / 3600 * 3600 as hour_s, sum(play_count) as plays from live_counts"
            " where source = :source and bucket_start_s >= :since group by 1 order by 1",
            source=source,
            since=since_s,
        )
        batch = snapshot.ask(
            "select epoch(date_trunc('hour', played_at))::bigint as hour_s, count(*) from fct_plays"
            f" where source = {literal(source)} and played_at >= make_timestamp({since_s * 1_000_000}) group by 1"
        )
        published = {int(hour): int(plays) for hour, plays in batch.rows}
        return tuple(
            {"hour_s": int(row["hour_s"]), "live": int(row["plays"]), "batch": published.get(int(row["hour_s"]), 0)}
            for row in live
        )

    def _machine(self) -> Row:
        disk = shutil.disk_usage(self._settings.home.root)
        memory = psutil.virtual_memory()
        return {
            "disk_free_bytes": disk.free,
            "disk_bytes": disk.total,
            "memory_free_bytes": memory.available,
            "memory_bytes": memory.total,
            "own_bytes": psutil.Process().memory_info().rss,
        }


def _ledger(report: str) -> tuple[Row, ...]:
    """The check's lines, partitions added up."""
    try:
        rows = json.loads(report)["rows"]
    except (ValueError, KeyError, TypeError):
        return ()
    totals: dict[tuple[str, str, str], Counter[str]] = {}
    for row in rows:
        key = (row.get("hour") or "", row.get("source") or "", row["topic"])
        totals.setdefault(key, Counter()).update({name: int(row.get(name, 0)) for name in _COUNTS})
    return tuple(
        {"hour": hour, "source": source, "topic": topic, **{name: counts[name] for name in _COUNTS}}
        for (hour, source, topic), counts in sorted(totals.items(), reverse=True)
    )
