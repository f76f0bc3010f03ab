"""Replay and discard: refused records come back after a fix, or are given up; the ledger counts each in one place.

A record that comes back takes its old place, topic, partition and hour of sending, in bronze or among the repeats, and
leaves the quarantine; so nothing was produced anew. Interrupted anywhere, it is done again to the same end: what has
its place already only leaves the quarantine.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import polars as pl
from deltalake import DeltaTable, write_deltalake

from zipotify.contracts.decode import Limits, Refusal, decode
from zipotify.contracts.erasure import read_list
from zipotify.contracts.fields import EVENTS
from zipotify.contracts.identity import user_keyer
from zipotify.contracts.tables import BRONZE, LOADS, QUARANTINE, REPEATS, TABLES, USERS_PRIVATE
from zipotify.lake.arrow import arrow_table
from zipotify.lake.judge import CONFLICT_MESSAGE, private_ids
from zipotify.lake.quarantine import Refused, refused_records, value_of
from zipotify.lake.rows import Row, bronze_row, private_row
from zipotify.settings import Settings

_AT_ONCE = 500
_ORIGIN = ("kafka_partition", "kafka_offset", "load_id", "load_row")


class Amender:
    """Amends one lake, which the caller holds between two batches."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lake = settings.home.lake
        self._limits = Limits(settings.max_event_bytes, settings.future_tolerance_hours * 3_600_000)
        self._key = user_keyer(settings.user_key())
        self._erased = read_list(settings.home)

    def discard(self, ids: Iterable[str]) -> dict[str, str]:
        """Give records up: their content goes, the fact that they were refused stays. Returns what became of each."""
        records = refused_records(self._lake, list(ids))
        now = datetime.now(UTC).isoformat()
        table = DeltaTable(str(self._lake / QUARANTINE.path))
        for predicate in _predicates(records):
            table.update(predicate=predicate, updates={"value": "NULL", "discarded_at": f"CAST('{now}' AS TIMESTAMP)"})
        return {record.id: "discarded" for record in records}

    def replay(self, ids: Iterable[str], repaired: Mapping[str, bytes]) -> dict[str, str]:
        """Send records through again, with other bytes where they were repaired. Returns what became of each."""
        records = refused_records(self._lake, list(ids))
        outcome: dict[str, str] = {}
        for start in range(0, len(records), _AT_ONCE):
            outcome |= self._replay(records[start : start + _AT_ONCE], repaired)
        return outcome

    def _replay(self, records: list[Refused], repaired: Mapping[str, bytes]) -> dict[str, str]:
        placed = self._placed(records)
        outcome = {record.id: placed[record.id] for record in records if record.id in placed}
        rows: dict[str, list[Row]] = defaultdict(list)
        known: dict[str, str] = {}
        for record in records:
            if record.id not in placed:
                value = repaired.get(record.id)
                value = value_of(self._lake, record.id) if value is None else value
                outcome[record.id] = self._place(record, value, rows, known)
        self._write(rows)
        gone = [record for record in records if outcome[record.id] in ("bronze", "repeat")]
        table = DeltaTable(str(self._lake / QUARANTINE.path))
        for predicate in _predicates(gone):
            table.delete(predicate)
        return outcome

    def _placed(self, records: list[Refused]) -> dict[str, str]:
        """Records that an interrupted replay has already written."""
        wanted = pl.LazyFrame([vars(record) for record in records]).select("id", "topic", *_ORIGIN)
        found: dict[str, str] = {}
        for topic in {record.topic for record in records} & BRONZE.keys():
            bronze = pl.scan_delta(str(self._lake / BRONZE[topic].path)).with_columns(pl.lit(topic).alias("topic"))
            found |= dict.fromkeys(_same_origin(bronze, wanted), "bronze")
        repeats = pl.scan_delta(str(self._lake / REPEATS.path))
        return found | dict.fromkeys(_same_origin(repeats, wanted), "repeat")

    def _place(self, record: Refused, value: bytes, rows: dict[str, list[Row]], known: dict[str, str]) -> str:
        """Judge one record and add its rows; `known` are identities placed before it."""
        if record.topic not in EVENTS:
            return "still refused: UNKNOWN_TOPIC: no contract has this topic"
        if self._load_is_open(record):
            return f"still refused: load {record.load_id} is not finished; load the same files again first"
        if self._erased and self._erased.owns(record.source, value):
            return "still refused: it belongs to somebody who was erased"
        event = decode(EVENTS[record.topic], value, int(record.produced_at.timestamp() * 1000), self._limits)
        if isinstance(event, Refusal):
            return f"still refused: {event.reason}: {event.message}"
        user_key = self._key(record.source, event["userId"]) if "userId" in event else None
        row = bronze_row(record.topic, record.source, event, user_key) | _where_from(record)
        first_hash = known.get(row["event_id"]) or self._hash_in_bronze(record.topic, row)
        known.setdefault(row["event_id"], first_hash or row["content_hash"])
        if first_hash and first_hash != row["content_hash"]:
            return f"still refused: CONFLICT: {CONFLICT_MESSAGE}"
        if first_hash:
            rows[REPEATS.name].append({**row, "topic": record.topic})
            return "repeat"
        rows[record.topic].append(row)
        private = private_row(record.source, event, user_key)
        rows[USERS_PRIVATE.name] += [private] if private else []
        return "bronze"

    def _hash_in_bronze(self, topic: str, row: Row) -> str | None:
        bronze = pl.scan_delta(str(self._lake / BRONZE[topic].path)).filter(pl.col("event_date") == row["event_date"])
        found = bronze.filter(pl.col("event_id") == row["event_id"]).select("content_hash").collect()
        return str(found.item(0, 0)) if found.height else None

    def _load_is_open(self, record: Refused) -> bool:
        if record.load_id is None:
            return False
        loads = pl.scan_delta(str(self._lake / LOADS.path)).filter(pl.col("load_id") == record.load_id)
        chunks = loads.select("chunk").collect()["chunk"].to_list()
        return bool(chunks) and min(chunks) >= 0

    def _write(self, rows: dict[str, list[Row]]) -> None:
        seen = private_ids(self._lake)
        fresh = {row["private_id"]: row for row in rows.pop(USERS_PRIVATE.name, []) if row["private_id"] not in seen}
        for name, new in {**rows, USERS_PRIVATE.name: list(fresh.values())}.items():
            if new:
                write_deltalake(str(self._lake / TABLES[name].path), arrow_table(TABLES[name], new), mode="append")


def _where_from(record: Refused) -> dict[str, Any]:
    origin = {name: getattr(record, name) for name in ("source", "produced_at", *_ORIGIN)}
    return {**origin, "ingested_at": datetime.now(UTC)}


def _same_origin(rows: pl.LazyFrame, wanted: pl.LazyFrame) -> list[str]:
    typed = wanted.with_columns(pl.col("kafka_partition").cast(pl.Int32), pl.col("load_id").cast(pl.String))
    longs = typed.with_columns(pl.col("kafka_offset", "load_row").cast(pl.Int64))
    found = longs.join(rows.select("topic", *_ORIGIN), on=["topic", *_ORIGIN], how="semi", nulls_equal=True)
    return found.select("id").collect()["id"].to_list()


def _predicates(records: list[Refused]) -> Iterable[str]:
    """SQL conditions that name the records, a few hundred at a time."""
    named = [_predicate(record) for record in records]
    return [" OR ".join(named[start : start + _AT_ONCE]) for start in range(0, len(named), _AT_ONCE)]


def _predicate(record: Refused) -> str:
    if record.load_id is not None:
        return f"(load_id = '{record.load_id}' AND load_row = {record.load_row})"
    place = f"kafka_partition = {record.kafka_partition} AND kafka_offset = {record.kafka_offset}"
    return f"(topic = '{record.topic}' AND {place} AND load_id IS NULL)"


def summary(outcome: Mapping[str, str]) -> Counter[str]:
    """How many records came to which end; the refusals of all kinds by their reason."""
    return Counter(":".join(end.split(":")[:2]) for end in outcome.values())
