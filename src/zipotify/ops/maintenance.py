"""Steps of the scheduled jobs that belong to no stage: watching the stream, news of the lake, freshness, retention."""

from __future__ import annotations

import json
import time

from sqlalchemy import Column, Table, and_, delete, func, select
from sqlalchemy.engine import Engine

from zipotify.contracts import serving
from zipotify.contracts.serving import connect
from zipotify.contracts.snapshot import current
from zipotify.errors import BrokerUnreachableError, HomeInUseError, ZipotifyError
from zipotify.ops.maintenance_lag import waiting_count
from zipotify.ops.pausing import catch_up
from zipotify.ops.supervisor import ALIVE, Supervisor
from zipotify.settings import Settings
from zipotify.warehouse.sources import ensure_sources, lake_versions

_DAY_MS = 86_400_000
_STREAM = "stream"
_MEASURED_WITHIN_S = 3600
"""An older measurement says nothing of now: no events came since."""


def watch_stream(settings: Settings) -> str:
    """Keep the stream moving, and say what was found.

    Under `zipotify up` a stream that hangs is restarted; where none runs, one pass takes in what waits in Kafka.
    Raises ZipotifyError when a stream hangs that is not ours to restart.
    """
    if not (settings.bootstrap_servers or settings.home.broker_address()):
        return "no broker runs: nothing to watch"
    try:
        waiting = waiting_count(settings)
    except BrokerUnreachableError as error:
        raise ZipotifyError(f"the broker should answer and does not: {error.what}", error.to_do) from None
    holder = _holder_of_lake(settings)
    if holder is not None and _STREAM not in holder.split():
        return f"the lake is held by `{holder}`: {waiting} events wait for a stream"
    if holder is not None:
        return _watch_running(settings, waiting)
    if (process := Supervisor(settings.home).states().get(_STREAM)) is not None:
        return f"the supervisor has the stream, which is {process.state}: {waiting} events wait for it"
    if waiting:
        catch_up(settings)
        return f"no stream ran: one pass took in {waiting} events"
    return "no stream runs, and nothing waits for one"


def _watch_running(settings: Settings, waiting: int) -> str:
    idle_s = _idle_s(settings)
    if not waiting or idle_s < settings.stream_silent_s:
        return f"the stream runs, {waiting} events wait"
    problem = f"the stream hangs: {waiting} events wait, no batch for {idle_s:.0f} s"
    client = Supervisor(settings.home)
    process = client.states().get(_STREAM)
    if process is None or process.state not in ALIVE:
        raise ZipotifyError(problem, "it was not started by `zipotify up`: stop it and start it again")
    client.restart_part(_STREAM)
    return f"{problem}: restarted"


def _idle_s(settings: Settings) -> float:
    """Since the last finished batch, or since the stream last spoke when that is later."""
    engine = connect(settings.serving_address())
    batches, parts = serving.stream_batches, serving.parts
    with engine.connect() as connection:
        ended = connection.execute(select(func.max(batches.c.started_at_ms + batches.c.duration_ms))).scalar() or 0
        spoke = connection.execute(select(parts.c.heartbeat_at_ms).where(parts.c.name == _STREAM)).scalar() or 0
    engine.dispose()
    return time.time() - max(ended, spoke) / 1000


def _holder_of_lake(settings: Settings) -> str | None:
    """The command that holds the lake for writing; None when nobody does."""
    try:
        with settings.home.lock("lake"):
            return None
    except HomeInUseError:
        try:
            return str(json.loads((settings.home.run / "lake.holder.json").read_text())["command"])
        except (OSError, ValueError, KeyError):
            return "another process"


def lake_news(settings: Settings) -> list[str]:
    """Names of the lake's tables that have changed since the newest snapshot was built."""
    ensure_sources(settings.home.lake)
    before = current(settings.home.published)
    known = before.lake_versions if before is not None else {}
    return sorted(name for name, version in lake_versions(settings.home.lake).items() if known.get(name) != version)


def check_freshness(settings: Settings) -> list[str]:
    """The newest p95 of each stage that measured lately, in words; raises ZipotifyError when one is above the limit."""
    engine = connect(settings.serving_address())
    table = serving.freshness
    newest = select(table.c.stage, func.max(table.c.measured_at_ms).label("at_ms")).group_by(table.c.stage).subquery()
    same = and_(table.c.stage == newest.c.stage, table.c.measured_at_ms == newest.c.at_ms)
    recent = table.c.measured_at_ms > int((time.time() - _MEASURED_WITHIN_S) * 1000)
    with engine.connect() as connection:
        rows = connection.execute(select(table).join(newest, same).where(recent)).all()
    engine.dispose()
    late = [row for row in rows if row.p95_ms > settings.freshness_limit_s * 1000]
    if late:
        listed = ", ".join(f"{row.stage} {row.p95_ms / 1000:.0f} s" for row in late)
        raise ZipotifyError(
            f"not fresh: p95 from produced to visible is {listed}, the limit is {settings.freshness_limit_s} s",
            "see `zipotify status`; a home that loads old records may be above it for a while",
        )
    return [f"{row.stage}: p95 {row.p95_ms / 1000:.1f} s over {row.event_count} events" for row in rows]


def require_alive(settings: Settings, part: str | None) -> str:
    """What the part says of itself; raises ZipotifyError when it does not work. Without a part, any answer will do."""
    engine = connect(settings.serving_address())
    with engine.connect() as connection:
        said = {row.name: row for row in connection.execute(select(serving.parts))}
    engine.dispose()
    if part is None:
        return f"{len(said)} parts have spoken"
    row = said.get(part)
    if row is None or row.state not in ("starting", "loading", "running"):
        state = "never spoke" if row is None else f"is {row.state}: {row.detail}"
        raise ZipotifyError(f"{part} {state}", "see its log")
    return f"{part} is {row.state}"


def apply_retention(settings: Settings) -> dict[str, int]:
    """Remove records of work older than `records_keep_days`, the newest of each always kept; returns rows removed."""
    engine = connect(settings.serving_address())
    before_ms = int(time.time() * 1000) - settings.records_keep_days * _DAY_MS
    kept_by: list[tuple[Table, Column[int]]] = [
        (serving.builds, serving.builds.c.started_at_ms),
        (serving.freshness, serving.freshness.c.measured_at_ms),
        (serving.job_runs, serving.job_runs.c.started_at_ms),
    ]
    removed = {table.name: _remove(engine, table, column, before_ms) for table, column in kept_by}
    engine.dispose()
    return removed


def _remove(engine: Engine, table: Table, column: Column[int], before_ms: int) -> int:
    newest = select(func.max(column)).scalar_subquery()
    with engine.begin() as connection:
        return int(connection.execute(delete(table).where(column < before_ms, column != newest)).rowcount)
