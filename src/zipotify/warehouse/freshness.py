"""How long events took from being produced to being published."""

from __future__ import annotations

import time

import duckdb
from sqlalchemy.engine import Engine

from zipotify.contracts.serving import freshness
from zipotify.contracts.snapshot import Manifest
from zipotify.settings import Settings
from zipotify.warehouse.duckdb_lake import prepare_connection

_STAGE = "warehouse"
_DELAYS = """
    select count(*), quantile_disc(?::bigint - epoch_ms(produced_at), [0.5, 0.95, 0.99])
    from intermediate.int_events_unioned
    where ingested_at > coalesce(?::timestamp, '-infinity'::timestamp)
"""


def record_freshness(engine: Engine, settings: Settings, before: Manifest | None, now: Manifest) -> None:
    """Write p50, p95 and p99 of produced -> published, over the events that the publication before did not have."""
    published_ms = int(time.time() * 1000)
    since = before.last_ingested_at.removesuffix("Z") if before and before.last_ingested_at else None
    with duckdb.connect(str(settings.home.warehouse_file), read_only=True) as working:
        prepare_connection(working, str(settings.home.lake))
        count, delays = working.execute(_DELAYS, [published_ms, since]).fetchone() or (0, None)
    if not count or now.last_ingested_at is None:
        return
    p50, p95, p99 = delays
    row = {"stage": _STAGE, "measured_at_ms": published_ms, "event_count": count}
    with engine.begin() as connection:
        connection.execute(freshness.insert().values(**row, p50_ms=p50, p95_ms=p95, p99_ms=p99))
