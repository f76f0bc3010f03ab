"""The files of the lake's tables: merge small ones, remove old ones, look at a table's past and go back to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl
from deltalake import DeltaTable

from zipotify.contracts.tables import BRONZE, TABLES, Table
from zipotify.errors import MissingInputError, UsageError
from zipotify.places import Folder

SMALL_BYTES = 32 * 2**20
"""A file below this is worth merging."""
MANY_FILES = 24
"""So many small files in one partition are merged by the stream itself."""
_TARGET_BYTES = 128 * 2**20


@dataclass(frozen=True)
class Compacted:
    """What a compaction did to one table."""

    table: str
    files_before: int
    files_after: int


def named_tables(lake: Folder, name: str | None) -> list[Table]:
    """The table of that name, or all that exist; raises UsageError and MissingInputError."""
    if name is not None and name not in TABLES:
        raise UsageError(f"unknown table '{name}'", f"tables: {', '.join(TABLES)}")
    there = [table for table in TABLES.values() if _exists(lake, table)]
    chosen = [table for table in there if name in (None, table.name)]
    if not chosen:
        raise MissingInputError(f"there is no {name or 'table'} in {lake}", "load or stream something first")
    return chosen


def compact(lake: Folder, tables: Iterable[Table], at_least: int = 2) -> list[Compacted]:
    """Merge small files of partitions that have `at_least` of them; the rows stay, and so does the past."""
    return [done for table in tables if (done := _compact(lake, table, at_least)) is not None]


def _compact(lake: Folder, table: Table, at_least: int) -> Compacted | None:
    delta = DeltaTable(str(lake / table.path))
    small = _small_files(delta, table)
    crowded = [partition for partition, count in small.items() if count >= at_least]
    if not crowded:
        return None
    before = len(delta.file_uris())
    for partition in crowded:
        filters = [(table.partition_by[0], "=", partition)] if table.partition_by else None
        delta.optimize.compact(partition_filters=filters, target_size=_TARGET_BYTES)
    return Compacted(table.name, before, len(DeltaTable(str(lake / table.path)).file_uris()))


def _small_files(delta: DeltaTable, table: Table) -> Counter[str]:
    """Number of small files by partition ('' where a table has none)."""
    files = pl.DataFrame(delta.get_add_actions(flatten=True)).filter(pl.col("size_bytes") < SMALL_BYTES)
    if not table.partition_by:
        return Counter({"": files.height})
    days = files[f"partition.{table.partition_by[0]}"].to_list()
    return Counter(str(day) for day in days)


def vacuum(lake: Folder, tables: Iterable[Table], retain_hours: int, dry_run: bool = False) -> dict[str, int]:
    """Remove files that no version younger than `retain_hours` needs; returns how many by table."""
    removed = {}
    for table in tables:
        delta = DeltaTable(str(lake / table.path))
        gone = delta.vacuum(retain_hours, dry_run=dry_run, enforce_retention_duration=False)
        removed[table.name] = len(gone)
    return removed


def history(lake: Folder, table: Table, limit: int) -> list[dict[str, Any]]:
    """The table's versions, the newest first: number, time, operation."""
    entries = DeltaTable(str(lake / table.path)).history(limit)
    return [_entry(entry) for entry in entries]


def _entry(entry: dict[str, Any]) -> dict[str, Any]:
    return {
        "version": entry["version"],
        "at": pl.Series([entry["timestamp"]]).cast(pl.Datetime("ms", "UTC"))[0].isoformat(),
        "operation": entry["operation"],
        "by": entry.get("engineInfo", entry.get("clientVersion", "")),
    }


def restore(lake: Folder, table: Table, target: int | datetime) -> int:
    """Make an earlier version the current one, as a new version; returns its number.

    Raises MissingInputError when that version is gone.
    """
    delta = DeltaTable(str(lake / table.path))
    try:
        delta.restore(target)
    except Exception as error:  # deltalake raises several of its own for a version or file that is gone
        raise MissingInputError(
            f"{table.name} cannot go back to {target}: {str(error).splitlines()[0][:200]}",
            f"`zipotify lake history {table.name}` lists its versions; vacuum removes the files of old ones",
        ) from None
    return int(DeltaTable(str(lake / table.path)).version())


def tidy(lake: Folder) -> list[Compacted]:
    """What the stream does between batches: merge where many small files are."""
    return compact(lake, [table for table in TABLES.values() if _exists(lake, table)], MANY_FILES)


def file_counts(lake: Folder) -> dict[str, int]:
    """Files of the event tables, for people."""
    return {
        table.name: len(DeltaTable(str(lake / table.path)).file_uris())
        for table in BRONZE.values()
        if _exists(lake, table)
    }


def _exists(lake: Folder, table: Table) -> bool:
    return bool(DeltaTable.is_deltatable(str(lake / table.path)))
