"""Rows older than their table keeps go for good; the ledger counts them as expired."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
from deltalake import DeltaTable, write_deltalake

from zipotify.contracts.schemas import arrow_schema
from zipotify.contracts.tables import BRONZE, EXPIRED, QUARANTINE, REMOVED, REPEATS, USERS_PRIVATE, WHERE_FROM, Table
from zipotify.errors import ConfigError
from zipotify.lake import ensure_tables
from zipotify.privacy.lake import Done, forget_history
from zipotify.privacy.people import all_events, scan
from zipotify.settings import Settings

_TABLES: dict[str, Table] = {
    **BRONZE,
    QUARANTINE.name: QUARANTINE,
    REPEATS.name: REPEATS,
    USERS_PRIVATE.name: USERS_PRIVATE,
}
_ORIGIN = [column.name for column in WHERE_FROM]


def retain(settings: Settings, now: datetime | None = None) -> list[Done]:
    """Apply `retention_days`, events first; raises ConfigError for an unknown table and HomeInUseError."""
    unknown = sorted(settings.retention_days.keys() - _TABLES.keys())
    if unknown:
        raise ConfigError(f"retention_days names no table of the lake: {unknown[0]}", f"tables: {', '.join(_TABLES)}")
    moment = now or datetime.now(UTC)
    with settings.home.lock("lake"):
        ensure_tables(settings.home.lake)
        return [
            _expire(settings, _TABLES[name], moment - timedelta(days=settings.retention_days[name]))
            for name in _TABLES
            if name in settings.retention_days
        ]


def _expire(settings: Settings, table: Table, before: datetime) -> Done:
    lake = settings.home.lake
    rows = scan(lake, table)
    if rows is None:
        return Done(f"lake/{table.path}", "not there")
    if table is USERS_PRIVATE:
        predicate = _of_the_gone(settings, rows, before)
    elif table in BRONZE.values():
        predicate = f"event_date < '{before.date().isoformat()}'"
        _remember(settings, rows.filter(pl.col("event_date") < before.date()), table.name)
    else:
        predicate = f"ingested_at < '{before.isoformat()}'"
        _remember(settings, rows.filter(pl.col("ingested_at") < before), None)
    deleted = DeltaTable(str(lake / table.path)).delete(predicate)["num_deleted_rows"] if predicate else 0
    files = forget_history(lake / table.path) if deleted else 0
    return Done(f"lake/{table.path}", f"rows before {before:%Y-%m-%d} removed", deleted, files)


def _of_the_gone(settings: Settings, rows: pl.LazyFrame, before: datetime) -> str:
    """Attributes go when they are old and their user has no event left; '' when there are none."""
    active = pl.concat([events.select("user_key") for events in all_events(settings.home.lake)]).unique()
    old = rows.filter(pl.col("ingested_at") < before).join(active, "user_key", "anti")
    ids = old.select("private_id").collect()["private_id"]
    return "private_id in (" + ", ".join(f"'{text}'" for text in ids) + ")" if len(ids) else ""


def _remember(settings: Settings, rows: pl.LazyFrame, topic: str | None) -> None:
    """Write down which records expired, before they go: the ledger counts each once."""
    named = pl.lit(topic).alias("topic") if topic else pl.col("topic")
    now = pl.lit(datetime.now(UTC)).cast(pl.Datetime("us", "UTC")).alias("ingested_at")
    kept = rows.select(named, pl.lit(EXPIRED).alias("cause"), *_ORIGIN)
    gone = kept.with_columns(pl.col("produced_at").dt.truncate("1h"), now).collect()
    if gone.height:
        path = str(settings.home.lake / REMOVED.path)
        write_deltalake(path, gone.to_arrow().cast(arrow_schema(REMOVED)), mode="append")
