"""Live tables of the serving database: what happened in the last hours, rolled up by the stream.

Times are whole seconds or milliseconds since 1970, UTC, as the names say.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, MetaData, String, Table

metadata = MetaData()


def text_column(name: str, **kwargs: Any) -> Column[str]:
    """A text that is never null and short enough to be a key."""
    return Column(name, String(512), nullable=False, **kwargs)


def count_column(name: str) -> Column[int]:
    """A whole number that is never null."""
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
    text_column("source", primary_key=True),
    Column("bucket_start_s", BigInteger, primary_key=True, autoincrement=False),
    text_column("level", primary_key=True),
    text_column("state", primary_key=True),
    text_column("gender", primary_key=True),
    text_column("device", primary_key=True),
    count_column("event_count"),
    count_column("play_count"),
    count_column("upgrade_count"),
    count_column("downgrade_count"),
    comment="events per source, 10 s of event time and dimensions ('' where unknown); sums over it give any total",
)
live_tracks = Table(
    "live_tracks",
    metadata,
    text_column("source", primary_key=True),
    Column("minute_start_s", BigInteger, primary_key=True, autoincrement=False),
    text_column("artist", primary_key=True),
    text_column("song", primary_key=True),
    count_column("play_count"),
    comment="plays per source, minute of event time and track",
)
live_users = Table(
    "live_users",
    metadata,
    text_column("source", primary_key=True),
    Column("minute_start_s", BigInteger, primary_key=True, autoincrement=False),
    text_column("user_key", primary_key=True),
    Column("session_id", BigInteger, primary_key=True, autoincrement=False),
    text_column("level"),
    comment="who was active in which minute ('' for a user not shown): exact distinct counts over any window",
)
live_activity = Table(
    "live_activity",
    metadata,
    text_column("source", primary_key=True),
    Column("bucket_start_s", BigInteger, primary_key=True, autoincrement=False),
    text_column("user_key", primary_key=True),
    Column("session_id", BigInteger, primary_key=True, autoincrement=False),
    *(text_column(name, primary_key=True) for name in ("level", "state", "gender", "device")),
    comment="who was active in which 10 s, with dimensions; exact distinct users and sessions of the last two hours",
)
live_playing = Table(
    "live_playing",
    metadata,
    text_column("source", primary_key=True),
    Column("session_id", BigInteger, primary_key=True, autoincrement=False),
    text_column("user_key"),
    text_column("level"),
    text_column("event_id"),
    count_column("started_at_ms"),
    count_column("ends_at_ms"),
    count_column("stopped_at_ms"),
    comment="the newest play of each session of the last two hours, when its track ends (0: no play seen), and when "
    "the session last left by Logout or Cancel (0: never): who hears something at a moment",
)
LIVE_OF_USERS = (live_users, live_activity, live_playing)
"""Live tables whose rows say whose they are (`user_key`)."""
live_plays = Table(
    "live_plays",
    metadata,
    Column("event_id", String(64), primary_key=True),
    text_column("source"),
    Column("event_at_ms", BigInteger, nullable=False, index=True),
    text_column("artist"),
    text_column("song"),
    text_column("level"),
    text_column("city"),
    text_column("state"),
    text_column("device"),
    comment="the newest plays, a few hundred, for the ticker; no personal fields",
)
