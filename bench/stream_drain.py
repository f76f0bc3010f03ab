"""Drain a backlog: how fast Kafka -> Delta goes with everything on, beside plainer jobs on the same Spark.

    .venv/bin/python bench/stream_drain.py --events 1000000 --out bench/results/stream_drain.json

Listen events spread over a month, in two partitions. Each job runs in a process of its own, from the query's start to
its end; seconds are on the clock, CPU seconds are what its processes used, which another load on the machine disturbs
less. `full` is the stream as it ships: both queries, checks, identities, repeats, quarantine, people kept apart.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import orjson
import psutil
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from result import measured

from zipotify.broker.embedded import running_broker
from zipotify.contracts import serving
from zipotify.contracts.fields import EVENTS, LISTEN_EVENTS
from zipotify.contracts.schemas import spark_wire_schema
from zipotify.contracts.wire import EventProducer
from zipotify.lake import ensure_tables
from zipotify.runtime.ports import any_free
from zipotify.settings import Settings, load_settings
from zipotify.stream.app import run_queries
from zipotify.stream.session import spark_session

MONTH_S = 30 * 86_400
START_MS = 1_704_067_200_000
USERS = 20_000
EVENTS_A_SESSION = 25
PLAIN_JOBS = ("noop_raw", "noop_parsed", "plain_delta", "tutorial")
JOBS = (*PLAIN_JOBS, "full")


def events(count: int, first_ms: int = START_MS, length_ms: int = MONTH_S * 1000) -> Iterator[tuple[int, bytes]]:
    """(session, record) pairs in order of time: everyday listen events of many users."""
    for number in range(count):
        session, item = divmod(number, EVENTS_A_SESSION)
        user = session * 7919 % USERS
        yield (
            session,
            orjson.dumps(
                {
                    "artist": f"The Band Number {number * 31 % 4000}",
                    "song": f"A Song of {number * 17 % 20000} Words and a Half",
                    "duration": 120 + number % 240 + 0.13424,
                    "ts": first_ms + number * length_ms // count,
                    "sessionId": session,
                    "auth": "Logged In",
                    "level": "paid" if user % 6 == 0 else "free",
                    "itemInSession": item,
                    "city": f"Springfield {user % 900}",
                    "zip": f"{10000 + user % 900}",
                    "state": ("KS", "CA", "NY", "TX", "IL")[user % 5],
                    "userAgent": '"Mozilla/5.0 (Windows NT 6.1; WOW64) AppleWebKit/537.36 (KHTML, like Gecko)"',
                    "lon": -97.0 + user % 900 / 1000,
                    "lat": 37.0 + user % 900 / 1000,
                    "userId": user,
                    "lastName": f"Name{user % 1000}",
                    "firstName": f"First{user % 300}",
                    "gender": "MF"[user % 2],
                    "registration": START_MS - user * 86_400,
                }
            ),
        )


def fill(settings: Settings, count: int) -> None:
    """Send the backlog."""
    producer = EventProducer(settings, "bench")
    for session, value in events(count):
        producer.send(LISTEN_EVENTS, value, session)
    producer.flush()


def kafka(spark: SparkSession, servers: str, per_batch: int) -> DataFrame:
    """The backlog as a stream, with the options of the shipped one."""
    options = {
        "kafka.bootstrap.servers": servers,
        "subscribe": LISTEN_EVENTS,
        "startingOffsets": "earliest",
        "maxOffsetsPerTrigger": str(per_batch),
    }
    return spark.readStream.format("kafka").options(**options).load()


def parsed(stream: DataFrame) -> DataFrame:
    """Nothing but from_json."""
    schema = json.dumps(spark_wire_schema(EVENTS[LISTEN_EVENTS]).jsonValue())
    return stream.select(F.from_json(F.col("value").cast("string"), schema).alias("e")).select("e.*")


def noop_raw(spark: SparkSession, settings: Settings, servers: str) -> None:
    """Read and throw away: the limit of all jobs."""
    run(kafka(spark, servers, settings.max_offsets_per_trigger).writeStream.format("noop"), settings)


def noop_parsed(spark: SparkSession, settings: Settings, servers: str) -> None:
    """Read, parse and throw away: the limit of all jobs that look inside."""
    run(parsed(kafka(spark, servers, settings.max_offsets_per_trigger)).writeStream.format("noop"), settings)


def plain_delta(spark: SparkSession, settings: Settings, servers: str) -> None:
    """from_json and a plain append to Delta by date: no checks, no identities, repeats stay."""
    rows = parsed(kafka(spark, servers, settings.max_offsets_per_trigger))
    rows = rows.withColumn("event_date", F.to_date(F.timestamp_millis("ts")))
    target = str(settings.home.lake / "plain")
    run(rows.writeStream.format("delta").partitionBy("event_date").option("path", target), settings)


def tutorial(spark: SparkSession, settings: Settings, servers: str) -> None:
    """The usual tutorial: a Python function per row, Parquet by month, day and hour, no checks."""

    @F.udf("string")
    def repair(text: str | None) -> str | None:
        return text.encode("latin1", "ignore").decode("utf-8", "ignore").strip('"') if text else text

    rows = parsed(kafka(spark, servers, settings.max_offsets_per_trigger))
    at = F.timestamp_millis("ts")
    rows = rows.withColumns({"month": F.month(at), "day": F.dayofmonth(at), "hour": F.hour(at)})
    rows = rows.withColumns({"song": repair("song"), "artist": repair("artist")})
    target = str(settings.home.lake / "tutorial")
    run(rows.writeStream.format("parquet").partitionBy("month", "day", "hour").option("path", target), settings)


def run(writer: object, settings: Settings) -> None:
    """Take the whole backlog and end."""
    checkpoint = str(settings.home.checkpoints / "bench")
    query = writer.option("checkpointLocation", checkpoint).trigger(availableNow=True).start()  # type: ignore[attr-defined]
    query.awaitTermination()


def full(spark: SparkSession, settings: Settings, _servers: str) -> None:
    """The stream as it ships."""
    run_queries(spark, settings, serving.connect(settings.serving_address()), threading.Event(), once=True)


def cpu_s() -> float:
    """CPU seconds of this process and all it started."""
    mine = psutil.Process()
    family = [mine, *mine.children(recursive=True)]
    return sum(sum(process.cpu_times()[:2]) for process in family)


def run_job(name: str, settings: Settings, servers: str) -> dict[str, float]:
    """Run one job in this process."""
    ensure_tables(settings.home.lake)
    spark = spark_session(settings, f"bench-{name}")
    job: Callable[[SparkSession, Settings, str], None] = globals()[name]
    started, cpu_before = time.monotonic(), cpu_s()
    job(spark, settings, servers)
    measured = {"seconds": time.monotonic() - started, "cpu_seconds": cpu_s() - cpu_before}
    spark.stop()
    return measured


def child(name: str, folder: Path, servers: str, per_batch: int, master: str = "local[2]") -> dict[str, float]:
    """Run one job in a process of its own."""
    place = ["--folder", str(folder), "--servers", servers, "--master", master]
    command = [sys.executable, __file__, "--job", name, *place]
    done = subprocess.run(
        [*command, "--per-batch", str(per_batch)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=True,
    )
    return dict(json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    """Fill Kafka, run the jobs, print and keep the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--per-batch", type=int, default=250_000)
    parser.add_argument("--jobs", nargs="*", default=list(JOBS))
    parser.add_argument("--out", type=Path)
    parser.add_argument("--job")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--servers")
    parser.add_argument("--master", default="local[2]")
    given = parser.parse_args()
    if given.job:
        settings = load_settings(
            given.folder / given.job,
            bootstrap_servers=given.servers,
            max_offsets_per_trigger=given.per_batch,
            spark_master=given.master,
        )
        print(json.dumps(run_job(given.job, settings, given.servers)))
        return
    folder = Path(tempfile.mkdtemp(prefix="zipotify-drain-"))
    try:
        with measured(given.out) as found:
            found |= measure(folder, given.events, given.per_batch, given.jobs)
    finally:
        shutil.rmtree(folder)


def measure(folder: Path, count: int, per_batch: int, jobs: list[str]) -> dict[str, object]:
    """All jobs on one backlog, and the ratios that the stream promises."""
    settings = load_settings(folder / "broker", kafka_port=any_free(), kafka_max_bytes=8 * 2**30)
    with running_broker(settings) as servers:
        fill(settings, count)
        times = {}
        for name in jobs:
            times[name] = child(name, folder, servers, per_batch)
            print(name, {k: round(v, 1) for k, v in times[name].items()}, file=sys.stderr, flush=True)
    rates = {name: round(count / taken["seconds"]) for name, taken in times.items()}
    ratios = {
        f"full / {name} ({unit})": round(times[name][unit] / times["full"][unit], 2)
        for name in times
        for unit in ("seconds", "cpu_seconds")
        if "full" in times and name != "full"
    }
    return {
        "events": count,
        "events_a_batch": per_batch,
        "times": {n: {k: round(v, 1) for k, v in taken.items()} for n, taken in times.items()},
        "events_a_second": rates,
        "ratios": ratios,
    }


if __name__ == "__main__":
    main()
