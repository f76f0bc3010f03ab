"""What became of records, counted in the lake: bronze, refused, repeats and removed, by where they came from."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import polars as pl
from deltalake import DeltaTable

from zipotify.contracts.checkpoints import Partition
from zipotify.contracts.tables import BRONZE, ERASED, EXPIRED, LOADS, QUARANTINE, REMOVED, REPEATS, Table
from zipotify.ops.ledger_kafka import CountKey
from zipotify.places import Folder

LoadKey = tuple[str, str, str, int]
"""(load id, source, topic, start of the hour in seconds since 1970)"""
OUTCOMES = ("bronze", "refused", "repeats", ERASED, EXPIRED)
_COORDINATES = ("topic", "partition", "offset", "load_id", "load_row")

_HOUR_S = (pl.col("produced_at").dt.truncate("1h").dt.epoch("s")).alias("hour_s")


@dataclass
class Landed:
    """Counts per outcome: of streamed records below the boundary, of those in gaps, and of loaded ones."""

    streamed: dict[str, Counter[CountKey]] = field(default_factory=lambda: {name: Counter() for name in OUTCOMES})
    in_gaps: Counter[Partition] = field(default_factory=Counter)
    loaded: dict[str, Counter[LoadKey]] = field(default_factory=lambda: {name: Counter() for name in OUTCOMES})


@dataclass
class Loads:
    """What loads read, and which of them came to their end."""

    read: Counter[LoadKey] = field(default_factory=Counter)
    finished: set[str] = field(default_factory=set)


def count_landed(lake: Folder, boundary: dict[Partition, int], gaps: list[tuple[str, int, int, int]]) -> Landed:
    """Count all of the lake's records by outcome; a batch in progress lies beyond the boundary and is left out."""
    landed = Landed()
    tables = [("bronze", table, topic) for topic, table in BRONZE.items()]
    for outcome, table, topic in [*tables, ("refused", QUARANTINE, None), ("repeats", REPEATS, None)]:
        records = _records(lake, table, topic)
        if records is not None:
            _count(records, outcome, boundary, gaps, landed)
    removed = _records(lake, REMOVED, None)
    if removed is not None:
        # Each record once: what was taken out of an unfinished batch is kept out of it again when that is done anew.
        once = removed.unique(_COORDINATES)
        for cause in (ERASED, EXPIRED):
            _count(once.filter(cause=cause), cause, boundary, gaps, landed)
    return landed


def _records(lake: Folder, table: Table, topic: str | None) -> pl.LazyFrame | None:
    path = str(lake / table.path)
    if not DeltaTable.is_deltatable(path):
        return None
    named = pl.lit(topic).alias("topic") if topic else pl.col("topic")
    origin = (pl.col("kafka_partition").cast(pl.Int64).alias("partition"), pl.col("kafka_offset").alias("offset"))
    extra = ("cause", "load_row") if table is REMOVED else ()
    return pl.scan_delta(path).select("source", named, *origin, "load_id", _HOUR_S, *extra)


def _count(
    records: pl.LazyFrame,
    outcome: str,
    boundary: dict[Partition, int],
    gaps: list[tuple[str, int, int, int]],
    landed: Landed,
) -> None:
    by_load = records.filter(pl.col("load_id").is_not_null()).group_by("load_id", "source", "topic", "hour_s").len()
    for load_id, source, topic, hour_s, count in by_load.collect().iter_rows():
        landed.loaded[outcome][load_id, source, topic, hour_s] += count
    ends = pl.LazyFrame(
        [(topic, number, end) for (topic, number), end in boundary.items()],
        schema={"topic": pl.String, "partition": pl.Int64, "end": pl.Int64},
        orient="row",
    )
    streamed = records.join(ends, on=["topic", "partition"]).filter(pl.col("offset") < pl.col("end"))
    for topic, number, start, end in gaps:
        inside = (
            (pl.col("topic") == topic) & (pl.col("partition") == number) & pl.col("offset").is_between(start, end - 1)
        )
        landed.in_gaps[topic, number] += streamed.filter(inside).select(pl.len()).collect().item()
        streamed = streamed.filter(~inside)
    by_hour = streamed.group_by("source", "topic", "partition", "hour_s").len()
    for source, topic, number, hour_s, count in by_hour.collect().iter_rows():
        landed.streamed[outcome][source, topic, number, hour_s] += count


def count_loads(lake: Folder) -> Loads:
    """What the static path read, as it wrote it down before it wrote anything else."""
    loads = Loads()
    path = str(lake / LOADS.path)
    if not DeltaTable.is_deltatable(path):
        return loads
    rows = pl.scan_delta(path).with_columns(pl.col("hour_at").dt.epoch("s").alias("hour_s"))
    loads.finished = set(rows.filter(pl.col("chunk") < 0).select("load_id").collect()["load_id"])
    read = rows.filter(pl.col("chunk") >= 0).group_by("load_id", "source", "topic", "hour_s")
    for load_id, source, topic, hour_s, count in read.agg(pl.col("produced_count").sum()).collect().iter_rows():
        loads.read[load_id, source, topic, hour_s] += count
    return loads
