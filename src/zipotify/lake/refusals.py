"""Records that the producer itself refuses, because topics do not take them: kept like a load's refused records."""

from __future__ import annotations

import uuid
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from deltalake import write_deltalake

from zipotify.contracts.reasons import Reason
from zipotify.contracts.tables import LOADS, QUARANTINE, Table
from zipotify.lake.arrow import arrow_table
from zipotify.lake.tables import ensure_tables
from zipotify.settings import Settings


def keep_too_large(settings: Settings, source: str, records: list[tuple[str, bytes]]) -> None:
    """Write (topic, value) records to quarantine as TOO_LARGE, and count them as produced.

    Appends without the lake's lock: Delta keeps concurrent appends apart, and the stream may hold the lock.
    """
    if not records:
        return
    ensure_tables(settings.home.lake)
    now = datetime.now(UTC)
    load_id = f"producer-{uuid.uuid4().hex}"
    message = f"larger than max_produced_bytes ({settings.max_produced_bytes})"
    origin = {"source": source, "produced_at": now, "ingested_at": now, "load_id": load_id}
    verdict = {"reason": str(Reason.TOO_LARGE), "message": message}
    refused = [
        {"topic": topic, "value": value, "load_row": number, **verdict, **origin}
        for number, (topic, value) in enumerate(records)
    ]
    hour_at = now.replace(minute=0, second=0, microsecond=0)
    common = {"load_id": load_id, "source": source, "hour_at": hour_at, "files": "", "chunk": 0}
    read = Counter(topic for topic, _ in records)
    counts = [{**common, "topic": topic, "produced_count": count} for topic, count in read.items()]
    _append(settings, LOADS, counts)
    _append(settings, QUARANTINE, refused)
    _append(settings, LOADS, [{**common, "chunk": -1, "topic": "", "produced_count": 0}])


def _append(settings: Settings, table: Table, rows: list[dict[str, Any]]) -> None:
    write_deltalake(str(settings.home.lake / table.path), arrow_table(table, rows), mode="append")
