"""Homes with a built warehouse, and their marts as plain rows."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from support.command import zipotify
from zipotify.catalog.store import write_catalog
from zipotify.contracts.identity import user_keyer
from zipotify.contracts.snapshot import open_current
from zipotify.settings import Settings, load_settings
from zipotify.warehouse.duckdb_lake import prepare_connection

SECRET = "5a" * 32
"""Key of the user hash in every home that tests compare."""
ARRIVAL = {"ingested_at", "last_ingested_at"}
"""Columns in which two homes with the same events differ."""
_ALL_TABLES = """
    select table_schema || '.' || table_name from information_schema.tables
    where table_schema in ('staging', 'intermediate', 'marts') order by all
"""
SIMULATED_DAYS = ("2024-02-20", "2024-03-18")


def simulated_files(folder: Path) -> Path:
    """Four topics of a small simulation with two arms, over a leap day and a change of month."""
    for arm, users, first_id in [("control", 40, 1), ("variant", 30, 10_000)]:
        size = ("-n", str(users), "-g", "3", "-r", str(first_id), "-u", str(first_id), "--tag", arm)
        period = ("-s", SIMULATED_DAYS[0], "-e", SIMULATED_DAYS[1])
        zipotify(folder, "simulate", *size, *period, str(folder / "files" / arm))
    return folder / "files"


def new_home(path: Path, **flags: Any) -> Settings:
    """An empty home with the tests' secret and the built-in catalogue."""
    settings = load_settings(path, user_key_secret=SECRET, **flags)
    write_catalog(settings.home.lake)
    return settings


def key() -> Callable[[str, str], str]:
    """(source, user id) -> user key, in the tests' homes."""
    return user_keyer(bytes.fromhex(SECRET))


def build(settings: Settings, full: bool = False) -> None:
    """Build inside this process; dbt's own deprecations are not ours."""
    from zipotify.warehouse.build import build as build_warehouse

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        build_warehouse(settings, full)


def ask(settings: Settings, sql: str) -> list[tuple[Any, ...]]:
    """Rows of a query on the published snapshot."""
    _, connection = open_current(settings.home.published, 512)
    with connection:
        return connection.execute(sql).fetchall()


def marts(settings: Settings) -> dict[str, list[tuple[Any, ...]]]:
    """Every published table's rows, sorted, without columns that say when something came in."""
    _, connection = open_current(settings.home.published, 512)
    with connection:
        tables = [row[0] for row in connection.execute("show tables").fetchall() if row[0] != "publication"]
        return {table: _rows(connection, table) for table in tables}


@contextmanager
def working_file(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """The working file, some of whose views read the lake."""
    with duckdb.connect(str(settings.home.warehouse_file), read_only=True) as working:
        prepare_connection(working, str(settings.home.lake))
        working.execute("set TimeZone = 'UTC'")
        yield working


def working_tables(settings: Settings) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table of the working file."""
    with working_file(settings) as working:
        names = [row[0] for row in working.execute(_ALL_TABLES).fetchall()]
        return {name: working.execute(f"select * from {name} order by all").fetchall() for name in names}


def is_as_from_nothing(settings: Settings) -> dict[str, list[tuple[Any, ...]]]:
    """Hold the working file against a full build of the same lake; returns the tables of that."""
    from zipotify.warehouse.build import build as build_warehouse

    before = working_tables(settings)
    assert build_warehouse(settings, full=True).full_because == "it was asked for"
    after = working_tables(settings)
    assert set(before) == set(after)
    for name, rows in after.items():
        assert before[name] == rows, name
    return after


def _rows(connection: Any, table: str) -> list[tuple[Any, ...]]:
    columns = [row[0] for row in connection.execute(f"describe {table}").fetchall() if row[0] not in ARRIVAL]
    return connection.execute(f"select {', '.join(columns)} from {table} order by all").fetchall()  # type: ignore[no-any-return]
