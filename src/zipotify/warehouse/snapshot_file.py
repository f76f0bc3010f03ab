"""A snapshot's file: the marts of the working file, in the order in which they are asked for.

After a build that took what changed, it begins as a copy of the newest snapshot; in it only that is replaced which
dbt replaced in the working file (`changes.replaced`, see dbt/macros/incremental.sql). After any other, every table is
written anew: nothing is left of rows that were taken out of the lake, which is what makes a build start from nothing.
"""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from zipotify.contracts.snapshot import Manifest
from zipotify.settings import Settings
from zipotify.warehouse.duckdb_lake import quoted
from zipotify.warehouse.plan import MARTS_SQL, Plan

_SORT_ORDER = {
    "fct_plays": "played_at, event_id",
    "fct_page_views": "viewed_at, event_id",
    "fct_auths": "authed_at, event_id",
    "fct_sessions": "started_at, session_key",
    "fct_level_changes": "changed_at, user_version_key",
    "fct_user_days": "source, user_key, date_day",
    "fct_version_days": "source, user_key, date_day, user_version_key",
    "dim_users": "user_key, valid_from",
}
"""Facts lie in the order of time, which is how they are asked for. Days of users lie user by user: users are told
apart, and their versions looked up, several times as fast where the same ones follow each other. Tables that aren't
named lie in column order."""
_WHOLE_FROM_SHARE = 0.1
"""A table of whose rows more than this are new is written anew: it costs little more, and puts it in order."""
_IS_SPARSE = "select free_blocks > used_blocks / 2 from pragma_database_size() where database_name = 'base'"
"""Rows that are replaced again and again leave holes, which a copy of the file copies too."""
_PUBLICATION = "create or replace table publication as select ? as publish_id, cast(? as timestamp) as built_at"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Content:
    """What a written file holds."""

    row_counts: dict[str, int]
    as_of: datetime | None
    """When the newest event happened."""
    last_ingested_at: datetime | None
    """When the newest one arrived."""


def write_snapshot(
    settings: Settings,
    file: Path,
    publication: tuple[str, datetime],
    built: Plan,
    before: Manifest | None,
    project: Mapping[str, Any],
) -> Content:
    """Write the working file's marts into `file`, with descriptions out of dbt's account of the project.

    `publication` is its id and time, which the file says too. `before` names the snapshot that is published; its file
    is read, never written.
    """
    base = _base(settings, before)
    if base is not None:
        _clone(base, file)
    with _opened(settings, file) as connection:
        marts = [row[0] for row in connection.execute(f"use working; {MARTS_SQL}").fetchall()]
        # What dbt noted names sets as `changes.users`: the path leads to them.
        connection.execute("set search_path = 'snapshot.main,working.changes'")
        replaced = _replaced(connection) if base is not None else {}
        kept = _not_built(project) if base is not None and not built.with_analyses else set()
        anew = [mart for mart in marts if mart not in kept and not _is_brought_up(connection, mart, replaced.get(mart))]
        for mart in anew:
            _copy_table(connection, mart)
        _describe(connection, anew, project)
        connection.execute(_PUBLICATION, publication)
        return Content({mart: _count(connection, mart) for mart in marts}, *_newest(connection))


def _base(settings: Settings, before: Manifest | None) -> Path | None:
    """The file that the working one stood for when the build began; None when it began from nothing."""
    if before is None or not (settings.home.published / before.file).is_file():
        return None
    file = settings.home.published / before.file
    with duckdb.connect() as connection:
        connection.execute(f"attach {quoted(file)} as base (read_only)")
        connection.execute(f"attach {quoted(settings.home.warehouse_file)} as working (read_only)")
        stood_for = connection.execute("select distinct publish_id from working.changes.built").fetchall()
        ((is_sparse,),) = connection.execute(_IS_SPARSE).fetchall()
    return file if stood_for == [(before.publish_id,)] and not is_sparse else None


def _clone(source: Path, target: Path) -> None:
    """The kernel copies it; where the file system can share blocks until one of the two changes, nothing is copied."""
    try:
        with source.open("rb") as old, target.open("wb") as new:
            left = os.fstat(old.fileno()).st_size
            while left > 0:
                left -= os.copy_file_range(old.fileno(), new.fileno(), left)
    except (AttributeError, OSError):  # not every system and not every file system can
        shutil.copyfile(source, target)


@contextmanager
def _opened(settings: Settings, file: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Both files, as `snapshot` and `working`; the snapshot is on disk, whole, when it is left."""
    limits: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": f"{settings.warehouse_memory_mb}MB",
        "threads": 2,
        "temp_directory": str(settings.home.warehouse_file.parent / "spill"),
    }
    with duckdb.connect(config=limits) as connection:
        connection.execute(f"attach {quoted(file)} as snapshot")
        connection.execute(f"attach {quoted(settings.home.warehouse_file)} as working (read_only)")
        yield connection
        connection.execute("use memory; checkpoint snapshot; detach snapshot")


def _replaced(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """mart -> which of its rows the build deleted, and made again as far as they still are."""
    return dict(connection.execute("select table_name, condition from working.changes.replaced").fetchall())


def _not_built(project: Mapping[str, Any]) -> set[str]:
    """Models that only builds with analyses make."""
    return {node["name"] for node in project["nodes"].values() if "daily" in node.get("tags", ())}


def _is_brought_up(connection: duckdb.DuckDBPyConnection, mart: str, condition: str | None) -> bool:
    """Replace those rows, if it is known which they are and they are few; whether the table is now the working one."""
    if condition is None:
        return False
    rows = f"working.marts.{mart} where {condition}"
    if _count(connection, rows) > _WHOLE_FROM_SHARE * _count(connection, f"working.marts.{mart}"):
        return False
    connection.execute(f"delete from {mart} where {condition}")  # noqa: S608 - ours, as dbt executed it
    connection.execute(f"insert into {mart} by name select * from {rows} order by {_order(mart)}")  # noqa: S608
    if _count(connection, mart) == _count(connection, f"working.marts.{mart}"):
        return True
    log.warning("the published %s was not what its working table was: it is written anew", mart)
    return False


def _copy_table(connection: duckdb.DuckDBPyConnection, mart: str) -> None:
    connection.execute(
        f"create or replace table {mart} as select * from working.marts.{mart} order by {_order(mart)}"  # noqa: S608
    )


def _order(mart: str) -> str:
    return _SORT_ORDER.get(mart, "all")


def _count(connection: duckdb.DuckDBPyConnection, rows: str) -> int:
    ((count,),) = connection.execute(f"select count(*) from {rows}").fetchall()  # noqa: S608
    return int(count)


def _newest(connection: duckdb.DuckDBPyConnection) -> tuple[datetime | None, datetime | None]:
    found = connection.execute("select max(as_of), max(last_ingested_at) from agg_metrics").fetchone()
    return found or (None, None)


def _describe(connection: duckdb.DuckDBPyConnection, marts: list[str], project: Mapping[str, Any]) -> None:
    """Descriptions of tables and columns go with the snapshot, for Explore and any SQL client."""
    models = {node["name"]: node for name, node in project["nodes"].items() if name.startswith("model.")}
    for mart in marts:
        node = models.get(mart, {"description": "", "columns": {}})
        told = {f"table {mart}": node["description"]}
        told |= {f'column {mart}."{name}"': column["description"] for name, column in node["columns"].items()}
        for what, text in told.items():
            connection.execute(f"comment on {what} is {quoted(text)}")
