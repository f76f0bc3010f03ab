"""One micro-batch of deduplicated live events -> rollups in the serving database, in one transaction.

Only plain records count here (see `parse`), not older than the watermark; bronze has everything, and the dashboard
shows the difference. The rows of a batch come to the driver: enough for thousands of events a second.
"""

from __future__ import annotations

import time
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from sqlalchemy import Table, and_, case, delete, select, tuple_
from sqlalchemy.engine import Connection, Engine

from zipotify.contracts import serving
from zipotify.contracts.erasure import read_list
from zipotify.contracts.fields import LISTEN_EVENTS
from zipotify.contracts.serving import insert_into
from zipotify.settings import Settings
from zipotify.stream import rollups
from zipotify.stream.derive import device, identified
from zipotify.stream.erased import marked
from zipotify.stream.parse import parsed, records

QUERY_ID = "live"
_TICKER_PLAYS = 500
_ACTIVITY_S = 2 * 3600
"""Ten-second activity is a row per active session and bucket, so it is kept for two hours of event time only."""
_EVENT_TIME = r'"ts"\s*:\s*(\d{1,18})'


def live_events(kafka: DataFrame, settings: Settings) -> DataFrame:
    """The streaming query's events: plain, recent, each identity once within the watermark."""
    recent_ms = F.unix_millis(F.current_timestamp()) - settings.live_watermark_minutes * 60_000
    # Reading one number from the text first spares history the full parse.
    about_ts = F.regexp_extract(F.col("value").cast("string"), _EVENT_TIME, 1).try_cast("bigint")
    recent = records(kafka).where(about_ts >= recent_ms)
    known = marked(parsed(recent, settings).where("is_plain"), read_list(settings.home)).where("NOT is_erased")
    events = identified(known, settings.user_key())
    fresh = events.withWatermark("event_at", f"{settings.live_watermark_minutes} minutes")
    once = fresh.dropDuplicatesWithinWatermark(["event_id"])
    columns = ("event_id", "topic", "source", "ts", "user_key", "artist", "song", "city", "level", "state", "gender")
    more = ("duration", "page")
    renamed = (F.col("sessionId").alias("session_id"), F.unix_millis("produced_at").alias("produced_ms"))
    return once.select(*columns, *more, device().alias("device"), *renamed)


class LiveWriter:
    """Applies batches of live events to the serving database; a batch that was applied changes nothing."""

    def __init__(self, settings: Settings, engine: Engine) -> None:
        self._engine = engine
        self._retention_s = settings.live_retention_hours * 3600

    def write(self, batch: DataFrame, batch_id: int) -> int:
        """Apply one batch; returns how many events it had."""
        return self.apply(batch.toArrow().to_pylist(), batch_id)

    def apply(self, events: list[dict[str, Any]], batch_id: int) -> int:
        """The same for events as plain rows, in the columns of `live_events`."""
        rows = [rollups.fitting(event) for event in events]
        with self._engine.begin() as connection:
            if rows and self._is_new(connection, batch_id):
                self._apply(connection, rows)
        return len(rows)

    def _is_new(self, connection: Connection, batch_id: int) -> bool:
        row = {"query_id": QUERY_ID, "batch_id": batch_id, "committed_at_ms": int(time.time() * 1000)}
        insert = insert_into(self._engine, serving.live_batches).values(row).on_conflict_do_nothing()
        # Not by the count of rows, which PostgreSQL's driver does not tell here.
        return connection.execute(insert.returning(serving.live_batches.c.batch_id)).first() is not None

    def _apply(self, connection: Connection, rows: list[dict[str, Any]]) -> None:
        plays = [row for row in rows if row["topic"] == LISTEN_EVENTS]
        self._add(connection, serving.live_counts, rollups.counts(rows))
        self._add(connection, serving.live_tracks, rollups.tracks(plays))
        self._insert(connection, serving.live_users, rollups.users(rows))
        self._insert(connection, serving.live_activity, rollups.activity(rows))
        self._renew_playing(connection, rollups.playing(rows))
        self._insert(connection, serving.live_plays, [rollups.play(row) for row in plays])
        self._forget(connection, max(int(row["ts"]) for row in rows) // 1000)
        self._record_freshness(connection, [int(row["produced_ms"]) for row in rows])

    def _add(self, connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
        if not rows:
            return
        insert = insert_into(self._engine, table)
        measures = [c.name for c in table.columns if c.name.endswith("_count")]
        sums = {name: table.c[name] + insert.excluded[name] for name in measures}
        keys = [column.name for column in table.primary_key]
        connection.execute(insert.on_conflict_do_update(index_elements=keys, set_=sums), rows)

    def _insert(self, connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
        if rows:
            connection.execute(insert_into(self._engine, table).on_conflict_do_nothing(), rows)

    def _renew_playing(self, connection: Connection, rows: list[dict[str, Any]]) -> None:
        """A later play takes the place of the one before, whatever the order in which they come."""
        if not rows:
            return
        table, insert = serving.live_playing, insert_into(self._engine, serving.live_playing)
        came = insert.excluded
        is_newer = tuple_(came.started_at_ms, came.event_id) > tuple_(table.c.started_at_ms, table.c.event_id)
        of_play = ("user_key", "level", "event_id", "started_at_ms", "ends_at_ms")
        renewed = {name: case((is_newer, came[name]), else_=table.c[name]) for name in of_play}
        left = case((came.stopped_at_ms > table.c.stopped_at_ms, came.stopped_at_ms), else_=table.c.stopped_at_ms)
        keys = [column.name for column in table.primary_key]
        connection.execute(
            insert.on_conflict_do_update(index_elements=keys, set_=renewed | {"stopped_at_ms": left}), rows
        )

    def _forget(self, connection: Connection, newest_s: int) -> None:
        """Drop what is older than the retention; of the ticker's plays, keep the newest only."""
        before_s = newest_s - self._retention_s
        activity = serving.live_activity
        connection.execute(delete(activity).where(activity.c.bucket_start_s < newest_s - _ACTIVITY_S))
        playing, recent_ms = serving.live_playing.c, (newest_s - _ACTIVITY_S) * 1000
        gone = and_(playing.started_at_ms < recent_ms, playing.stopped_at_ms < recent_ms)
        connection.execute(delete(serving.live_playing).where(gone))
        connection.execute(delete(serving.live_counts).where(serving.live_counts.c.bucket_start_s < before_s))
        for table in (serving.live_tracks, serving.live_users):
            connection.execute(delete(table).where(table.c.minute_start_s < before_s))
        at_ms = serving.live_plays.c.event_at_ms
        oldest = select(at_ms).order_by(at_ms.desc()).offset(_TICKER_PLAYS).limit(1).scalar_subquery()
        connection.execute(delete(serving.live_plays).where(at_ms < oldest))

    def _record_freshness(self, connection: Connection, produced_ms: list[int]) -> None:
        now_ms = int(time.time() * 1000)
        ages = sorted(now_ms - at for at in produced_ms)
        p50, p95, p99 = (ages[min(int(len(ages) * share), len(ages) - 1)] for share in (0.5, 0.95, 0.99))
        row = {"stage": "live", "measured_at_ms": now_ms, "p50_ms": p50, "p95_ms": p95, "p99_ms": p99}
        insert = insert_into(self._engine, serving.freshness).values({**row, "event_count": len(ages)})
        connection.execute(insert.on_conflict_do_nothing())
