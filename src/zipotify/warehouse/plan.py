"""What a build has to do: nothing, what every build does, or that and the heavier analyses (models tagged `daily`)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from zipotify.contracts.snapshot import Manifest
from zipotify.settings import Settings
from zipotify.warehouse.sources import lake_versions, newest_batches, project_fingerprint, project_folder

MARTS_SQL = "select table_name from information_schema.tables where table_schema = 'marts' order by table_name"


@dataclass(frozen=True)
class Plan:
    """What to build from, and whether the analyses are due."""

    lake_versions: dict[str, int]
    fingerprint: str
    """Hash over what else the tables depend on: models and settings."""
    with_analyses: bool
    batches: dict[str, int] = field(default_factory=dict)
    """stream's id -> number of its newest batch that wrote something into what is built from."""


def plan(settings: Settings, before: Manifest | None, everything: bool, full: bool = False) -> Plan | None:
    """The next build's plan, None when what is published is up to date; `everything` leaves no analysis for later."""
    versions, fingerprint = lake_versions(settings.home.lake), _fingerprint(settings)
    if (
        full
        or before is None
        or before.fingerprint != fingerprint
        or not _is_whole(settings.home.warehouse_file, before)
    ):
        return Plan(versions, fingerprint, True, newest_batches(settings.home, versions))
    due = everything or _age(before.analysed_at) >= timedelta(seconds=settings.analyses_interval_s)
    if before.lake_versions == versions and (before.analysed_at == before.built_at or not due):
        return None
    return Plan(versions, fingerprint, due, newest_batches(settings.home, versions))


def _fingerprint(settings: Settings) -> str:
    variables = f"k={settings.k_anonymity} arpu={settings.arpu_paid_month}"
    return hashlib.sha256(f"{project_fingerprint(project_folder())} {variables}".encode()).hexdigest()


def _is_whole(working_file: Path, before: Manifest) -> bool:
    """Whether the working file has every published table: a build that was killed may have begun it anew."""
    if not working_file.exists():
        return False
    with duckdb.connect(str(working_file), read_only=True) as working:
        return {row[0] for row in working.execute(MARTS_SQL).fetchall()} >= set(before.row_counts)


def _age(instant: str) -> timedelta:
    return datetime.now(UTC) - datetime.fromisoformat(instant) if instant else timedelta.max
