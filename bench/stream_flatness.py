"""Does a batch cost more when the lake is full? The same batches into an empty lake, and after ten million events.

    .venv/bin/python bench/stream_flatness.py --lake-events 10000000 --out bench/results/stream_flatness.json

Batches go through the stream's writer (checks, identities, repeats, people, Delta) without Kafka, which does not grow
dearer. The filling is written by Spark as a year of bronze rows, in hourly files as compaction leaves them. The cost
is CPU seconds, the median of the batches after the first ones, which compile; memory is that of all processes.
"""

from __future__ import annotations

import argparse
import json
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
from stream_drain import START_MS, cpu_s, events

from zipotify.contracts.fields import LISTEN_EVENTS
from zipotify.contracts.tables import BRONZE
from zipotify.contracts.wire import HEADER_SOURCE
from zipotify.lake import ensure_tables
from zipotify.runtime.machine import calibration
from zipotify.settings import Settings, load_settings
from zipotify.stream.bronze import BronzeWriter
from zipotify.stream.session import spark_session

WARM_UP = 3
YEAR_DAYS = 365
KAFKA = "topic string, value binary, `offset` bigint, `partition` int, timestamp timestamp"


def batch(spark: SparkSession, count: int, number: int) -> DataFrame:
    """Records as Kafka hands them over, none of which was there before."""
    now = datetime.now(UTC)
    rows = [(LISTEN_EVENTS, value, number * count + i, i % 2, now) for i, (_, value) in enumerate(events(count))]
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


def batches(spark: SparkSession, writer: BronzeWriter, count: int, numbers: range) -> list[dict[str, float]]:
    """Write the batches; what each cost."""
    costs = []
    for number in numbers:
        rows = batch(spark, count, number)
        started, cpu_before = time.monotonic(), cpu_s()
        report = writer.write(rows, number)
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
    empty = batches(spark, writer, count, range(WARM_UP + each))[WARM_UP:]
    started = time.monotonic()
    fill(spark, settings, lake_events)
    print(f"filled in {time.monotonic() - started:.0f} s", flush=True)
    full = batches(spark, writer, count, range(100, 100 + 1 + each))[1:]
    spark.stop()
    cost = {name: statistics.median(c["cpu_s"] for c in found) for name, found in (("empty", empty), ("full", full))}
    return {
        "events_a_batch": count,
        "events_in_the_lake": lake_events,
        "batches": {"empty": empty, "full": full},
        "cpu_us_an_event": {name: round(value / count * 1e6, 1) for name, value in cost.items()},
        "ratio": round(cost["full"] / cost["empty"], 2),
    }


def main() -> None:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=20_000, help="a batch")
    parser.add_argument("--batches", type=int, default=7, help="that count, each time")
    parser.add_argument("--lake-events", type=int, default=10_000_000)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    before = calibration()
    folder = Path(tempfile.mkdtemp(prefix="zipotify-flatness-"))
    try:
        found = measure(load_settings(folder), given.events, given.batches, given.lake_events)
    finally:
        shutil.rmtree(folder)
    machine = {"before": before, "after": calibration()}
    result = {"measured_at": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine, **found}
    print(json.dumps(result, indent=1))
    if given.out:
        given.out.parent.mkdir(parents=True, exist_ok=True)
        given.out.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
