"""The folder that BigQuery is filled from: what models read, as Parquet files, and a file for each job."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import duckdb
import orjson
import pyarrow.parquet as pq

from zipotify.contracts.erasure import require_applied
from zipotify.contracts.tables import Table
from zipotify.errors import UsageError
from zipotify.places import Folder
from zipotify.settings import Settings
from zipotify.warehouse.bigquery import HOLIDAYS, SEED, Target, compiled, jobs, loaded_columns, seed_file
from zipotify.warehouse.duckdb_lake import prepare_connection
from zipotify.warehouse.holidays_table import holidays_table
from zipotify.warehouse.sources import SOURCE_TABLES, ensure_sources, lake_versions

_FILE_SIZE = "256MB"
"""So that BigQuery reads several at once."""


@dataclass(frozen=True)
class Written:
    """What lies in the folder."""

    job_count: int
    row_count: int
    data_bytes: int


def write_bigquery(settings: Settings, folder: Path, target: Target) -> Written:
    """Write `data` and `jobs` into a new folder; no build runs meanwhile.

    Raises UsageError when something is there already, BuildError, HomeInUseError, and ErasurePendingError.
    """
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
        raise UsageError(f"{folder} is there already", "name a new folder, or an empty one")
    with settings.home.lock("warehouse"):
        require_applied(settings.home)
        ensure_sources(settings.home.lake)
        versions = lake_versions(settings.home.lake)
        row_count = _write_data(settings, versions, folder / "data")
        job_count = _write_jobs(settings, target, folder / "jobs")
    return Written(job_count, row_count, sum(file.stat().st_size for file in (folder / "data").rglob("*.parquet")))


def _write_data(settings: Settings, versions: dict[str, int], folder: Path) -> int:
    folder.mkdir(parents=True)
    with duckdb.connect(config={"memory_limit": f"{settings.warehouse_memory_mb}MB"}) as connection:
        prepare_connection(connection, str(settings.home.lake))
        lake = settings.home.lake
        counts = [_write_table(connection, lake, table, versions[table.name], folder) for table in SOURCE_TABLES]
    holidays = holidays_table()
    (folder / HOLIDAYS.name).mkdir()
    pq.write_table(holidays, folder / HOLIDAYS.name / "data_0.parquet")
    shutil.copyfile(seed_file(), folder / f"{SEED}.csv")
    return sum(counts) + int(holidays.num_rows)


def _write_table(connection: duckdb.DuckDBPyConnection, lake: Folder, table: Table, version: int, folder: Path) -> int:
    """The table at that version as Parquet files in a folder of its name; returns its rows."""
    names = ", ".join(f'"{column.name}"' for column in loaded_columns(table))
    what = f"select {names} from delta_scan($place, version => $version)"  # noqa: S608 - names are our contract's
    how = f"format parquet, compression zstd, per_thread_output true, file_size_bytes '{_FILE_SIZE}'"
    values = {"place": str(lake / table.path), "version": version, "folder": str(folder / table.name)}
    rows: tuple[int, ...] | None = connection.execute(f"copy ({what}) to $folder ({how})", values).fetchone()
    return rows[0] if rows else 0


def _write_jobs(settings: Settings, target: Target, folder: Path) -> int:
    folder.mkdir()
    number = 0
    for number, (name, job) in enumerate(jobs(compiled(settings), target), 1):
        (folder / f"{number:03}-{name}.json").write_bytes(orjson.dumps(job, option=orjson.OPT_INDENT_2))
    return number
