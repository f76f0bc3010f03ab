"""Records that a producer refused (TOO_LARGE): they wait in `home/outbox` until they are moved into quarantine.

A producer may not write to the lake, which the stream holds, and Kafka does not take them. So each is a file of its
own, and whoever holds the lake moves them. The ledger counts them in either place, and never twice: by their id.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

from zipotify.contracts.erasure import read_list
from zipotify.contracts.reasons import Reason
from zipotify.contracts.tables import ERASED, QUARANTINE, REMOVED, Table
from zipotify.home import Home

PRODUCER_PREFIX = "producer-"
"""`load_id` of a quarantine row that a producer refused starts so; the row stands for itself in the ledger."""
_ENDING = ".refused"
_MOVED_AT_ONCE = 8
"""Such records are large by definition, so only a few are held in memory at a time."""


@dataclass(frozen=True)
class RefusedRecord:
    """One waiting record; `path` holds a line of JSON about it and then its original bytes."""

    load_id: str
    source: str
    topic: str
    message: str
    produced_at: datetime
    path: Path

    def value(self) -> bytes:
        """The original bytes."""
        return self.path.read_bytes().partition(b"\n")[2]


def refuser(home: Home, source: str, limit_bytes: int) -> Callable[[str, bytes], None]:
    """A function (topic, value) that puts a record larger than `limit_bytes` into the outbox."""

    def refuse(topic: str, value: bytes) -> None:
        about = {
            "source": source,
            "topic": topic,
            "message": f"{len(value)} bytes, at most {limit_bytes} are sent",
            "produced_at_us": int(datetime.now(UTC).timestamp() * 1e6),
        }
        home.outbox.mkdir(parents=True, exist_ok=True)
        path = home.outbox / f"{PRODUCER_PREFIX}{uuid.uuid4().hex}{_ENDING}"
        unfinished = path.with_suffix(".new")
        unfinished.write_bytes(orjson.dumps(about) + b"\n" + value)
        unfinished.replace(path)

    return refuse


def waiting(home: Home) -> Iterator[RefusedRecord]:
    """What waits now, without the bytes; a record that is moved meanwhile is left out."""
    for path in sorted(home.outbox.glob(f"*{_ENDING}")):
        try:
            with path.open("rb") as file:
                about = orjson.loads(file.readline())
        except FileNotFoundError:
            continue
        produced_at = datetime.fromtimestamp(about.pop("produced_at_us") / 1e6, UTC)
        yield RefusedRecord(path.stem, produced_at=produced_at, path=path, **about)


def move_to_quarantine(home: Home) -> int:
    """Move all that waits into the lake's quarantine, each once; the caller holds the lake. Returns how many."""
    moved_count = 0
    records = waiting(home)
    while some := list(islice(records, _MOVED_AT_ONCE)):
        _append(home, some)
        for record in some:
            record.path.unlink()
        moved_count += len(some)
    return moved_count


def _append(home: Home, records: list[RefusedRecord]) -> None:
    """Into quarantine, or, of somebody who was erased, only the fact that there was one."""
    erased = read_list(home)
    rows: dict[str, list[dict[str, Any]]] = {QUARANTINE.name: [], REMOVED.name: []}
    for record in records:
        value = record.value()
        if erased and erased.owns(record.source, value):
            hour = record.produced_at.replace(minute=0, second=0, microsecond=0)
            rows[REMOVED.name].append({**_head(record), "cause": ERASED, "produced_at": hour})
        else:
            refusal = {"reason": str(Reason.TOO_LARGE), "message": record.message, "value": value}
            rows[QUARANTINE.name].append({**_head(record), **refusal})
    for table in (QUARANTINE, REMOVED):
        _append_rows(home, table, rows[table.name])


def _append_rows(home: Home, table: Table, rows: list[dict[str, Any]]) -> None:
    """Write them, except those that an interrupted move wrote and did not remove from the outbox."""
    import pyarrow as pa
    import pyarrow.compute as pc
    from deltalake import DeltaTable, write_deltalake

    from zipotify.contracts.schemas import arrow_schema

    path = str(home.lake / table.path)
    ids = pc.field("load_id").isin([row["load_id"] for row in rows])
    written = DeltaTable(path).to_pyarrow_dataset().to_table(["load_id"], ids)["load_id"].to_pylist() if rows else []
    fresh = [row for row in rows if row["load_id"] not in written]
    if fresh:
        write_deltalake(path, pa.Table.from_pylist(fresh, arrow_schema(table)), mode="append")


def _head(record: RefusedRecord) -> dict[str, Any]:
    return {
        "topic": record.topic,
        "source": record.source,
        "produced_at": record.produced_at,
        "ingested_at": datetime.now(UTC),
        "load_id": record.load_id,
        "load_row": 0,
    }
