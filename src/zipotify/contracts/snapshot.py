"""The published snapshot as its readers see it: `current.json` names a file that nothing changes any more.

Written by warehouse; read by `zipotify query` and the dashboard. A switch is one rename, so a reader that opens the
file named by the manifest sees the old or the new one, whole, and never waits for a build.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import orjson

from zipotify.errors import QueryError

MANIFEST = "current.json"
DOCUMENTATION = "documentation.html"
"""dbt's own page about the models, beside the snapshots."""
_ATTEMPTS = 5
_LOCKED: dict[str, Any] = {
    "enable_external_access": False,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "allow_community_extensions": False,
}


@dataclass(frozen=True)
class Manifest:
    """What `current.json` says; instants are ISO-8601 with Z."""

    publish_id: str
    file: str
    built_at: str
    as_of: str | None
    """Time of the newest event of all sources; None while there is none."""
    last_ingested_at: str | None
    """Arrival of the newest event that is in it."""
    lake_versions: dict[str, int]
    fingerprint: str
    """Hash over what else the tables depend on: models and settings."""
    row_counts: dict[str, int]
    analysed_at: str = ""
    """When the heavier analyses (models tagged `daily`) were last built; equal to built_at when they were this time."""
    warnings: list[str] = field(default_factory=list)
    """Checks that found something odd that doesn't make the figures wrong."""
    batches: dict[str, int] = field(default_factory=dict)
    """stream's id -> number of its newest batch that wrote something into it."""
    lineage: dict[str, list[str]] = field(default_factory=dict)
    """model -> what it is made from, by dbt's own account: other models, and tables of the lake."""


def instant(moment: datetime | None) -> str | None:
    """A UTC instant without a zone, as ISO-8601 with Z."""
    return None if moment is None else moment.isoformat(timespec="milliseconds") + "Z"


def current(published: Path) -> Manifest | None:
    """The manifest of the newest snapshot; None when nothing has been published."""
    try:
        return Manifest(**orjson.loads((published / MANIFEST).read_bytes()))
    except FileNotFoundError:
        return None


def open_current(published: Path, memory_mb: int, threads: int = 2) -> tuple[Manifest, duckdb.DuckDBPyConnection]:
    """The newest snapshot and a connection that can read it and nothing else; raises QueryError when there is none.

    The file may be gone by the time it is opened, when builds follow fast: then there is a newer one.
    """
    for _attempt in range(_ATTEMPTS):
        manifest = _newest(published)
        file = published / manifest.file
        try:
            return manifest, _open(file, memory_mb, threads)
        except duckdb.IOException:
            if file.exists():
                raise QueryError(f"{file} can't be read", "publish it again with `zipotify build --full`") from None
    raise QueryError(f"{file} is missing", "publish it again with `zipotify build --full`")


def _newest(published: Path) -> Manifest:
    manifest = current(published)
    if manifest is None:
        raise QueryError(f"nothing has been published in {published.parent}", "run `zipotify build` first")
    return manifest


def _open(file: Path, memory_mb: int, threads: int) -> duckdb.DuckDBPyConnection:
    """Read-only, without files, network or settings; results are in UTC."""
    config = {**_LOCKED, "memory_limit": f"{memory_mb}MB", "threads": threads}
    connection = duckdb.connect(str(file), read_only=True, config=config)
    # Opened twice in one process, a file is one database: the first who opens it sets it up and locks it, for all.
    if not connection.sql("select current_setting('lock_configuration')").fetchall()[0][0]:
        connection.execute("set global TimeZone = 'UTC'")
        connection.execute("set lock_configuration = true")
    return connection
