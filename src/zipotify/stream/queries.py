"""The two streaming queries: how they start, how they end, and what is written down about each batch.

`bronze` takes every record into the lake; `live` rolls recent ones up. Each has its own place in Kafka (checkpoint).
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from pathlib import Path

from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.streaming import StreamingQuery
from sqlalchemy import delete
from sqlalchemy.engine import Engine

from zipotify.contracts import serving
from zipotify.contracts.checkpoints import batch_name, query_id
from zipotify.contracts.fields import TOPICS
from zipotify.contracts.kafka_access import spark_options
from zipotify.contracts.serving import insert_into, report_part
from zipotify.errors import BrokerUnreachableError, CheckpointLostError, ZipotifyError
from zipotify.settings import Settings
from zipotify.stream.bronze import BatchReport, BronzeWriter
from zipotify.stream.live import LiveWriter, live_events
from zipotify.stream.parse import read_events
from zipotify.stream.pause import Pause

log = logging.getLogger(__name__)

_POLL_S = 0.1
_STOP_LIMIT_S = 45.0
_KEEP_BATCHES = 2_000
_FETCH_BYTES = 16 * 2**20
_BYTES = re.compile("0x[0-9A-Fa-f]{16,}")
"""Bytes in a query's plan, which Spark names when it fails: those that identities are made with are the home's key."""
_STUMBLE = 'because the return value of "scala.Option.get()" is null'
"""What the query says when its Kafka source is asked for metrics before it asked Kafka for its newest offsets."""


class Queries:
    """Starts the two queries and keeps what they share."""

    def __init__(
        self, spark: SparkSession, settings: Settings, engine: Engine, servers: str, once: bool, pause: Pause
    ) -> None:
        self._spark = spark
        self._pause = pause
        self._settings = settings
        self._engine = engine
        self._servers = servers
        self._once = once
        self._starters = {"live": self._start_live, "bronze": self._start_bronze}
        self._running: dict[str, StreamingQuery] = {}
        self._started_again: set[str] = set()

    def start(self) -> None:
        """Start both queries."""
        self._running = {name: start() for name, start in self._starters.items()}

    def are_active(self) -> bool:
        """Whether a query still runs; raises what one failed of."""
        were_active = [query.isActive for query in self._running.values()]
        failed = {name: error for name, query in self._running.items() if (error := query.exception()) is not None}
        for name, error in failed.items():
            self._start_again(name, error)
        return any(were_active) or bool(failed)

    def stop(self) -> None:
        """Stop both queries between batches; raises what one failed of."""
        for query in self._running.values():
            _stop_gently(query)
        for name, query in self._running.items():
            error = query.exception()
            if error is not None and _STUMBLE not in str(error):
                raise self._failure(name, error)

    def _start_again(self, name: str, error: PySparkException) -> None:
        """Spark 4.1 ends a query that has just finished a batch left over from before, for want of a metric."""
        if _STUMBLE not in str(error) or name in self._started_again:
            raise self._failure(name, error)
        log.warning("query %s finished a batch that was interrupted, and is started again", name)
        self._started_again.add(name)
        self._running[name] = self._starters[name]()

    def _failure(self, name: str, error: PySparkException) -> ZipotifyError:
        failure = _explained(name, error)
        report_part(self._engine, "stream", "failed", failure.what)
        return failure

    def _start_bronze(self) -> StreamingQuery:
        writer: BronzeWriter | None = None
        query = ""

        def write(batch: DataFrame, batch_id: int) -> None:
            nonlocal writer, query
            if writer is None:  # the query's id is on disk from its first batch on
                query = str(query_id(self._checkpoint("bronze")))
                writer = BronzeWriter(self._settings, query)
            with self._pause.before_batch(batch_id):
                report = writer.write(batch, batch_id)
            _record_batch(self._engine, report)
            _log_batch(query, report)

        # Reading is part of the query: made once, where a batch would have it made and analysed each time.
        events = read_events(self._kafka(self._settings.max_offsets_per_trigger), self._settings)
        return self._start("bronze", events, write, self._settings.bronze_trigger_s)

    def _start_live(self) -> StreamingQuery:
        writer = LiveWriter(self._settings, self._engine)

        def write(batch: DataFrame, batch_id: int) -> None:
            writer.write(batch, batch_id)

        events = live_events(self._kafka(self._settings.max_offsets_per_trigger), self._settings)
        return self._start("live", events, write, self._settings.live_trigger_s)

    def _kafka(self, max_offsets: int) -> DataFrame:
        options = {
            **spark_options(self._settings),
            "kafka.bootstrap.servers": self._servers,
            "subscribe": ",".join(TOPICS),
            "includeHeaders": "true",
            "startingOffsets": "earliest",
            "failOnDataLoss": "true",
            "maxOffsetsPerTrigger": str(max_offsets),
            "kafka.max.partition.fetch.bytes": str(_FETCH_BYTES),
        }
        return self._spark.readStream.format("kafka").options(**options).load()

    def _start(
        self, name: str, events: DataFrame, write: Callable[[DataFrame, int], None], every_s: int
    ) -> StreamingQuery:
        writer = events.writeStream.queryName(name).option("checkpointLocation", str(self._checkpoint(name)))
        timed = writer.trigger(availableNow=True) if self._once else writer.trigger(processingTime=f"{every_s} seconds")
        return timed.foreachBatch(write).start()

    def _checkpoint(self, name: str) -> Path:
        return self._settings.home.checkpoints / name


def _stop_gently(query: StreamingQuery) -> None:
    """Stop between batches; a batch that takes too long is cut off and done again at the next start."""
    limit = time.monotonic() + _STOP_LIMIT_S
    while query.isActive and query.status["isTriggerActive"] and time.monotonic() < limit:
        time.sleep(_POLL_S)
    query.stop()


def _explained(name: str, error: PySparkException) -> ZipotifyError:
    """The cause in our words where we know it; the whole trace goes to the log."""
    text = _BYTES.sub("0x(hidden)", str(error))
    log.error("query %s failed: %s", name, text)
    if "data loss" in text.lower() or "OffsetOutOfRange" in text:
        return CheckpointLostError(
            f"query '{name}' needs Kafka offsets that no longer exist: {text.splitlines()[0][:400]}",
            "the range is named above; see `zipotify ledger`",
        )
    if "TimeoutException" in text or "Failed to create new KafkaAdminClient" in text:
        return BrokerUnreachableError(f"query '{name}' lost the broker: {text.splitlines()[0][:300]}", "is it up?")
    return ZipotifyError(f"query '{name}' failed: {text.splitlines()[0][:400]}", "see the stream's log")


def _log_batch(query: str, report: BatchReport) -> None:
    """One line, by whose `batch` the build that publishes it is found."""
    name, facts = batch_name(query, report.batch_id), {**report.counts, "duration_ms": report.duration_ms}
    log.info("batch %s: %s", name, facts, extra={"batch": name, **facts})


def _record_batch(engine: Engine, report: BatchReport) -> None:
    """Write the batch and its freshness into the serving database."""
    counts = {f"{name}_count": report.counts.get(name, 0) for name in ("input", "bronze", "refused", "repeat")}
    row = {
        "query_id": "bronze",
        "batch_id": report.batch_id,
        "started_at_ms": report.started_at_ms,
        "duration_ms": report.duration_ms,
        **counts,
    }
    batches = insert_into(engine, serving.stream_batches).values(row)
    with engine.begin() as connection:
        connection.execute(batches.on_conflict_do_update(index_elements=["query_id", "batch_id"], set_=row))
        connection.execute(
            delete(serving.stream_batches).where(serving.stream_batches.c.batch_id < report.batch_id - _KEEP_BATCHES)
        )
        if report.age_ms is not None:
            p50, p95, p99 = report.age_ms
            measured = {"stage": "bronze", "measured_at_ms": int(time.time() * 1000), "p50_ms": p50, "p95_ms": p95}
            age = {**measured, "p99_ms": p99, "event_count": counts["input_count"]}
            connection.execute(insert_into(engine, serving.freshness).values(age).on_conflict_do_nothing())
    rate = counts["input_count"] / max(report.duration_ms / 1000, 0.001)
    report_part(engine, "stream", "running", f"batch {report.batch_id}: {counts['input_count']} events, {rate:.0f}/s")
