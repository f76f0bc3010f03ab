"""Published snapshots: files that never change, and `current.json`, which names the newest one.

A reader opens the file that the manifest names; a switch is one rename, so that it sees the old or the new, whole.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import orjson

from zipotify.contracts.snapshot import MANIFEST, Manifest, instant
from zipotify.settings import Settings
from zipotify.warehouse.plan import MARTS_SQL, Plan

_UNFINISHED = ".building"
_SORT_ORDER = {
    "fct_plays": "played_at, event_id",
    "fct_page_views": "viewed_at, event_id",
    "fct_auths": "authed_at, event_id",
    "fct_sessions": "started_at, session_key",
    "fct_level_changes": "changed_at, user_version_key",
    "fct_user_days": "date_day, source, user_key",
    "dim_users": "user_key, valid_from",
}
"""Facts lie in the order of time, which is how they are asked for; tables that aren't named lie in column order."""


def publish(settings: Settings, built: Plan, before: Manifest | None, warnings: list[str]) -> Manifest:
    """Copy the marts of the working file into a new snapshot and switch to it; removes snapshots beyond the kept."""
    published = settings.home.published
    published.mkdir(parents=True, exist_ok=True)
    _remove_unfinished(published)
    now = datetime.now(UTC).replace(tzinfo=None)
    publish_id = f"{now:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"
    file = published / f"{publish_id}.duckdb"
    unfinished = file.with_suffix(_UNFINISHED)
    project = _dbt_manifest(settings)
    row_counts, (as_of, last_ingested_at) = _copy(settings, unfinished, publish_id, now, project)
    unfinished.rename(file)
    built_at = str(instant(now))
    manifest = Manifest(
        publish_id=publish_id,
        file=file.name,
        built_at=built_at,
        as_of=instant(as_of),
        last_ingested_at=instant(last_ingested_at),
        row_counts=row_counts,
        lake_versions=built.lake_versions,
        fingerprint=built.fingerprint,
        warnings=warnings,
        analysed_at=built_at if built.with_analyses or before is None else before.analysed_at,
        batches=built.batches,
        lineage=_lineage(project),
    )
    _write(published, manifest)
    _remove_old(published, settings.published_keep_count, file)
    return manifest


def _copy(
    settings: Settings, file: Path, publish_id: str, built_at: datetime, project: dict[str, Any]
) -> tuple[dict[str, int], tuple[datetime | None, datetime | None]]:
    """Row counts of the marts; when the newest event happened, and when the newest one arrived."""
    limits: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": f"{settings.warehouse_memory_mb}MB",
        "threads": 2,
    }
    with duckdb.connect(str(file), config=limits) as connection:
        working = str(settings.home.warehouse_file).replace("'", "''")
        connection.execute(f"attach '{working}' as working (read_only)")
        marts = [row[0] for row in connection.execute(f"use working; {MARTS_SQL}").fetchall()]
        connection.execute(f'use "{file.stem}"')
        counts = {mart: _copy_table(connection, mart) for mart in marts}
        _describe(connection, marts, project)
        connection.execute(
            "create table publication as select ? as publish_id, cast(? as timestamp) as built_at",
            [publish_id, built_at],
        )
        newest = connection.execute("select max(as_of), max(last_ingested_at) from agg_metrics").fetchone()
    return counts, newest or (None, None)


def _copy_table(connection: duckdb.DuckDBPyConnection, mart: str) -> int:
    order = _SORT_ORDER.get(mart, "all")
    connection.execute(f"create table {mart} as select * from working.marts.{mart} order by {order}")  # noqa: S608
    row = connection.execute(f"select count(*) from {mart}").fetchone()  # noqa: S608
    return int(row[0]) if row else 0


def _dbt_manifest(settings: Settings) -> dict[str, Any]:
    """What dbt writes down of the project at every run; nothing where it did not."""
    file = settings.home.warehouse_file.parent / "target" / "manifest.json"
    return orjson.loads(file.read_bytes()) if file.exists() else {"nodes": {}, "parent_map": {}}


def _describe(connection: duckdb.DuckDBPyConnection, marts: list[str], manifest: dict[str, Any]) -> None:
    """Descriptions of tables and columns go with the snapshot, for Explore and any SQL client."""
    models = {node["name"]: node for name, node in manifest["nodes"].items() if name.startswith("model.")}
    for mart in marts:
        node = models.get(mart, {"description": "", "columns": {}})
        told = {f"table {mart}": node["description"]}
        told |= {f'column {mart}."{name}"': column["description"] for name, column in node["columns"].items()}
        for what, text in told.items():
            quoted = text.replace("'", "''")
            connection.execute(f"comment on {what} is '{quoted}'")


def _lineage(manifest: dict[str, Any]) -> dict[str, list[str]]:
    """model -> the models, seeds and tables of the lake that it is made from."""
    return {
        child.rsplit(".", 1)[1]: sorted(parent.rsplit(".", 1)[1] for parent in found)
        for child, found in sorted(manifest["parent_map"].items())
        if child.startswith("model.")
    }


def _write(published: Path, manifest: Manifest) -> None:
    unfinished = published / f"{MANIFEST}{_UNFINISHED}"
    with unfinished.open("wb") as stream:
        stream.write(orjson.dumps(asdict(manifest), option=orjson.OPT_INDENT_2))
        stream.flush()
        os.fsync(stream.fileno())
    unfinished.replace(published / MANIFEST)


def _remove_unfinished(published: Path) -> None:
    """What a killed build left behind; the caller holds the warehouse's lock."""
    for path in published.glob(f"*{_UNFINISHED}*"):
        path.unlink()


def _remove_old(published: Path, keep_count: int, newest: Path) -> None:
    """Names begin with the time; a reader that has an old file open keeps it until it closes it."""
    older = sorted(path for path in published.glob("*.duckdb") if path != newest)
    for path in older[: max(0, len(older) - keep_count + 1)]:
        path.unlink()
