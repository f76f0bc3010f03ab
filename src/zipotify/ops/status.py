"""`zipotify status`: how a home does, from what runs and from what the parts wrote down."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Table, func, select
from sqlalchemy.engine import Engine

from zipotify.contracts import serving
from zipotify.contracts.serving import connect
from zipotify.ops.health import Health, PartStatus, dashboard_address
from zipotify.ops.supervisor import Supervisor
from zipotify.settings import Settings


@dataclass(frozen=True)
class Status:
    """A home at one moment."""

    home: str
    supervised: bool
    """Whether `zipotify up` runs there."""
    healthy: bool
    parts: list[PartStatus]
    last_build: dict[str, Any] | None
    last_batch: dict[str, Any] | None
    freshness: dict[str, dict[str, Any]]
    ledger: dict[str, Any] | None
    dashboard: str | None

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {**vars(self), "parts": [part.as_dict() for part in self.parts]}


def read_status(settings: Settings) -> Status:
    """Look at the home; raises MissingInputError when there is none."""
    settings.home.require()
    engine = connect(settings.serving_address())
    try:
        return _read(settings, engine)
    finally:
        engine.dispose()


def _read(settings: Settings, engine: Engine) -> Status:
    states = Supervisor(settings.home).states()
    parts = Health(settings, engine, 0.0).look(states)
    ledger = _newest(engine, serving.ledger_checks, "checked_at_ms", ("checked_at_ms", "balanced"))
    books_right = ledger is None or bool(ledger["balanced"])
    return Status(
        home=str(settings.home.root),
        supervised=bool(states),
        healthy=bool(states) and books_right and all(part.ready and not part.problem for part in parts),
        parts=parts,
        last_build=_newest(
            engine, serving.builds, "started_at_ms", ("started_at_ms", "finished_at_ms", "state", "message")
        ),
        last_batch=_newest(engine, serving.stream_batches, "started_at_ms", None),
        freshness=_freshness(engine),
        ledger=ledger,
        dashboard=dashboard_address(settings) if any(p.name == "dashboard" and p.ready for p in parts) else None,
    )


def as_lines(status: Status) -> list[str]:
    """For people."""
    lines = [f"{status.home}: {_verdict(status)}"]
    for part in status.parts:
        share = "" if part.progress is None or part.progress >= 1 else f" ({part.progress:.0%})"
        lines.append(f"  {part.name:<10} {part.state:<9} {part.detail}{share}".rstrip())
    if status.dashboard:
        lines.append(f"  dashboard at {status.dashboard}")
    if status.last_batch:
        batch = status.last_batch
        lines.append(f"  last batch {batch['batch_id']}: {batch['input_count']} events, {_ago(batch['started_at_ms'])}")
    if status.last_build:
        lines.append(f"  last build {status.last_build['state']}, {_ago(status.last_build['started_at_ms'])}")
    for stage, measured in status.freshness.items():
        lines.append(
            f"  {stage} fresh within {measured['p95_ms'] / 1000:.1f} s (p95), {_ago(measured['measured_at_ms'])}"
        )
    if status.ledger:
        words = "balances" if status.ledger["balanced"] else "does NOT balance: see `zipotify ledger`"
        lines.append(f"  ledger {words}, checked {_ago(status.ledger['checked_at_ms'])}")
    return lines


def _verdict(status: Status) -> str:
    if not status.supervised:
        return "`zipotify up` does not run here"
    return "healthy" if status.healthy else "not healthy"


def _newest(engine: Engine, table: Table, by: str, columns: tuple[str, ...] | None) -> dict[str, Any] | None:
    wanted = [table.c[name] for name in columns] if columns else list(table.c)
    with engine.connect() as connection:
        row = connection.execute(select(*wanted).order_by(table.c[by].desc()).limit(1)).mappings().first()
    return dict(row) if row is not None else None


def _freshness(engine: Engine) -> dict[str, dict[str, Any]]:
    """The newest measurement of each stage."""
    table = serving.freshness
    newest = select(table.c.stage, func.max(table.c.measured_at_ms).label("at_ms")).group_by(table.c.stage).subquery()
    is_newest = (table.c.stage == newest.c.stage) & (table.c.measured_at_ms == newest.c.at_ms)
    with engine.connect() as connection:
        rows = connection.execute(select(table).join(newest, is_newest)).mappings().all()
    return {row["stage"]: dict(row) for row in rows}


def _ago(at_ms: int) -> str:
    age_s = time.time() - at_ms / 1000
    return f"{age_s:.0f} s ago" if age_s < 120 else f"at {datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d %H:%M:%SZ}"
