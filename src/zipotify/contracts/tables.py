"""Lake tables: grain, columns and partitions, the event tables derived from the event contracts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from zipotify.contracts.fields import EVENTS, EventContract, EventField

ColumnType = Literal["string", "long", "int", "double", "bool", "timestamp", "date", "binary"]


@dataclass(frozen=True)
class Column:
    """One column; timestamps are UTC instants in microseconds."""

    name: str
    type: ColumnType
    doc: str
    nullable: bool = True
    personal: bool = False
    unit: str = ""


@dataclass(frozen=True)
class Table:
    """One Delta table at `lake/<path>`; `grain` says what a row is."""

    name: str
    path: str
    grain: str
    columns: tuple[Column, ...]
    partition_by: tuple[str, ...] = ()


_TYPE_OF_KIND: dict[str, ColumnType] = {"id": "string", "number": "long"}

WHERE_FROM = (
    Column("source", "string", "Named source of the event", False),
    Column("produced_at", "timestamp", "When the producer sent it (static path: when it was read)", False),
    Column("ingested_at", "timestamp", "When it was written to the lake", False),
    Column("kafka_partition", "int", "Kafka partition; null on the static path"),
    Column("kafka_offset", "long", "Kafka offset; null on the static path"),
    Column("load_id", "string", "Load that wrote it; null for streamed events"),
    Column("load_row", "long", "Record number within the load, from 0; null for streamed events"),
)
"""Columns that say where a record came from; the ledger counts by them."""

_EVENT_HEAD = (
    Column("event_id", "string", "SHA-256 of source, topic, session, item and time: the event's identity", False),
    Column("user_key", "string", "Keyed hash of (source, user id); null while the user is not shown"),
    Column("event_at", "timestamp", "When the event happened", False),
    Column("event_date", "date", "UTC day of event_at; the partition", False),
)
_EVENT_TAIL = (
    Column("device", "string", "Device class of the user agent"),
    Column("extra", "string", "JSON object of fields that the contract does not know, values as text", True, True),
    Column("content_hash", "string", "MD5 over the event's content; tells a repeat from a conflict", False),
    Column("contract_version", "string", "Version of the contract that typed it", False),
)


def _column(field: EventField) -> Column:
    kind = _TYPE_OF_KIND.get(field.kind, field.kind)
    return Column(str(field.column), kind, field.doc, not field.required, False, field.unit)  # type: ignore[arg-type]


def _bronze(contract: EventContract) -> Table:
    fields = tuple(_column(field) for field in contract.bronze_fields)
    columns = _EVENT_HEAD + fields + _EVENT_TAIL + WHERE_FROM
    return Table(contract.topic, f"events/{contract.topic}", "one row per event_id", columns, ("event_date",))


BRONZE: dict[str, Table] = {topic: _bronze(contract) for topic, contract in EVENTS.items()}

USERS_PRIVATE = Table(
    "users_private",
    "users_private",
    "one row per user and distinct set of personal attributes",
    (
        Column("private_id", "string", "SHA-256 over the row's other personal columns", False),
        Column("source", "string", "Named source of the user", False),
        Column("user_key", "string", "Keyed hash of (source, user id)", False),
        Column("user_id", "string", "User id within the source", False, True),
        Column("last_name", "string", "Family name", True, True),
        Column("first_name", "string", "First name", True, True),
        Column("registration_ms", "long", "When the user registered", True, True, "ms since 1970, UTC"),
        Column("zip", "string", "Postal code", True, True),
        Column("lat", "double", "Latitude", True, True, "degrees"),
        Column("lon", "double", "Longitude", True, True, "degrees"),
        Column("user_agent", "string", "Browser's user agent", True, True),
        Column("ingested_at", "timestamp", "When it was first seen", False),
    ),
)
PRIVATE_FIELDS: dict[str, str] = {
    "userId": "user_id",
    "lastName": "last_name",
    "firstName": "first_name",
    "registration": "registration_ms",
    "zip": "zip",
    "lat": "lat",
    "lon": "lon",
    "userAgent": "user_agent",
}
"""Personal field on the wire -> column of `users_private`, in the order that private_id hashes them."""

QUARANTINE = Table(
    "quarantine",
    "quarantine",
    "one row per refused record (Kafka: topic, partition, offset; static path: load_id, load_row)",
    (
        Column("topic", "string", "Topic it was meant for", False),
        Column("reason", "string", "Reason code", False),
        Column("message", "string", "What exactly was wrong", False),
        Column("value", "binary", "The original bytes; null once discarded", True, True),
        *WHERE_FROM,
        Column("discarded_at", "timestamp", "When somebody decided that it is worth nothing"),
    ),
)
REPEATS = Table(
    "repeats",
    "repeats",
    "one row per record that repeated an event already in bronze",
    (
        Column("topic", "string", "Topic", False),
        Column("event_id", "string", "Identity of the event it repeats", False),
        *WHERE_FROM,
    ),
)
REMOVED = Table(
    "removed",
    "removed",
    "one row per record that was kept out of the lake, or taken out of it, on purpose; nothing of its content",
    (
        Column("topic", "string", "Topic", False),
        Column("cause", "string", "Why: `erased` with its person, or `expired` by retention", False),
        *WHERE_FROM,
    ),
)
"""`produced_at` is cut to the hour, which is what the ledger counts by."""
ERASED, EXPIRED = "erased", "expired"
"""Causes in `removed`."""
LOADS = Table(
    "loads",
    "loads",
    "one row per load, chunk, topic and hour read; `chunk` -1 marks the load as finished",
    (
        Column("load_id", "string", "Load", False),
        Column("chunk", "int", "Chunk of the load, from 0; -1 when finished", False),
        Column("source", "string", "Source of the records", False),
        Column("topic", "string", "Topic of the records", False),
        Column("hour_at", "timestamp", "UTC hour of reading", False),
        Column("produced_count", "long", "Records read", False),
        Column("files", "string", "Names of the files, comma-separated", False),
    ),
)
TABLES: dict[str, Table] = {
    table.name: table for table in (*BRONZE.values(), USERS_PRIVATE, QUARANTINE, REPEATS, REMOVED, LOADS)
}
