"""Tables of the serving database: live rollups, and what the parts say of themselves.

Times are whole seconds or milliseconds since 1970, UTC, as the names say. Written by stream, ops and warehouse;
read by the dashboard. SQLAlchemy keeps SQLite and PostgreSQL alike.
"""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Float, Integer, String, Table, Text, create_engine, event
from sqlalchemy.engine import Engine
from sqlalchemy.exc import ArgumentError, OperationalError

from zipotify.contracts.live_tables import (
    LIVE_OF_USERS,
    count_column,
    live_activity,
    live_batches,
    live_counts,
    live_playing,
    live_plays,
    live_tracks,
    live_users,
    metadata,
    text_column,
)
from zipotify.errors import ConfigError, ZipotifyError

__all__ = [
    "LIVE_OF_USERS",
    "builds",
    "connect",
    "freshness",
    "insert_into",
    "job_runs",
    "ledger_checks",
    "ledger_counts",
    "ledger_gaps",
    "ledger_offsets",
    "live_activity",
    "live_batches",
    "live_counts",
    "live_playing",
    "live_plays",
    "live_tracks",
    "live_users",
    "metadata",
    "parts",
    "report_part",
    "stream_batches",
]

_KINDS = ("sqlite", "postgresql")
_ADDRESSES = "write sqlite:///FILE or postgresql+psycopg://ACCOUNT@HOST/DATABASE"

stream_batches = Table(
    "stream_batches",
    metadata,
    Column("query_id", String(64), primary_key=True),
    Column("batch_id", BigInteger, primary_key=True, autoincrement=False),
    Column("started_at_ms", BigInteger, nullable=False, index=True),
    Column("duration_ms", BigInteger, nullable=False),
    count_column("input_count"),
    count_column("bronze_count"),
    count_column("refused_count"),
    count_column("repeat_count"),
    comment="one row per micro-batch of the stream",
)
freshness = Table(
    "freshness",
    metadata,
    text_column("stage", primary_key=True),
    Column("measured_at_ms", BigInteger, primary_key=True, autoincrement=False),
    Column("p50_ms", BigInteger, nullable=False),
    Column("p95_ms", BigInteger, nullable=False),
    Column("p99_ms", BigInteger, nullable=False),
    count_column("event_count"),
    comment="produced -> visible, per measurement; stage is bronze, live or warehouse",
)
builds = Table(
    "builds",
    metadata,
    Column("build_id", String(64), primary_key=True),
    Column("started_at_ms", BigInteger, nullable=False, index=True),
    Column("finished_at_ms", BigInteger),
    text_column("state"),
    Column("message", Text, nullable=False, default=""),
    comment="warehouse builds; state is running, published, failed or unchanged",
)
parts = Table(
    "parts",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("state", String(32), nullable=False),
    Column("detail", Text, nullable=False, default=""),
    Column("progress", Float),
    Column("heartbeat_at_ms", BigInteger, nullable=False),
    comment="what each part says of itself; name is broker, simulator, stream, warehouse or dashboard; progress 0 to 1",
)
ledger_counts = Table(
    "ledger_counts",
    metadata,
    text_column("topic", primary_key=True),
    Column("partition", Integer, primary_key=True, autoincrement=False),
    text_column("source", primary_key=True),
    Column("hour_s", BigInteger, primary_key=True, autoincrement=False),
    count_column("produced_count"),
    comment="records counted in Kafka up to ledger_offsets, per UTC hour of sending",
)
ledger_offsets = Table(
    "ledger_offsets",
    metadata,
    text_column("topic", primary_key=True),
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("next_offset", BigInteger, nullable=False),
    comment="how far ledger_counts has counted",
)
ledger_gaps = Table(
    "ledger_gaps",
    metadata,
    text_column("topic", primary_key=True),
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("start_offset", BigInteger, primary_key=True, autoincrement=False),
    Column("end_offset", BigInteger, nullable=False),
    comment="offsets that Kafka's retention removed before ledger_counts counted them, end excluded",
)
ledger_checks = Table(
    "ledger_checks",
    metadata,
    Column("checked_at_ms", BigInteger, primary_key=True, autoincrement=False),
    Column("balanced", Boolean, nullable=False),
    Column("report", Text, nullable=False),
    comment="results of the ledger, newest last; report is the JSON of `zipotify ledger --format json`",
)
job_runs = Table(
    "job_runs",
    metadata,
    Column("run_id", String(64), primary_key=True),
    Column("step", String(64), primary_key=True),
    Column("job", String(64), nullable=False),
    Column("started_at_ms", BigInteger, nullable=False, index=True),
    Column("finished_at_ms", BigInteger),
    text_column("state"),
    Column("message", Text, nullable=False, default=""),
    comment="scheduled jobs, one row per step run; state is running, done, skipped or failed",
)


def connect(url: str) -> Engine:
    """An engine on the serving database, its tables created where missing.

    Raises ConfigError for an address that is none, and ZipotifyError when the database does not answer.
    """
    engine = _engine(url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _use_wal)
    try:
        metadata.create_all(engine)
    except OperationalError as error:
        engine.dispose()
        said = f"the serving database can't be used: {str(error.orig).splitlines()[0]}"
        raise ZipotifyError(said, "is it up, and is serving_url right?") from None
    return engine


def _engine(url: str) -> Engine:
    """Without the address in any error: it may hold a password."""
    kind = url.partition(":")[0].partition("+")[0]
    try:
        if kind in _KINDS:
            return create_engine(url, connect_args={"timeout": 60} if kind == "sqlite" else {})
    except (ArgumentError, ImportError, ValueError):
        pass
    named = f"a database of the kind '{kind}'" if "://" in url and kind.isalnum() else "no database"
    raise ConfigError(f"serving_url names {named} that we can't use", _ADDRESSES)


def _use_wal(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.close()


def insert_into(engine: Engine, table: Table) -> Any:
    """The dialect's INSERT of this table, which knows ON CONFLICT (SQLite and PostgreSQL spell it alike)."""
    if engine.dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert as postgresql_insert

        return postgresql_insert(table)
    from sqlalchemy.dialects.sqlite import insert as sqlite_insert

    return sqlite_insert(table)


def report_part(engine: Engine, name: str, state: str, detail: str = "", progress: float | None = None) -> None:
    """Say how a part does; states are starting, loading, running, stopping, stopped and failed."""
    row = {
        "name": name,
        "state": state,
        "detail": detail,
        "progress": progress,
        "heartbeat_at_ms": int(time.time() * 1000),
    }
    statement = insert_into(engine, parts).values(row)
    with engine.begin() as connection:
        connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=row))
