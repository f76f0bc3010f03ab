"""What was refused, for people: records of the quarantine by an id that can be written down."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl
from deltalake import DeltaTable

from zipotify.contracts.tables import QUARANTINE
from zipotify.errors import MissingInputError
from zipotify.places import Folder

_ID = (
    pl.when(pl.col("load_id").is_null())
    .then(pl.concat_str("topic", "kafka_partition", "kafka_offset", separator=":"))
    .otherwise(pl.concat_str("load_id", "load_row", separator=":"))
    .alias("id")
)


@dataclass(frozen=True)
class Refused:
    """One record; `id` is topic:partition:offset, or load:row on the static path."""

    id: str
    topic: str
    reason: str
    message: str
    source: str
    produced_at: datetime
    kafka_partition: int | None
    kafka_offset: int | None
    load_id: str | None
    load_row: int | None
    discarded_at: datetime | None
    size_bytes: int | None

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        times = {name: at and at.isoformat() for name, at in vars(self).items() if name.endswith("_at")}
        return {**vars(self), **times}


def refused_records(
    lake: Folder,
    ids: Collection[str] | None = None,
    topic: str | None = None,
    reason: str | None = None,
    discarded: bool = False,
) -> list[Refused]:
    """Records that match all that is given, oldest first; discarded ones only when asked for."""
    rows = _scan(lake)
    if rows is None:
        return []
    rows = rows.filter(pl.col("discarded_at").is_not_null() if discarded else pl.col("discarded_at").is_null())
    for column, wanted in (("topic", topic), ("reason", reason)):
        rows = rows.filter(pl.col(column) == wanted) if wanted else rows
    rows = rows.filter(pl.col("id").is_in(list(ids))) if ids is not None else rows
    size = pl.col("value").bin.size().alias("size_bytes")
    columns = [name for name in Refused.__dataclass_fields__ if name != "size_bytes"]
    found = rows.select(*columns, size).sort("produced_at", "id").collect()
    return [Refused(**row) for row in found.to_dicts()]


def value_of(lake: Folder, record_id: str) -> bytes:
    """The original bytes; raises MissingInputError for an unknown id, or bytes that were discarded."""
    rows = _scan(lake)
    values = None if rows is None else rows.filter(pl.col("id") == record_id).select("value").collect()["value"]
    found = [] if values is None else values.to_list()
    if not found:
        raise MissingInputError(f"no record {record_id} in quarantine", "`zipotify quarantine list` shows the ids")
    if found[0] is None:
        raise MissingInputError(f"record {record_id} has no content: it was discarded, or sent empty", "")
    return bytes(found[0])


def _scan(lake: Folder) -> pl.LazyFrame | None:
    path = str(lake / QUARANTINE.path)
    return pl.scan_delta(path).with_columns(_ID) if DeltaTable.is_deltatable(path) else None
