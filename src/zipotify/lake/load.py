"""`load`: recorded logs straight into bronze, exactly once even when it is killed.

A load is named after its input, so that a second attempt at an interrupted load goes on where the first one was. It
writes in chunks; each write carries the load's name and the chunk's number as a Delta transaction. What was read is
written down first (`loads`), so the ledger shows a load that did not end as in flight.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import polars as pl
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake

from zipotify.contracts import outbox
from zipotify.contracts.erasure import require_applied
from zipotify.contracts.files import RawRecord, find_files, read_records
from zipotify.contracts.identity import checked_source
from zipotify.contracts.period import Period
from zipotify.contracts.tables import BRONZE, LOADS, QUARANTINE, REMOVED, REPEATS, TABLES, Table
from zipotify.lake.arrow import arrow_table
from zipotify.lake.judge import Judge, Outcome
from zipotify.lake.requests import apply_waiting
from zipotify.lake.tables import ensure_tables
from zipotify.settings import Settings

CHUNK_RECORDS = 100_000
CHUNK_BYTES = 128 * 2**20
FINISHED = -1
_ALL_DAYS = Period()


@dataclass
class LoadReport:
    """What one load read and what became of it."""

    load_id: str
    read_count: int = 0
    bronze_count: int = 0
    repeat_count: int = 0
    erased_count: int = 0
    outside_count: int = 0
    """Not of the days asked for: left in the files, and no part of `read_count`."""
    refused: Counter[str] = field(default_factory=Counter)

    def add(self, outcome: Outcome) -> None:
        """Count one chunk's outcome."""
        self.read_count += sum(outcome.read.values())
        self.bronze_count += sum(len(outcome.rows[topic]) for topic in BRONZE)
        self.repeat_count += len(outcome.rows[REPEATS.name])
        self.erased_count += len(outcome.rows[REMOVED.name])
        self.refused.update(row["reason"] for row in outcome.rows[QUARANTINE.name])


def load_files(
    settings: Settings,
    paths: list[Path],
    source: str,
    topic: str | None = None,
    on_progress: Callable[[LoadReport], None] = lambda _report: None,
    period: Period = _ALL_DAYS,
) -> LoadReport:
    """Load files and folders into bronze, or of them the days of `period`.

    Raises MissingInputError or UsageError before anything is written, and HomeInUseError.
    """
    checked_source(source)
    files = find_files(paths)
    records = read_records(files, topic)
    with settings.home.lock("lake"):
        require_applied(settings.home)
        ensure_tables(settings.home.lake)
        outbox.move_to_quarantine(settings.home)
        apply_waiting(settings)
        return _Load(settings, files, source, topic, period).run(records, on_progress)


class _Load:
    def __init__(self, settings: Settings, files: list[Path], source: str, topic: str | None, period: Period) -> None:
        self._settings = settings
        self._lake = settings.home.lake
        self._source = source
        self._period = period
        self._files = ", ".join(file.name for file in files)[:2000]
        earlier = pl.read_delta(str(self._lake / LOADS.path))
        self.load_id = _load_id(files, f"{source}|{topic or ''}{_of_days(period)}", earlier)
        # A resumed load keeps its hour, so that its records count in one place of the ledger.
        begun: list[datetime] = earlier.filter(load_id=self.load_id)["hour_at"].to_list()
        self._read_at = min(begun, default=datetime.now(UTC))
        self._judge = Judge(settings, source, self.load_id, self._read_at)

    def run(self, records: Iterator[RawRecord], on_progress: Callable[[LoadReport], None]) -> LoadReport:
        """Judge and write chunk by chunk."""
        report = LoadReport(self.load_id)
        chunk = 0
        wanted = records if self._period.is_open else self._of_period(records, report)
        while batch := _next_chunk(wanted):
            self._settings.home.require_room(self._settings.home_max_bytes)
            outcome = self._judge.judge(batch, report.read_count)
            self._write_read(outcome, chunk)
            for name, rows in outcome.rows.items():
                self._append(TABLES[name], rows, chunk)
            report.add(outcome)
            on_progress(report)
            chunk += 1
        self._write_loads([("", 0)], FINISHED, chunk)
        return report

    def _of_period(self, records: Iterator[RawRecord], report: LoadReport) -> Iterator[RawRecord]:
        for record in records:
            if self._period.holds(record.value):
                yield record
            else:
                report.outside_count += 1

    def _write_read(self, outcome: Outcome, chunk: int) -> None:
        self._write_loads(list(outcome.read.items()), chunk, chunk)

    def _write_loads(self, counts: list[tuple[str, int]], chunk: int, version: int) -> None:
        hour_at = self._read_at.replace(minute=0, second=0, microsecond=0)
        common = {"load_id": self.load_id, "chunk": chunk, "source": self._source, "hour_at": hour_at}
        rows = [{**common, "topic": t, "produced_count": n, "files": self._files} for t, n in counts]
        self._append(LOADS, rows, version)

    def _append(self, table: Table, rows: list[dict[str, Any]], version: int) -> None:
        path = str(self._lake / table.path)
        done = DeltaTable(path).transaction_version(self.load_id)
        if not rows or (done is not None and done >= version):
            return
        properties = CommitProperties(app_transactions=[Transaction(self.load_id, version)])
        write_deltalake(path, arrow_table(table, rows), mode="append", commit_properties=properties)


def _next_chunk(records: Iterator[RawRecord]) -> list[RawRecord]:
    """So many records, or fewer when they are large; the same for the same input, as a resumed load needs."""
    chunk: list[RawRecord] = []
    size_bytes = 0
    for record in islice(records, CHUNK_RECORDS):
        chunk.append(record)
        size_bytes += len(record.value)
        if size_bytes >= CHUNK_BYTES:
            break
    return chunk


def _of_days(period: Period) -> str:
    return "" if period.is_open else f"|{period}"


def _load_id(files: list[Path], read_as: str, earlier: pl.DataFrame) -> str:
    """Name of the load: its input, what is read of it, and how often that was loaded to the end before."""
    # With the chunks' size: chunks of another size are others, and must not be taken for written.
    digest = hashlib.sha256(f"{read_as}|{CHUNK_RECORDS}|{CHUNK_BYTES}".encode())
    for file in files:
        with file.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    name = digest.hexdigest()[:24]
    finished = earlier.filter(pl.col("chunk") == FINISHED, pl.col("load_id").str.starts_with(name))
    return f"{name}-{finished.height}"
