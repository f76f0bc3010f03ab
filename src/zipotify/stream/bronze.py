"""One micro-batch of Kafka records -> bronze, repeats, quarantine and users_private, exactly once.

Every write carries the query's id and the batch's number, so Delta skips what an interrupted attempt had written.
What a record becomes depends only on the batch and on bronze before it; an attempt's own rows are left out of that.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import reduce

from deltalake import DeltaTable
from pyspark.sql import Column, DataFrame, Row, SparkSession, Window
from pyspark.sql import functions as F

from zipotify.contracts.erasure import read_list
from zipotify.contracts.fields import DEAD_LETTERS, EVENTS
from zipotify.contracts.kafka_access import spark_options
from zipotify.contracts.reasons import Reason
from zipotify.contracts.tables import BRONZE, ERASED, QUARANTINE, REMOVED, REPEATS, USERS_PRIVATE, Table
from zipotify.contracts.wire import BATCH_HEADROOM_BYTES, bootstrap_servers
from zipotify.settings import Settings
from zipotify.stream.derive import bronze_columns, identified, private_columns, where_from
from zipotify.stream.erased import refused_as_erased
from zipotify.stream.parse import parsed, records
from zipotify.stream.slow import accepted, judged

_AGE_PERCENTILES = (0.5, 0.95, 0.99)
_ORIGIN = ("kafka_partition", "kafka_offset")
_CONFLICT_MESSAGE = "an event with the same identity and other content is there already"
_DEAD_LETTER_HEADERS = ("topic", "source", *_ORIGIN, "reason", "message")
_WRITERS = 3


@dataclass(frozen=True)
class BatchReport:
    """What became of one batch; ages are of its events when they became visible in bronze."""

    batch_id: int
    started_at_ms: int
    duration_ms: int
    counts: dict[str, int]
    age_ms: tuple[int, int, int] | None


@dataclass(frozen=True)
class _Facts:
    """What one pass over the parsed batch tells."""

    record_count: int
    doubtful_count: int
    dates: list[date]
    produced_ms: list[int]


class BronzeWriter:
    """Writes batches of one streaming query into one lake."""

    def __init__(self, settings: Settings, query_id: str) -> None:
        self._settings = settings
        self._lake = settings.home.lake
        self._app_id = query_id
        self._secret = settings.user_key()
        self._erased = read_list(settings.home)

    def write(self, batch: DataFrame, batch_id: int) -> BatchReport:
        """Write one batch; called again with the same batch it changes nothing."""
        started = time.time()
        events = parsed(records(batch), self._settings).persist()
        try:
            facts = _facts(events)
            counts = self._write_events(events, facts, batch_id) if facts.record_count else {}
        finally:
            events.unpersist()
        now_ms = int(time.time() * 1000)
        ages = tuple(now_ms - at for at in facts.produced_ms)
        report_ages = (ages[0], ages[1], ages[2]) if ages else None
        counts["input"] = facts.record_count
        return BatchReport(batch_id, int(started * 1000), now_ms - int(started * 1000), counts, report_ages)

    def _write_events(self, events: DataFrame, facts: _Facts, batch_id: int) -> dict[str, int]:
        typed = self._typed(events, facts)
        known = self._known(typed, facts, batch_id)
        # A checkpoint, not a cache: Spark renews caches that read a table as soon as that table is written, and the
        # outcomes, judged against bronze as it was before, would change under our hands.
        outcomes = _with_outcome(identified(typed, self._secret), known).localCheckpoint()
        counts = {(row["topic"], row["outcome"]): row["count"] for row in _count_outcomes(outcomes)}
        self._write_outcomes(outcomes, counts, batch_id)
        return _totals(counts)

    def _typed(self, events: DataFrame, facts: _Facts) -> DataFrame:
        plain = refused_as_erased(accepted(events.where("is_plain")), self._erased)
        if not facts.doubtful_count:
            return plain
        return plain.unionByName(judged(events.where("NOT is_plain"), self._settings, self._erased))

    def _known(self, typed: DataFrame, facts: _Facts, batch_id: int) -> DataFrame:
        """Events of the batch's days that bronze had before this batch: identity, content hash, origin."""
        dates = facts.dates if not facts.doubtful_count else _dates_of(typed)
        tables = [self._known_of(typed.sparkSession, table, dates, batch_id) for table in BRONZE.values()]
        return reduce(DataFrame.unionByName, tables)

    def _known_of(self, spark: SparkSession, table: Table, dates: list[date], batch_id: int) -> DataFrame:
        bronze = spark.read.format("delta").load(self._path(table))
        own = F.lit(False)
        if (DeltaTable(self._path(table)).transaction_version(self._app_id) or -1) >= batch_id:
            own = F.lit(True)
        on_days = bronze.where(F.col("event_date").isin(dates)) if dates else bronze.limit(0)
        origin = [F.col(name).alias(f"known_{name}") for name in _ORIGIN]
        return on_days.select("event_id", F.col("content_hash").alias("known_hash"), *origin, own.alias("may_be_own"))

    def _write_outcomes(self, outcomes: DataFrame, counts: dict[tuple[str, str], int], batch_id: int) -> None:
        now = F.lit(datetime.now(UTC))
        jobs: list[Callable[[], None]] = []
        for topic, contract in EVENTS.items():
            if counts.get((topic, "bronze")):
                rows = outcomes.where((F.col("outcome") == "bronze") & (F.col("topic") == topic))
                jobs.append(self._append(rows.select(*bronze_columns(contract, now)), BRONZE[topic], batch_id))
        if any(outcome == "bronze" for _, outcome in counts):
            jobs.append(self._append(self._new_private_rows(outcomes, now), USERS_PRIVATE, batch_id))
        if any(outcome == "repeat" for _, outcome in counts):
            rows = outcomes.where("outcome = 'repeat'").select("topic", "event_id", *where_from(now))
            jobs.append(self._append(rows, REPEATS, batch_id))
        if any(outcome == "refused" for _, outcome in counts):
            refused = outcomes.where("outcome = 'refused'")
            rows = refused.select("topic", "reason", "message", "value", *where_from(now))
            jobs += [self._append(rows, QUARANTINE, batch_id), lambda: self._send_dead_letters(refused)]
        if any(outcome == ERASED for _, outcome in counts):
            gone = outcomes.where(F.col("outcome") == ERASED).withColumn(
                "produced_at", F.date_trunc("hour", "produced_at")
            )
            rows = gone.select("topic", F.lit(ERASED).alias("cause"), *where_from(now))
            jobs.append(self._append(rows, REMOVED, batch_id))
        with ThreadPoolExecutor(_WRITERS) as pool:
            for done in [pool.submit(job) for job in jobs]:
                done.result()

    def _append(self, rows: DataFrame, table: Table, batch_id: int) -> Callable[[], None]:
        writer = rows.write.format("delta").mode("append").option("txnAppId", self._app_id)
        return lambda: writer.option("txnVersion", str(batch_id)).save(self._path(table))

    def _new_private_rows(self, outcomes: DataFrame, now: Column) -> DataFrame:
        seen = outcomes.sparkSession.read.format("delta").load(self._path(USERS_PRIVATE)).select("private_id")
        shown = outcomes.where("outcome = 'bronze' AND user_key IS NOT NULL").select(*private_columns(now))
        return shown.dropDuplicates(["private_id"]).join(seen, "private_id", "left_anti")

    def _send_dead_letters(self, refused: DataFrame) -> None:
        """At least once: a retried batch may send a dead letter again; the quarantine table has it once."""
        headers = [
            F.struct(F.lit(name).alias("key"), F.col(name).cast("string").cast("binary").alias("value"))
            for name in _DEAD_LETTER_HEADERS
        ]
        rows = refused.select("value", F.array(*headers).alias("headers"))
        options = {
            "topic": DEAD_LETTERS,
            "includeHeaders": "true",
            **spark_options(self._settings),
            "kafka.bootstrap.servers": bootstrap_servers(self._settings),
            "kafka.max.request.size": str(self._settings.max_produced_bytes + BATCH_HEADROOM_BYTES),
        }
        rows.write.format("kafka").options(**options).save()

    def _path(self, table: Table) -> str:
        return str(self._lake / table.path)


def _facts(events: DataFrame) -> _Facts:
    produced_ms = F.unix_millis("produced_at")
    ages = [1 - p for p in _AGE_PERCENTILES]  # the oldest records are the slowest
    day = F.when(F.col("is_plain"), F.to_date(F.timestamp_millis("ts")))
    row = events.agg(
        F.count("*").alias("records"),
        F.count_if(~F.col("is_plain")).alias("doubtful"),
        F.collect_set(day).alias("dates"),
        F.percentile_approx(produced_ms, ages).alias("produced"),
    ).first()
    assert row is not None  # noqa: S101 - an aggregate without groups has one row
    return _Facts(row["records"], row["doubtful"], row["dates"], row["produced"] or [])


def _dates_of(typed: DataFrame) -> list[date]:
    good = typed.where("reason IS NULL").select(F.to_date(F.timestamp_millis("ts")).alias("day"))
    return [row["day"] for row in good.distinct().collect()]


def _with_outcome(events: DataFrame, known: DataFrame) -> DataFrame:
    """Events with `outcome` (bronze, repeat or refused); the first of an identity counts, in order of offset."""
    good = events.where("reason IS NULL")
    same_origin = [F.col(name).eqNullSafe(F.col(f"known_{name}")) for name in _ORIGIN]
    own = F.col("may_be_own") & same_origin[0] & same_origin[1]
    joined = good.join(known, "event_id", "left").withColumn("known_hash", F.when(~own, F.col("known_hash")))
    by_identity = Window.partitionBy("event_id").orderBy(*_ORIGIN)
    ranked = joined.withColumns(
        {
            "place": F.row_number().over(by_identity),
            "first_hash": F.coalesce("known_hash", F.first("content_hash").over(by_identity)),
        }
    )
    is_new = (F.col("place") == 1) & F.col("known_hash").isNull()
    is_same = F.col("content_hash") == F.col("first_hash")
    outcome = F.when(is_new, "bronze").when(is_same, "repeat").otherwise("refused")
    conflict = outcome == "refused"
    decided = ranked.withColumns(
        {
            "outcome": outcome,
            "reason": F.when(conflict, str(Reason.CONFLICT)),
            "message": F.when(conflict, _CONFLICT_MESSAGE),
        }
    )
    outcome_of_refused = F.when(F.col("reason") == ERASED, ERASED).otherwise("refused")
    refused = events.where("reason IS NOT NULL").withColumn("outcome", outcome_of_refused)
    return decided.select(*refused.columns).unionByName(refused)


def _count_outcomes(outcomes: DataFrame) -> list[Row]:
    rows: list[Row] = outcomes.groupBy("topic", "outcome").count().collect()
    return rows


def _totals(counts: dict[tuple[str, str], int]) -> dict[str, int]:
    totals: dict[str, int] = {}
    for (_topic, outcome), count in counts.items():
        totals[outcome] = totals.get(outcome, 0) + count
    return totals
