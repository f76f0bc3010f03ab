"""How long what is kept, how old the oldest of it is, and what the checks of the data said: for the Health page."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from deltalake import DeltaTable

from zipotify.contracts.snapshot import Manifest
from zipotify.contracts.tables import BRONZE, TABLES, Table
from zipotify.settings import Settings

Row = dict[str, Any]


def kept(settings: Settings) -> tuple[Row, ...]:
    """One row per table of the lake, then the other stores: for how long, since when, how much."""
    return (*(_lake(settings, table) for table in TABLES.values()), *_others(settings))


def _lake(settings: Settings, table: Table) -> Row:
    days = settings.retention_days.get(table.name)
    row = {"name": f"lake/{table.path}", "keeps": f"{days} days" if days else "until removed", "is_overdue": False}
    path = str(settings.home.lake / table.path)
    if not DeltaTable.is_deltatable(path):
        return {**row, "oldest": None, "row_count": None, "size_bytes": None}
    files = DeltaTable(path).get_add_actions(flatten=True)
    oldest = _oldest(files, "partition.event_date" if table in BRONZE.values() else "min.ingested_at")
    age_days = 0 if oldest is None else (datetime.now(UTC).date() - oldest).days
    return {
        **row,
        "oldest": oldest and oldest.isoformat(),
        "row_count": sum(int(count or 0) for count in files.column("num_records").to_pylist()),
        "size_bytes": sum(files.column("size_bytes").to_pylist()),
        "is_overdue": bool(days and age_days > days + 1),
    }


def _oldest(files: Any, column: str) -> date | None:
    """The smallest day in the statistics of a table's files."""
    if column not in files.column_names:
        return None
    days = [_day(value) for value in files.column(column).to_pylist() if value is not None]
    return min(days, default=None)


def _day(value: Any) -> date:
    match value:
        case datetime():
            return value.date()
        case date():
            return value
    return date.fromisoformat(str(value)[:10])


def _others(settings: Settings) -> tuple[Row, ...]:
    external = settings.bootstrap_servers is not None
    size = f"{settings.kafka_max_bytes / 2**30:.1f} GB"
    keeps = {
        "Kafka": "as set there" if external else f"{settings.kafka_retention_hours} hours, at most {size}",
        "Live rollups": f"{settings.live_retention_hours} hours",
        "Published snapshots": f"the newest {settings.published_keep_count}",
        "Records of builds, jobs and freshness": f"{settings.records_keep_days} days",
        "Backups": f"{settings.backup_keep_days} days at most",
    }
    nothing = {"oldest": None, "row_count": None, "size_bytes": None, "is_overdue": False}
    return tuple({"name": name, "keeps": text, **nothing} for name, text in keeps.items())


def checked(manifest: Manifest | None, builds: tuple[Row, ...], jobs: tuple[Row, ...]) -> tuple[Row, ...]:
    """What checks of the data said: those that warn, builds that one stopped, and the newest steps of jobs."""
    warned = [] if manifest is None else manifest.warnings
    stopped = [build for build in builds if build["state"] == "failed" and "warehouse check" in build["message"]]
    return (
        *({"check": text, "said": "warns", "detail": "in what is published", "at_ms": None} for text in warned),
        *(
            {"check": "build", "said": "stopped", "detail": build["message"], "at_ms": build["started_at_ms"]}
            for build in stopped
        ),
        *(
            {
                "check": f"{job['job']}: {job['step']}",
                "said": job["state"],
                "detail": job["message"],
                "at_ms": job["started_at_ms"],
            }
            for job in jobs
        ),
    )
