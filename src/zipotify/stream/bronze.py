"""One micro-batch of Kafka records -> bronze, repeats, quarantine and users_private, exactly once.

Every write carries the query's id and the batch's number, so Delta skips what an interrupted attempt had written.
What a record becomes depends only on the batch and on bronze before it; an attempt's own rows are left out of that.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import reduce

from deltalake import DeltaTable
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from zipotify.contracts.erasure import read_list
from zipotify.contracts.fields import DEAD_LETTERS, EVENTS
from zipotify.contracts.kafka_access import spark_options
from zipotify.contracts.reasons import Reason
from zipotify.contracts.tables import BRONZE, ERASED, PRIVATE_FIELDS, QUARANTINE, REMOVED, REPEATS, USERS_PRIVATE, Table
from zipotify.contracts.wire import BATCH_HEADROOM_BYTES, bootstrap_servers
from zipotify.settings import Settings
from zipotify.stream.derive import bronze_columns, identified, private_columns, where_from
from zipotify.stream.erased import refused_as_erased
from zipotify.stream.facts import Facts, Span, facts_of, spans_of, within
from zipotify.stream.outcome import ORIGIN, among, refused, suspects, with_outcome
from zipotify.stream.slow import accepted, judged

_PLACE = ("topic", *ORIGIN)
_DEAD_LETTER_HEADERS = ("topic", "source", *ORIGIN, "reason", "message")
_WRITERS = 3
_ONE_FILE_ROWS = 50_000
"""A topic's rows up to this many are written by one task, so that a small batch makes one file a day, not several."""

Counts = Counter[tuple[str, str]]
"""Records by (topic, outcome)."""


@dataclass(frozen=True)
class BatchReport:
    """What became of one batch; ages are of its events when they became visible in bronze."""

    batch_id: int
    started_at_ms: int
    duration_ms: int
    counts: dict[str, int]
    age_ms: tuple[int, int, int] | None


@dataclass(frozen=True)
class _Judged:
    """A batch's events: plainly new ones, all others with their outcome, and how many there are of each."""

    new: DataFrame
    new_counts: Counter[str]
    others: DataFrame | None = None
    other_counts: Counts = field(default_factory=Counter)

    def of(self, outcome: str) -> DataFrame:
        """The others of one outcome."""
        assert self.others is not None  # noqa: S101 - asked only for outcomes that were counted
        return self.others.where(F.col("outcome") == outcome)

    def has(self, outcome: str) -> bool:
        """Whether any of the others had this outcome."""
        return any(count for (_, name), count in self.other_counts.items() if name == outcome)

    def bronze_count(self, topic: str) -> int:
        """Events of a topic that go into bronze."""
        return self.new_counts[topic] + self.other_counts[topic, "bronze"]

    def bronze(self, topic: str | None = None) -> DataFrame:
        """Events that go into bronze, of one topic or all."""
        rows = self.new
        if self.has("bronze"):
            rows = rows.unionByName(self.of("bronze").drop("outcome"))
        return rows.where(F.col("topic") == topic) if topic else rows

    def totals(self) -> Counter[str]:
        """Records by outcome."""
        totals = Counter(bronze=self.new_counts.total())
        for (_, outcome), count in self.other_counts.items():
            totals[outcome] += count
        return totals


class BronzeWriter:
    """Writes batches of one streaming query into one lake."""

    def __init__(self, settings: Settings, query_id: str) -> None:
        self._settings = settings
        self._lake = settings.home.lake
        self._app_id = query_id
        self._secret = settings.user_key()
        self._erased = read_list(settings.home)
        self._is_first = True

    def write(self, read: DataFrame, batch_id: int) -> BatchReport:
        """Write one batch of `parse.read_events`; called again with the same batch it changes nothing."""
        started_ms = int(time.time() * 1000)
        # Several passes need it; the original bytes only of those that Python has to look at.
        events = read.withColumn("value", F.when(~F.col("is_plain"), F.col("value"))).persist()
        try:
            facts = facts_of(events)
            outcomes = self._write_events(events, read, facts, batch_id) if facts.record_count else Counter()
        finally:
            events.unpersist()
        self._is_first = False
        now_ms = int(time.time() * 1000)
        ages = [now_ms - at for at in facts.produced_ms]
        age_ms = (ages[0], ages[1], ages[2]) if ages else None
        counts = {**outcomes, "input": facts.record_count}
        return BatchReport(batch_id, started_ms, now_ms - started_ms, counts, age_ms)

    def _write_events(self, events: DataFrame, read: DataFrame, facts: Facts, batch_id: int) -> Counter[str]:
        plain = refused_as_erased(accepted(events.where("is_plain")), self._erased)
        doubtful, spans = None, facts.spans
        if facts.doubtful_count:
            found = judged(events.where("NOT is_plain"), self._settings, self._erased)
            doubtful = identified(found, self._secret).localCheckpoint()
            spans = [*spans, *spans_of(doubtful)]
        typed = plain.unionByName(doubtful) if doubtful is not None else plain
        result = self._judged(typed, facts, self._known(events.sparkSession, spans, batch_id))
        self._write(result, read, batch_id)
        return result.totals()

    def _judged(self, typed: DataFrame, facts: Facts, known: DataFrame) -> _Judged:
        good, bad = typed.where("reason IS NULL"), typed.where("reason IS NOT NULL")
        suspected = suspects(good, known).localCheckpoint(eager=False)
        suspect_count = suspected.count()
        if not (suspect_count or facts.doubtful_count or self._erased):
            return _Judged(good, facts.counts)
        # A checkpoint, not a cache: Spark renews caches that read a table as soon as that table is written, and the
        # outcomes, judged against bronze as it was before, would change under our hands.
        decided = with_outcome(among(good, suspected, True), known)
        others = decided.unionByName(refused(bad)).localCheckpoint()
        rows = others.groupBy("topic", "outcome").count().collect()
        counts = Counter({(row["topic"], row["outcome"]): int(row["count"]) for row in rows})
        new_counts = facts.counts.copy()
        for (topic, _), count in counts.items():
            new_counts[topic] -= count
        return _Judged(among(good, suspected, False) if suspect_count else good, new_counts, others, counts)

    def _known(self, spark: SparkSession, spans: list[Span], batch_id: int) -> DataFrame:
        """Events that bronze had before this batch, of its topics and times: identity, content hash, origin."""
        topics = {span.topic for span in spans} or set(EVENTS)
        tables = [self._known_of(spark, t, [s for s in spans if s.topic == t], batch_id) for t in sorted(topics)]
        return reduce(DataFrame.unionAll, tables)

    def _known_of(self, spark: SparkSession, topic: str, spans: Iterable[Span], batch_id: int) -> DataFrame:
        path = self._path(BRONZE[topic])
        # Only the first batch after a start can be one that an earlier process began.
        may_be_own = self._is_first and self._has_written(path, batch_id)
        bronze = spark.read.format("delta").load(path).where(within(spans))
        origin = [F.col(name).alias(f"known_{name}") for name in ORIGIN]
        own = F.lit(may_be_own).alias("may_be_own")
        return bronze.select("event_id", F.col("content_hash").alias("known_hash"), *origin, own)

    def _has_written(self, path: str, batch_id: int) -> bool:
        version = DeltaTable(path).transaction_version(self._app_id)
        return version is not None and version >= batch_id

    def _write(self, result: _Judged, read: DataFrame, batch_id: int) -> None:
        now = F.lit(datetime.now(UTC))
        jobs = [*self._bronze_jobs(result, now, batch_id), *self._other_jobs(result, read, now, batch_id)]
        with ThreadPoolExecutor(_WRITERS) as pool:
            for done in [pool.submit(job) for job in jobs]:
                done.result()

    def _bronze_jobs(self, result: _Judged, now: Column, batch_id: int) -> list[Callable[[], None]]:
        jobs = []
        for topic, contract in EVENTS.items():
            count = result.bronze_count(topic)
            if count:
                rows = result.bronze(topic).select(*bronze_columns(contract, now))
                jobs.append(self._append(_few_files(rows, count), BRONZE[topic], batch_id))
        if jobs:
            jobs.append(lambda: self._write_private(result, now, batch_id))
        return jobs

    def _other_jobs(self, result: _Judged, read: DataFrame, now: Column, batch_id: int) -> list[Callable[[], None]]:
        jobs: list[Callable[[], None]] = []
        if result.has("repeat"):
            rows = result.of("repeat").select("topic", "event_id", *where_from(now))
            jobs.append(self._append(_few_files(rows), REPEATS, batch_id))
        if result.has("refused"):
            kept = _with_values(result.of("refused"), read)
            rows = kept.select("topic", "reason", "message", "value", *where_from(now))
            jobs += [self._append(_few_files(rows), QUARANTINE, batch_id), lambda: self._send_dead_letters(kept)]
        if result.has(ERASED):
            gone = result.of(ERASED).withColumn("produced_at", F.date_trunc("hour", "produced_at"))
            rows = gone.select("topic", F.lit(ERASED).alias("cause"), *where_from(now))
            jobs.append(self._append(_few_files(rows), REMOVED, batch_id))
        return jobs

    def _append(self, rows: DataFrame, table: Table, batch_id: int) -> Callable[[], None]:
        writer = rows.write.format("delta").mode("append").option("txnAppId", self._app_id)
        return lambda: writer.option("txnVersion", str(batch_id)).save(self._path(table))

    def _write_private(self, result: _Judged, now: Column, batch_id: int) -> None:
        """People, or attributes of theirs, that were not seen before: seldom any."""
        seen = result.new.sparkSession.read.format("delta").load(self._path(USERS_PRIVATE)).select("private_id")
        columns = ("source", "user_key", *PRIVATE_FIELDS)
        shown = result.bronze().where("user_key IS NOT NULL").select(*columns).distinct()
        rows = shown.select(*private_columns(now)).dropDuplicates(["private_id"])
        fresh = rows.join(seen, "private_id", "left_anti").select(*rows.columns).localCheckpoint()
        if not fresh.isEmpty():
            self._append(_few_files(fresh), USERS_PRIVATE, batch_id)()

    def _send_dead_letters(self, kept: DataFrame) -> None:
        """At least once: a retried batch may send a dead letter again; the quarantine table has it once."""
        headers = [
            F.struct(F.lit(name).alias("key"), F.col(name).cast("string").cast("binary").alias("value"))
            for name in _DEAD_LETTER_HEADERS
        ]
        rows = kept.select("value", F.array(*headers).alias("headers"))
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


def _few_files(rows: DataFrame, count: int = 0) -> DataFrame:
    return rows.coalesce(1) if count <= _ONE_FILE_ROWS else rows


def _with_values(kept: DataFrame, read: DataFrame) -> DataFrame:
    """Refused records with their original bytes; conflicts were plain, so theirs are read from Kafka once more."""
    without = kept.where(F.col("reason") == str(Reason.CONFLICT)).localCheckpoint()
    if without.isEmpty():
        return kept
    values = read.select(*_PLACE, "value").join(F.broadcast(without.select(*_PLACE)), [*_PLACE], "left_semi")
    conflicts = without.drop("value").join(values, [*_PLACE])
    return kept.where(F.col("reason") != str(Reason.CONFLICT)).unionByName(conflicts).localCheckpoint()
