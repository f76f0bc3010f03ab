"""What the parts wrote into the serving database, as Prometheus metrics: read once a scrape, nothing is kept.

The dashboard serves them at /metrics; deploy/prometheus holds the alerts on them, and deploy/grafana the board.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import Table, and_, func, select
from sqlalchemy.engine import Connection, Engine

from zipotify.contracts import serving

_RECENT_BATCHES = 100
_COUNTED = ("produced", "bronze", "refused", "repeats", "erased", "expired")
_WORKING = ("starting", "loading", "running")


def render(engine: Engine) -> str:
    """All metrics in Prometheus's text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(ServingCollector(engine))
    return generate_latest(registry).decode()


class ServingCollector(Collector):
    """Reads the serving database whenever it is asked."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def describe(self) -> list[Metric]:
        """Nothing beforehand: names follow from what is there."""
        return []

    def collect(self) -> Iterator[Metric]:
        """One snapshot of the database."""
        with self._engine.connect() as connection:
            yield from _parts(connection)
            yield from _batches(connection)
            yield from _freshness(connection)
            yield from _builds(connection)
            yield from _ledger(connection)
            yield from _jobs(connection)


def _gauge(name: str, text: str, values: dict[Any, float], labels: tuple[str, ...] = ()) -> Iterator[Metric]:
    """One gauge; keys of `values` are the values of its labels. Nothing where nothing is known."""
    if values:
        family = GaugeMetricFamily(f"zipotify_{name}", text, labels=labels)
        for label_values, value in values.items():
            family.add_metric(label_values, value)
        yield family


def _parts(connection: Connection) -> Iterator[Metric]:
    rows = connection.execute(select(serving.parts)).all()
    up = {(row.name,): float(row.state in _WORKING) for row in rows}
    heard = {(row.name,): row.heartbeat_at_ms / 1000 for row in rows}
    yield from _gauge("part_up", "1 while the part says that it starts, loads or runs", up, ("part",))
    yield from _gauge("part_heard_timestamp_seconds", "When the part last spoke", heard, ("part",))


def _batches(connection: Connection) -> Iterator[Metric]:
    table = serving.stream_batches
    rows = connection.execute(select(table).order_by(table.c.started_at_ms.desc()).limit(_RECENT_BATCHES)).all()
    if not rows:
        return
    durations = sorted(row.duration_ms / 1000 for row in rows)
    spread = {(str(share),): durations[min(len(durations) - 1, int(share * len(durations)))] for share in (0.5, 0.95)}
    ended_s = (rows[0].started_at_ms + rows[0].duration_ms) / 1000
    text = f"Duration of the last {_RECENT_BATCHES} batches"
    yield from _gauge("stream_batch_duration_seconds", text, spread, ("quantile",))
    yield from _gauge("stream_batch_ended_timestamp_seconds", "When the last batch ended", {(): ended_s})
    yield from _gauge("stream_batch_records", "Records in the last batch", {(): rows[0].input_count})


def _freshness(connection: Connection) -> Iterator[Metric]:
    rows = _newest_per(connection, serving.freshness, "stage", "measured_at_ms")
    late = {
        (row.stage, quantile): getattr(row, column) / 1000
        for row in rows
        for quantile, column in (("0.5", "p50_ms"), ("0.95", "p95_ms"), ("0.99", "p99_ms"))
    }
    measured = {(row.stage,): row.measured_at_ms / 1000 for row in rows}
    yield from _gauge("freshness_seconds", "From produced to visible, newest measurement", late, ("stage", "quantile"))
    yield from _gauge("freshness_measured_timestamp_seconds", "When it was measured", measured, ("stage",))


def _builds(connection: Connection) -> Iterator[Metric]:
    rows = {row.state: row for row in _newest_per(connection, serving.builds, "state", "started_at_ms")}
    ended = {(state,): row.finished_at_ms / 1000 for state, row in rows.items() if row.finished_at_ms}
    yield from _gauge("build_ended_timestamp_seconds", "When the last build with this outcome ended", ended, ("state",))
    newest = max(rows.values(), key=lambda row: row.started_at_ms, default=None)
    if newest is not None:
        failed = float(newest.state == "failed")
        yield from _gauge("build_failed", "1 when the newest build failed", {(): failed})
    published = rows.get("published")
    if published is not None and published.finished_at_ms:
        took_s = (published.finished_at_ms - published.started_at_ms) / 1000
        yield from _gauge("build_duration_seconds", "Duration of the last build that published", {(): took_s})


def _ledger(connection: Connection) -> Iterator[Metric]:
    table = serving.ledger_checks
    newest = connection.execute(select(table).order_by(table.c.checked_at_ms.desc()).limit(1)).first()
    if newest is None:
        return
    counts: Counter[tuple[str, str]] = Counter()
    for row in json.loads(newest.report)["rows"]:
        for outcome in (*_COUNTED, "in_flight", "difference"):
            counts[row["topic"], outcome] += row[outcome]
    yield from _gauge("ledger_balanced", "1 when every event is accounted for", {(): float(newest.balanced)})
    checked_s = newest.checked_at_ms / 1000
    yield from _gauge("ledger_checked_timestamp_seconds", "When the ledger was last checked", {(): checked_s})
    events = CounterMetricFamily("zipotify_events", "Events by what became of them", labels=("topic", "outcome"))
    for (topic, outcome), count in counts.items():
        if outcome in _COUNTED:
            events.add_metric((topic, outcome), count)
    yield events
    lag = {(topic,): float(count) for (topic, outcome), count in counts.items() if outcome == "in_flight"}
    lost = {(topic,): float(count) for (topic, outcome), count in counts.items() if outcome == "difference"}
    yield from _gauge("events_in_flight", "Events in Kafka that the lake does not have yet", lag, ("topic",))
    yield from _gauge("events_unaccounted", "Events that are nowhere", lost, ("topic",))


def _jobs(connection: Connection) -> Iterator[Metric]:
    table = serving.job_runs
    done = _newest_per(connection, table.select().where(table.c.state == "done").subquery(), "job", "finished_at_ms")
    newest = _newest_per(connection, table, "job", "started_at_ms")
    good = {(row.job,): row.finished_at_ms / 1000 for row in done}
    failed = {(row.job,): float(row.state == "failed") for row in newest}
    yield from _gauge("job_done_timestamp_seconds", "When the job last did a step to its end", good, ("job",))
    yield from _gauge("job_failed", "1 when the newest step of the job failed", failed, ("job",))


def _newest_per(connection: Connection, table: Table | Any, key: str, at: str) -> list[Any]:
    """The newest row for each value of `key`."""
    newest = select(table.c[key].label("key"), func.max(table.c[at]).label("at")).group_by(table.c[key]).subquery()
    return list(
        connection.execute(select(table).join(newest, and_(table.c[key] == newest.c.key, table.c[at] == newest.c.at)))
    )
