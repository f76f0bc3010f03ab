"""Read-only SQL on the published snapshot: one statement, no files, no network, no settings."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from zipotify.contracts.answers import Answer, ask
from zipotify.contracts.snapshot import open_current
from zipotify.settings import Settings


def query(settings: Settings, sql: str, limit: int | None = None) -> Answer:
    """Answer one SELECT (or WITH, DESCRIBE, SHOW, EXPLAIN) from the newest snapshot; raises QueryError."""
    with open_published(settings) as connection:
        return ask(connection, sql, limit)


@contextmanager
def open_published(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """A locked, read-only connection to the newest snapshot; raises QueryError when there is none."""
    _manifest, connection = open_current(settings.home.published, settings.warehouse_memory_mb)
    try:
        yield connection
    finally:
        connection.close()
