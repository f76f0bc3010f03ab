"""A lake with so many events that a build is dear: a simulated one, its people many times over, cut by time."""

from __future__ import annotations

from pathlib import Path

import duckdb
from deltalake import write_deltalake

from zipotify.catalog.store import write_catalog
from zipotify.contracts.tables import BRONZE, Table
from zipotify.settings import Settings, load_settings
from zipotify.warehouse.duckdb_lake import prepare_connection

_ROWS_AT_ONCE = 200_000
_SESSIONS_APART = 1_000_000_000


def span_ms(settings: Settings) -> tuple[int, int]:
    """When the first and the last event of the lake happened."""
    with reading(settings) as connection:
        parts = " union all ".join(
            f"select min(ts_ms) as a, max(ts_ms) as b from {_scan(settings, t)}" for t in BRONZE.values()
        )
        first, last = connection.execute(f"select min(a), max(b) from ({parts})").fetchall()[0]
    return int(first), int(last)


def new_home(root: Path, memory_mb: int) -> Settings:
    """An empty home with the built-in catalogue."""
    settings = load_settings(root, warehouse_memory_mb=memory_mb, published_keep_count=2)
    write_catalog(settings.home.lake)
    return settings


def add_events(small: Settings, settings: Settings, copies: int, from_ms: int, to_ms: int) -> int:
    """Append the small lake's events of that time, each so many times, by people of their own; returns how many."""
    count = 0
    with reading(small) as connection:
        for table in BRONZE.values():
            copied = (
                "select * replace (left(event_id, -5) || printf('%05d', n) as event_id,"
                " left(user_key, -5) || printf('%05d', n) as user_key,"
                f" session_id + n * {_SESSIONS_APART} as session_id)"
                f" from {_scan(small, table)}, range({copies}) as r (n) where ts_ms >= {from_ms} and ts_ms < {to_ms}"
            )
            count += connection.execute(f"select count(*) from ({copied})").fetchall()[0][0]
            columns = ", ".join(column.name for column in table.columns)
            reader = connection.execute(f"select {columns} from ({copied})").to_arrow_reader(_ROWS_AT_ONCE)
            path, parts = str(settings.home.lake / table.path), list(table.partition_by)
            write_deltalake(path, reader, mode="append", partition_by=parts or None)
    return count


def reading(settings: Settings) -> duckdb.DuckDBPyConnection:
    """A connection that can read the lake, with the memory and threads of a build."""
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": f"{settings.warehouse_memory_mb}MB",
        "threads": 2,
        "preserve_insertion_order": False,
        "temp_directory": str(settings.home.root / "spill-of-reading"),
    }
    connection = duckdb.connect(config=config)
    prepare_connection(connection, str(settings.home.lake))
    connection.execute("set TimeZone = 'UTC'")
    return connection


def _scan(settings: Settings, table: Table) -> str:
    return f"delta_scan('{settings.home.lake / table.path}')"
