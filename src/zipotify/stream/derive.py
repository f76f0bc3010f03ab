"""Identities, keys and hashes of typed events, in Spark's own functions; equal to `contracts.identity` (tested)."""

from __future__ import annotations

import hashlib

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from zipotify.contracts.device import DEVICE_CLASSES, OTHER_DEVICE
from zipotify.contracts.fields import CONTRACT_VERSION, EVENTS, EXTRA, EventContract, EventField
from zipotify.contracts.identity import CONTENT_NULL, CONTENT_SCALE, CONTENT_SEPARATOR, SEPARATOR
from zipotify.contracts.tables import PRIVATE_FIELDS

_BLOCK_BYTES = 64


def identified(typed: DataFrame, secret: bytes, only: Column | None = None) -> DataFrame:
    """Typed events plus event_id, user_key, content_hash, event_at and event_date; null where `only` does not hold."""
    id_parts = ("source", "topic", "sessionId", "itemInSession", "ts")
    user = F.concat_ws(SEPARATOR, "source", "userId")
    columns = {
        "event_id": F.sha2(F.concat_ws(SEPARATOR, *(F.col(part).cast("string") for part in id_parts)), 256),
        "user_key": F.when(F.col("userId").isNotNull(), hmac_of(secret, user)),
        "event_at": F.timestamp_millis("ts"),
        "event_date": F.to_date(F.timestamp_millis("ts")),
    }
    if only is not None:  # what is not plain may hold numbers that are no time
        columns = {name: F.when(only, column) for name, column in columns.items()}
    content = _content_hash() if only is None else F.when(only, _content_hash())
    return typed.withColumns(columns).withColumn("content_hash", content)


def hmac_of(secret: bytes, message: Column) -> Column:
    """HMAC-SHA-256 (RFC 2104) as hex."""
    key = hashlib.sha256(secret).digest() if len(secret) > _BLOCK_BYTES else secret
    block = key.ljust(_BLOCK_BYTES, b"\0")
    inner = F.lit(bytearray(byte ^ 0x36 for byte in block))
    outer = F.lit(bytearray(byte ^ 0x5C for byte in block))
    return F.sha2(F.concat(outer, F.unhex(F.sha2(F.concat(inner, message.cast("binary")), 256))), 256)


def _content_hash() -> Column:
    return F.coalesce(*(F.when(F.col("topic") == t, F.md5(_content(contract))) for t, contract in EVENTS.items()))


def _content(contract: EventContract) -> Column:
    parts = [*(_content_text(field) for field in contract.hashed_fields), F.col("user_key")]
    return F.concat_ws(CONTENT_SEPARATOR, *(F.coalesce(part, F.lit(CONTENT_NULL)) for part in parts))


def _content_text(field: EventField) -> Column:
    column = F.col(field.name)
    return F.floor(column * CONTENT_SCALE).cast("string") if field.kind == "double" else column.cast("string")


def bronze_columns(contract: EventContract, ingested_at: Column) -> list[Column]:
    """The columns of the event's bronze table, in its order."""
    head = [F.col(name) for name in ("event_id", "user_key", "event_at", "event_date")]
    fields = [F.col(field.name).alias(str(field.column)) for field in contract.bronze_fields]
    version = F.lit(CONTRACT_VERSION).alias("contract_version")
    tail = [device().alias("device"), F.col(EXTRA).alias("extra"), F.col("content_hash"), version]
    return [*head, *fields, *tail, *where_from(ingested_at)]


def where_from(ingested_at: Column) -> list[Column]:
    """The columns that say where a streamed record came from."""
    nothing = F.lit(None)
    return [
        *(F.col(name) for name in ("source", "produced_at")),
        ingested_at.alias("ingested_at"),
        *(F.col(name) for name in ("kafka_partition", "kafka_offset")),
        nothing.cast("string").alias("load_id"),
        nothing.cast("bigint").alias("load_row"),
    ]


def device() -> Column:
    """Device class of the user agent."""
    agent = F.col("userAgent")
    chain = F.when(agent.isNull(), F.lit(None).cast("string"))
    for text, name in DEVICE_CLASSES:
        chain = chain.when(agent.contains(text), name)
    return chain.otherwise(OTHER_DEVICE)


def private_columns(ingested_at: Column) -> list[Column]:
    """The columns of `users_private`, in its order."""
    values = {name: F.col(name).cast("bigint") if name == "registration" else F.col(name) for name in PRIVATE_FIELDS}
    texts = [_private_text(name, value) for name, value in values.items()]
    private_id = F.sha2(F.concat_ws(CONTENT_SEPARATOR, F.col("source"), *texts), 256)
    named = [value.alias(PRIVATE_FIELDS[name]) for name, value in values.items()]
    return [
        private_id.alias("private_id"),
        F.col("source"),
        F.col("user_key"),
        *named,
        ingested_at.alias("ingested_at"),
    ]


def _private_text(name: str, value: Column) -> Column:
    text = F.floor(value * CONTENT_SCALE) if name in ("lat", "lon") else value
    return F.coalesce(text.cast("string"), F.lit(CONTENT_NULL))
