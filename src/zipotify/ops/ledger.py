"""The ledger: produced = bronze + refused + repeats + in flight + erased + expired, per source, topic, partition, hour.

What was produced is counted in Kafka and in the list of loads, what became of it in the lake; neither asks the other.
"""

from __future__ import annotations

import json
import time
from collections import defaultdict
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from threading import Event
from typing import Any

from filelock import FileLock
from sqlalchemy import delete, select
from sqlalchemy.engine import Engine

from zipotify.contracts import outbox, serving
from zipotify.contracts.serving import connect, insert_into, report_part
from zipotify.ops.ledger_kafka import HOUR_S, Produced, count_produced
from zipotify.ops.ledger_lake import OUTCOMES, Landed, Loads, count_landed, count_loads
from zipotify.settings import Settings

_KEEP_CHECKS = 200
_WATCH_INTERVAL_S = 20.0

RowKey = tuple[str | None, str, int | None, int | None]
"""(source, topic, partition or None for loads, hour in seconds since 1970)"""


@dataclass
class LedgerRow:
    """One line; `partition` is None for loads, `hour` None where retention removed records before they were counted."""

    source: str | None
    topic: str
    partition: int | None
    hour: str | None
    produced: int = 0
    bronze: int = 0
    refused: int = 0
    repeats: int = 0
    in_flight: int = 0
    erased: int = 0
    expired: int = 0
    difference: int = 0

    def close(self) -> None:
        """Work out the difference: what was produced and is nowhere (or, below 0, is there and was never produced)."""
        landed = self.bronze + self.refused + self.repeats
        self.difference = self.produced - landed - self.in_flight - self.erased - self.expired


@dataclass(frozen=True)
class LedgerReport:
    """All lines, and whether each of them balances."""

    rows: list[LedgerRow]
    kafka: str

    @property
    def balanced(self) -> bool:
        """Whether no line has a difference."""
        return all(row.difference == 0 for row in self.rows)

    def total(self, column: str) -> int:
        """Sum of one count over all lines."""
        return sum(getattr(row, column) for row in self.rows)

    def as_json(self) -> dict[str, Any]:
        """The form that `zipotify ledger --format json` prints."""
        return {"balanced": self.balanced, "kafka": self.kafka, "rows": [asdict(row) for row in self.rows]}


def check(settings: Settings) -> LedgerReport:
    """Count everything and compare."""
    settings.home.run.mkdir(parents=True, exist_ok=True)
    # One at a time: two that count the same stretch of Kafka would both add it to what is stored.
    with FileLock(settings.home.run / "ledger.lock"):
        return _check(settings)


def _check(settings: Settings) -> LedgerReport:
    engine = connect(settings.serving_address())
    try:
        produced = count_produced(settings, engine)
    finally:
        engine.dispose()
    # Loads first: what is read is written down before it lands, so a load that runs now shows as in flight.
    loads = count_loads(settings.home.lake)
    refused = list(outbox.waiting(settings.home))
    landed = count_landed(settings.home.lake, produced.boundary, produced.gaps)
    lines = _Lines()
    _add_streamed(lines, produced, landed)
    _add_loaded(lines, loads, landed)
    _add_waiting(lines, refused, landed)
    kafka = "reachable" if produced.reachable else "unreachable" if produced.boundary else "not used"
    return LedgerReport(lines.closed(), kafka)


class _Lines:
    def __init__(self) -> None:
        self._counts: dict[RowKey, dict[str, int]] = defaultdict(lambda: defaultdict(int))

    def add(self, key: RowKey, column: str, count: int) -> None:
        self._counts[key][column] += count

    def closed(self) -> list[LedgerRow]:
        rows = [self._row(key, counts) for key, counts in self._counts.items()]
        return sorted(rows, key=lambda row: (row.source or "", row.topic, str(row.partition), row.hour or ""))

    @staticmethod
    def _row(key: RowKey, counts: dict[str, int]) -> LedgerRow:
        source, topic, partition, hour_s = key
        hour = None if hour_s is None else datetime.fromtimestamp(hour_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        row = LedgerRow(source, topic, partition, hour, **counts)
        row.close()
        return row


def _add_streamed(lines: _Lines, produced: Produced, landed: Landed) -> None:
    for key, count in produced.counts.items():
        lines.add(key, "produced", count)
    for key, count in produced.in_flight.items():
        lines.add(key, "produced", count)
        lines.add(key, "in_flight", count)
    for outcome in OUTCOMES:
        for key, count in landed.streamed[outcome].items():
            lines.add(key, outcome, count)
    for topic, number, start, end in produced.gaps:
        gap: RowKey = (None, topic, number, None)
        lines.add(gap, "produced", end - start)
        lines.add(gap, "expired", end - start)
    for (topic, number), count in landed.in_gaps.items():
        lines.add((None, topic, number, None), "expired", -count)
        lines.add((None, topic, number, None), "bronze", count)


def _add_loaded(lines: _Lines, loads: Loads, landed: Landed) -> None:
    for (load_id, source, topic, hour_s), read in loads.read.items():
        key: RowKey = (source, topic, None, hour_s)
        lines.add(key, "produced", read)
        if load_id not in loads.finished:
            arrived = sum(landed.loaded[outcome][load_id, source, topic, hour_s] for outcome in OUTCOMES)
            lines.add(key, "in_flight", max(0, read - arrived))
    for outcome in OUTCOMES:
        for (load_id, source, topic, hour_s), count in landed.loaded[outcome].items():
            lines.add((source, topic, None, hour_s), outcome, count)
            if load_id.startswith(outbox.PRODUCER_PREFIX):
                lines.add((source, topic, None, hour_s), "produced", count)


def _add_waiting(lines: _Lines, refused: list[outbox.RefusedRecord], landed: Landed) -> None:
    """Records that a producer refused and nobody has moved yet; one that was moved meanwhile has landed."""
    moved = {load_id for load_id, *_ in landed.loaded["refused"]}
    for record in refused:
        if record.load_id not in moved:
            hour_s = int(record.produced_at.timestamp()) // HOUR_S * HOUR_S
            key: RowKey = (record.source, record.topic, None, hour_s)
            lines.add(key, "produced", 1)
            lines.add(key, "in_flight", 1)


def watch(settings: Settings, stop: Event) -> None:
    """Check every so often until `stop`, and keep the results in the serving database."""
    engine = connect(settings.serving_address())
    while not stop.is_set():
        report = check(settings)
        _store(engine, report)
        state = "balanced" if report.balanced else "does not balance"
        detail = f"{state}: {report.total('produced')} produced, {report.total('in_flight')} in flight"
        report_part(engine, "ledger", "running", detail)
        stop.wait(_WATCH_INTERVAL_S)
    report_part(engine, "ledger", "stopped")


def _store(engine: Engine, report: LedgerReport) -> None:
    table = serving.ledger_checks
    row = {
        "checked_at_ms": int(time.time() * 1000),
        "balanced": report.balanced,
        "report": json.dumps(report.as_json()),
    }
    kept = select(table.c.checked_at_ms).order_by(table.c.checked_at_ms.desc()).offset(_KEEP_CHECKS).limit(1)
    with engine.begin() as connection:
        connection.execute(insert_into(engine, table).values(row).on_conflict_do_nothing())
        connection.execute(delete(table).where(table.c.checked_at_ms <= kept.scalar_subquery()))
