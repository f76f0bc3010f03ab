"""Does a batch cost more when the lake is full? Batches into an empty lake, and the same after ten million events.

    .venv/bin/python bench/stream_flatness.py --lake-events 10000000 --out bench/results/stream_flatness.json

Batches go through the stream's writer (checks, identities, repeats, people, Delta) without Kafka, which does not grow
dearer. The filling is written by Spark as a year of bronze rows, in files of half a day. Two kinds of batches, of
another source than the filling, whose days are full then: `live` ones hold some minutes each, one after the other, as
they come; a `late` one is spread over a month, and every day of it is looked up. The cost is CPU seconds, the median of
the batches after the first ones, which compile; memory is that of all processes.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from result import measured
from stream_drain import START_MS, cpu_s, events

from zipotify.contracts.fields import LISTEN_EVENTS
from zipotify.contracts.tables import BRONZE
from zipotify.contracts.wire import HEADER_SOURCE
from zipotify.lake import ensure_tables
from zipotify.settings import Settings, load_settings
from zipotify.stream.bronze import BronzeWriter
from zipotify.stream.parse import read_events
from zipotify.stream.session import spark_session

WARM_UP = 3
YEAR_DAYS = 365
LIVE_MS = 600_000
KINDS = ("live", "late")
KAFKA = "topic string, value binary, `offset` bigint, `partition` int, timestamp timestamp"


def batch(spark: SparkSession, count: int, number: int, kind: str) -> DataFrame:
    """Records as Kafka hands them over, none of which was there before."""
    now = datetime.now(UTC)
    made = events(count) if kind == "late" else events(count, START_MS + number * LIVE_MS, LIVE_MS)
    rows = [(LISTEN_EVENTS, value, number * count + i, i % 2, now) for i, (_, value) in enumerate(made)]
    source = F.struct(F.lit(HEADER_SOURCE).alias("key"), F.lit(f"bench-{number}").cast("binary").alias("value"))
    return spark.createDataFrame(rows, KAFKA).repartition(2).withColumn("headers", F.array(source)).localCheckpoint()


def fill(spark: SparkSession, settings: Settings, count: int) -> None:
    """Write so many bronze rows of a year that ends after the batches' month, so that their days are full too."""
    table, path = BRONZE[LISTEN_EVENTS], str(settings.home.lake / BRONZE[LISTEN_EVENTS].path)
    step_ms = YEAR_DAYS * 86_400_000 // count
    first_ms = START_MS - (YEAR_DAYS - 31) * 86_400_000
    at = F.timestamp_millis(F.lit(first_ms) + F.col("id") * step_ms)
    known: dict[str, Column] = {
        "event_id": F.sha2(F.col("id").cast("string"), 256),
        "user_key": F.sha2((F.col("id") % 20_000).cast("string"), 256),
        "content_hash": F.md5(F.col("id").cast("string")),
        "event_at": at,
        "event_date": F.to_date(at),
        "produced_at": at,
        "ingested_at": at,
        "source": F.lit("filling"),
        "kafka_offset": F.col("id"),
        "ts_ms": F.lit(first_ms) + F.col("id") * step_ms,
    }
    types = dict(spark.read.format("delta").load(path).dtypes)
    rows = spark.range(0, count, 1, YEAR_DAYS * 2).select(
        *(
            (known.get(c.name) if c.name in known else _filling(types[c.name])).cast(types[c.name]).alias(c.name)
            for c in table.columns
        )
    )
    rows.write.format("delta").mode("append").save(path)


def _filling(kind: str) -> Column:
    """Some value; not null, for columns may require one."""
    return F.lit("some text") if kind == "string" else F.lit(1)


def memory_mb() -> float:
    """Resident memory of this process and all it started."""
    mine = psutil.Process()
    return sum(process.memory_info().rss for process in [mine, *mine.children(recursive=True)]) / 2**20


def batches(
    spark: SparkSession, settings: Settings, writer: BronzeWriter, count: int, numbers: range, kind: str
) -> list[dict[str, float]]:
    """Write the batches; what each cost."""
    costs = []
    for number in numbers:
        rows = batch(spark, count, number, kind)
        started, cpu_before = time.monotonic(), cpu_s()
        report = writer.write(read_events(rows, settings), number)
        if report.counts["bronze"] != count:
            raise SystemExit(f"batch {number}: {report.counts}")
        cost = {"cpu_s": cpu_s() - cpu_before, "seconds": time.monotonic() - started, "memory_mb": memory_mb()}
        costs.append({name: round(value, 2) for name, value in cost.items()})
        print(number, costs[-1], flush=True)
    return costs


def measure(settings: Settings, count: int, each: int, lake_events: int) -> dict[str, Any]:
    """Batches, the filling, batches again."""
    ensure_tables(settings.home.lake)
    spark = spark_session(settings, "bench-flatness")
    writer = BronzeWriter(settings, "bench")
    found: dict[str, dict[str, list[dict[str, float]]]] = {kind: {} for kind in KINDS}
    batches(spark, settings, writer, count, range(WARM_UP), "live")
    for place, lake in enumerate(("empty", "full")):
        if lake == "full":
            started = time.monotonic()
            fill(spark, settings, lake_events)
            print(f"filled in {time.monotonic() - started:.0f} s", flush=True)
        for turn, kind in enumerate(KINDS):
            first = 100 * (1 + 2 * place + turn)
            found[kind][lake] = batches(spark, settings, writer, count, range(first, first + 1 + each), kind)[1:]
    spark.stop()
    return {
        "events_a_batch": count,
        "events_in_the_lake": lake_events,
        "batches": found,
        **{kind: compared(found[kind], count) for kind in KINDS},
    }


def compared(found: dict[str, list[dict[str, float]]], count: int) -> dict[str, Any]:
    """CPU an event, and how much more it is in the full lake."""
    cost = {lake: statistics.median(c["cpu_s"] for c in costs) for lake, costs in found.items()}
    each = {lake: round(value / count * 1e6, 1) for lake, value in cost.items()}
    return {"cpu_us_an_event": each, "ratio": round(cost["full"] / cost["empty"], 2)}


def main() -> None:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=20_000, help="a batch")
    parser.add_argument("--batches", type=int, default=7, help="that count, each time")
    parser.add_argument("--lake-events", type=int, default=10_000_000)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="zipotify-flatness-"))
    with measured(given.out) as found:
        try:
            found |= measure(load_settings(folder), given.events, given.batches, given.lake_events)
        finally:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
