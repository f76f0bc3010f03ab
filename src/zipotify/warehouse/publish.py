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

import orjson

from zipotify.contracts.snapshot import MANIFEST, Manifest, instant
from zipotify.settings import Settings
from zipotify.warehouse.plan import Plan
from zipotify.warehouse.snapshot_file import write_snapshot

_UNFINISHED = ".building"


def publish(settings: Settings, built: Plan, before: Manifest | None, warnings: list[str]) -> Manifest:
    """Put the working file's marts into a new snapshot and switch to it; removes snapshots beyond the kept."""
    published = settings.home.published
    published.mkdir(parents=True, exist_ok=True)
    _remove_unfinished(published)
    now = datetime.now(UTC).replace(tzinfo=None)
    publish_id = f"{now:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"
    file = published / f"{publish_id}.duckdb"
    unfinished = file.with_suffix(_UNFINISHED)
    project = _dbt_manifest(settings)
    content = write_snapshot(settings, unfinished, (publish_id, now), built, before, project)
    unfinished.rename(file)
    built_at = str(instant(now))
    manifest = Manifest(
        publish_id=publish_id,
        file=file.name,
        built_at=built_at,
        as_of=instant(content.as_of),
        last_ingested_at=instant(content.last_ingested_at),
        row_counts=content.row_counts,
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


def _dbt_manifest(settings: Settings) -> dict[str, Any]:
    """What dbt writes down of the project at every run; nothing where it did not."""
    file = settings.home.warehouse_file.parent / "target" / "manifest.json"
    return orjson.loads(file.read_bytes()) if file.exists() else {"nodes": {}, "parent_map": {}}


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
