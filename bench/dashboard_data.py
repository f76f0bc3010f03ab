"""A home with so many plays that a dashboard's questions are dear: a simulated one, its people many times over.

Its lake and warehouse are made as anybody's are. Then each person of the published snapshot is given doubles with keys
of their own, who do the same: rows, distinct users and sizes of files are those of so many people; the small tables
(per day, per track) keep their figures, which nothing here looks at.
"""

from __future__ import annotations

import os
import subprocess
import threading
from dataclasses import asdict, replace
from pathlib import Path

import duckdb
import orjson

from support.live_feed import LiveFeed
from zipotify.contracts.snapshot import MANIFEST, current
from zipotify.runtime.processes import zipotify_command
from zipotify.settings import Settings, load_settings

KEYS = ("event_id", "user_key", "user_version_key", "session_key")
"""Columns that tell people, and what is theirs, apart."""
FACTS = (
    "fct_plays",
    "fct_page_views",
    "fct_auths",
    "fct_sessions",
    "fct_level_changes",
    "fct_user_days",
)
SIMULATED = ("--randomseed", "42", "--start-time", "2026-09-01", "--end-time", "2026-11-01")


def simulated_home(root: Path, users: int, is_built: bool = True) -> Settings:
    """Two months of so many users, loaded and, unless told otherwise, built."""
    events = root.parent / "events"
    for verb in (
        ("simulate", *SIMULATED, "--nusers", str(users), str(events)),
        ("load", "--source", "sim", str(events)),
        *([("build",)] if is_built else []),
    ):
        subprocess.run(zipotify_command(*verb), env={**os.environ, "ZIPOTIFY_HOME": str(root)}, check=True)
    return load_settings(root)


def grown_home(settings: Settings, root: Path, copies: int) -> Settings:
    """A home whose snapshot has every person so many times."""
    manifest = current(settings.home.published)
    assert manifest is not None, "nothing has been published"
    grown = load_settings(root)
    grown.home.published.mkdir(parents=True)
    file = f"{manifest.publish_id}-grown.duckdb"
    with duckdb.connect(str(grown.home.published / file), config={"memory_limit": "6GB"}) as connection:
        connection.execute(f"attach '{settings.home.published / manifest.file}' as small (read_only)")
        connection.execute("create table publication as from small.publication")
        counts = {name: _copied(connection, name, copies) for name in manifest.row_counts}
    new = asdict(replace(manifest, file=file, row_counts=counts))
    (grown.home.published / MANIFEST).write_bytes(orjson.dumps(new))
    return grown


def _copied(connection: duckdb.DuckDBPyConnection, table: str, copies: int) -> int:
    connection.execute(_copy_sql(connection, table, copies))
    return int(connection.execute(f"select count(*) from {table}").fetchall()[0][0])


def _copy_sql(connection: duckdb.DuckDBPyConnection, table: str, copies: int) -> str:
    """Rows stay in the order in which they lie, doubles beside each other."""
    if table not in (*FACTS, "dim_users"):
        return f"create table {table} as from small.{table}"
    names = [row[0] for row in connection.execute(f"describe small.{table}").fetchall()]
    own = [name for name in names if name in KEYS]
    changed = ", ".join(f"left({name}, -5) || format('{{:05d}}', n) as {name}" for name in own)
    return (
        f"create table {table} as select * exclude (n) replace ({changed})"
        f" from (select *, unnest(range({copies})) as n from small.{table})"
    )


def feed_live(settings: Settings, plays_per_s: int, stop: threading.Event) -> None:
    """An hour of live events, then so many a second until told to stop."""
    settings.home.root.mkdir(parents=True, exist_ok=True)
    feed = LiveFeed(settings)
    feed.hour(plays_per_minute=plays_per_s * 60)
    while not stop.wait(1):
        feed.now(plays_per_s)
