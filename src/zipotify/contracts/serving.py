"""Tables of the serving database: live rollups, and what the parts say of themselves.

Times are whole seconds or milliseconds since 1970, UTC, as the names say. Written by stream, ops and warehouse;
read by the dashboard. SQLAlchemy keeps SQLite and PostgreSQL alike.
"""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Float, Integer, MetaData, String, Table, Text, create_engine, event
from sqlalchemy.engine import Engine
from sqlalchemy.exc import ArgumentError, OperationalError

from zipotify.errors import ConfigError, ZipotifyError

metadata = MetaData()
_KINDS = ("sqlite", "postgresql")
_ADDRESSES = "write sqlite:///FILE or postgresql+psycopg://ACCOUNT@HOST/DATABASE"


def _text(name: str, **kwargs: Any) -> Column[str]:
    return Column(name, String(512), nullable=False, **kwargs)


def _count(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False, default=0)


live_batches = Table(
    "live_batches",
    metadata,
    Column("query_id", String(64), primary_key=True),
    Column("batch_id", BigInteger, primary_key=True, autoincrement=False),
    Column("committed_at_ms", BigInteger, nullable=False),
    comment="one row per batch applied: a retried batch is recognised and changes nothing",
)
live_counts = Table(
    "live_counts",
    metadata,
    _text("source", primary_key=True),
    Column("bucket_start_s", BigInteger, primary_key=True, autoincrement=False),
    _text("level", primary_key=True),
    _text("state", primary_key=True),
    _text("gender", primary_key=True),
    _text("device", primary_key=True),
    _count("event_count"),
    _count("play_count"),
    _count("upgrade_count"),
    _count("downgrade_count"),
    comment="events per source, 10 s of event time and dimensions ('' where unknown); sums over it give any total",
)
live_tracks = Table(
    "live_tracks",
    metadata,
    _text("source", primary_key=True),
    Column("minute_start_s", BigInteger, primary_key=True, autoincrement=False),
    _text("artist", primary_key=True),
    _text("song", primary_key=True),
    _count("play_count"),
    comment="plays per source, minute of event time and track",
)
live_users = Table(
    "live_users",
    metadata,
    _text("source", primary_key=True),
    Column("minute_start_s", BigInteger, primary_key=True, autoincrement=False),
    _text("user_key", primary_key=True),
    Column("session_id", BigInteger, primary_key=True, autoincrement=False),
    _text("level"),
    comment="who was active in which minute ('' for a user not shown): exact distinct counts over any window",
)
live_activity = Table(
    "live_activity",
    metadata,
    _text("source", primary_key=True),
    Column("bucket_start_s", BigInteger, primary_key=True, autoincrement=False),
    _text("user_key", primary_key=True),
    Column("session_id", BigInteger, primary_key=True, autoincrement=False),
    *(_text(name, primary_key=True) for name in ("level", "state", "gender", "device")),
    comment="who was active in which 10 s, with dimensions; exact distinct users and sessions of the last two hours",
)
live_plays = Table(
    "live_plays",
    metadata,
    Column("event_id", String(64), primary_key=True),
    _text("source"),
    Column("event_at_ms", BigInteger, nullable=False, index=True),
    _text("artist"),
    _text("song"),
    _text("level"),
    _text("city"),
    _text("state"),
    _text("device"),
    comment="the newest plays, a few hundred, for the ticker; no personal fields",
)
stream_batches = Table(
    "stream_batches",
    metadata,
    Column("query_id", String(64), primary_key=True),
    Column("batch_id", BigInteger, primary_key=True, autoincrement=False),
    Column("started_at_ms", BigInteger, nullable=False, index=True),
    Column("duration_ms", BigInteger, nullable=False),
    _count("input_count"),
    _count("bronze_count"),
    _count("refused_count"),
    _count("repeat_count"),
    comment="one row per micro-batch of the stream",
)
freshness = Table(
    "freshness",
    metadata,
    _text("stage", primary_key=True),
    Column("measured_at_ms", BigInteger, primary_key=True, autoincrement=False),
    Column("p50_ms", BigInteger, nullable=False),
    Column("p95_ms", BigInteger, nullable=False),
    Column("p99_ms", BigInteger, nullable=False),
    _count("event_count"),
    comment="produced -> visible, per measurement; stage is bronze, live or warehouse",
)
builds = Table(
    "builds",
    metadata,
    Column("build_id", String(64), primary_key=True),
    Column("started_at_ms", BigInteger, nullable=False, index=True),
    Column("finished_at_ms", BigInteger),
    _text("state"),
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
    _text("topic", primary_key=True),
    Column("partition", Integer, primary_key=True, autoincrement=False),
    _text("source", primary_key=True),
    Column("hour_s", BigInteger, primary_key=True, autoincrement=False),
    _count("produced_count"),
    comment="records counted in Kafka up to ledger_offsets, per UTC hour of sending",
)
ledger_offsets = Table(
    "ledger_offsets",
    metadata,
    _text("topic", primary_key=True),
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("next_offset", BigInteger, nullable=False),
    comment="how far ledger_counts has counted",
)
ledger_gaps = Table(
    "ledger_gaps",
    metadata,
    _text("topic", primary_key=True),
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
    _text("state"),
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
