"""Their share of the live rollups: who was active goes by key; counts are lowered by what their events had added."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl
from sqlalchemy import Table, delete, select, text, tuple_, update
from sqlalchemy.engine import Connection, Engine
from tenacity import retry, retry_if_result, stop_after_attempt, wait_fixed

from zipotify.contracts import serving
from zipotify.contracts.fields import LISTEN_EVENTS
from zipotify.privacy.lake import Done
from zipotify.stream import rollups

_AT_ONCE = 500
_COLUMNS = ("topic", "source", "session_id", "level", "state", "gender", "device", "artist", "song")


def clean_serving(engine: Engine, user_keys: Sequence[str], events: Sequence[pl.DataFrame]) -> Done:
    """Erase from the serving database; `events` are the rows that went from bronze."""
    rows = [row for frame in events for row in _plain_rows(frame)]
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            connection.execute(text("PRAGMA secure_delete = ON"))
        counted = _counted(connection, rows)
        _lower(connection, serving.live_counts, rollups.counts(counted))
        _lower(connection, serving.live_tracks, rollups.tracks(row for row in counted if row["topic"] == LISTEN_EVENTS))
        row_count = _delete_users(connection, user_keys, rows)
        # The ticker does not say whose plays they are, so all of these sources' plays go; new ones come in seconds.
        sources = sorted({row["source"] for row in rows})
        connection.execute(delete(serving.live_plays).where(serving.live_plays.c.source.in_(sources)))
    rewrite(engine)
    return Done("serving database", "rows deleted, live counts lowered, ticker emptied, free pages removed", row_count)


def _plain_rows(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """Rows as the live query has them: text for what is unknown, `ts` for the time."""
    known = [name for name in _COLUMNS if name in frame.columns]
    kept = frame.select(*known, pl.col("ts_ms").alias("ts"), pl.col("user_key").fill_null(""))
    return [rollups.fitting(row) for row in kept.to_dicts()]


def _counted(connection: Connection, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those events that the rollups had counted: their minute and session are in `live_users`."""
    table = serving.live_users
    keys = tuple_(table.c.source, table.c.minute_start_s, table.c.session_id)
    wanted = sorted({_minute_key(row) for row in rows})
    there: set[tuple[Any, ...]] = set()
    for start in range(0, len(wanted), _AT_ONCE):
        some = select(table.c.source, table.c.minute_start_s, table.c.session_id).where(
            keys.in_(wanted[start : start + _AT_ONCE])
        )
        there.update(tuple(row) for row in connection.execute(some))
    return [row for row in rows if _minute_key(row) in there]


def _minute_key(row: dict[str, Any]) -> tuple[str, int, int]:
    return row["source"], int(row["ts"]) // 1000 // rollups.MINUTE_S * rollups.MINUTE_S, row["session_id"]


def _lower(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    measures = [column.name for column in table.columns if column.name.endswith("_count")]
    for row in rows:
        same = [column == row[column.name] for column in table.primary_key]
        lowered = {name: table.c[name] - row[name] for name in measures if row[name]}
        if lowered:
            connection.execute(update(table).where(*same).values(lowered))
    nothing_left = [table.c[name] <= 0 for name in measures]
    connection.execute(delete(table).where(*nothing_left))


def _delete_users(connection: Connection, user_keys: Sequence[str], rows: list[dict[str, Any]]) -> int:
    return sum(_delete_from(table, connection, user_keys, rows) for table in serving.LIVE_OF_USERS)


def _delete_from(table: Table, connection: Connection, user_keys: Sequence[str], rows: list[dict[str, Any]]) -> int:
    deleted = connection.execute(delete(table).where(table.c.user_key.in_(user_keys))).rowcount
    keys = tuple_(table.c.source, table.c.session_id)
    sessions = sorted({(row["source"], row["session_id"]) for row in rows if not row["user_key"]})
    for start in range(0, len(sessions), _AT_ONCE):
        some = keys.in_(sessions[start : start + _AT_ONCE])
        deleted += connection.execute(delete(table).where(table.c.user_key == "", some)).rowcount
    return deleted


def rewrite(engine: Engine) -> None:
    """SQLite keeps deleted rows in free pages and in its log; PostgreSQL's VACUUM gives the space to new rows."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM"))
        if engine.dialect.name == "sqlite":
            _empty_log(connection)


@retry(retry=retry_if_result(lambda is_busy: is_busy), stop=stop_after_attempt(60), wait=wait_fixed(0.5))
def _empty_log(connection: Connection) -> bool:
    """Whether a reader of the moment kept it from being emptied; tried again for half a minute."""
    return bool(connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)")).scalar())
