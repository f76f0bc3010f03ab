"""One build of the warehouse, and the loop that keeps it fresh."""

from __future__ import annotations

import logging
import secrets
import time
from dataclasses import dataclass, replace
from typing import Literal

from sqlalchemy import update
from sqlalchemy.engine import Engine

from zipotify.contracts.checkpoints import batch_name
from zipotify.contracts.erasure import require_applied
from zipotify.contracts.serving import builds, connect, report_part
from zipotify.contracts.snapshot import DOCUMENTATION, Manifest, current
from zipotify.errors import ZipotifyError
from zipotify.settings import Settings
from zipotify.warehouse.documentation import write_documentation
from zipotify.warehouse.freshness import record_freshness
from zipotify.warehouse.increment import finish, prepare
from zipotify.warehouse.plan import Plan, plan
from zipotify.warehouse.publish import publish
from zipotify.warehouse.runner import DbtRunner
from zipotify.warehouse.sources import ensure_sources

PART = "warehouse"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class BuildResult:
    """What a build did; `manifest` is what is published now."""

    state: Literal["published", "unchanged"]
    manifest: Manifest
    duration_s: float
    full_because: str = ""
    """Why it started from nothing; empty when it took what changed."""


def build(settings: Settings, full: bool = False, is_erasure: bool = False, everything: bool = True) -> BuildResult:
    """Build the marts from the lake and publish them; `full` starts from nothing, changed or not.

    Without `everything`, the heavier analyses are built again only every `analyses_interval_s`.
    Raises BuildError naming the model or check that failed (what was published stays), HomeInUseError, and
    ErasurePendingError when the lake may hold people who were erased, unless this build is part of erasing them.
    """
    with settings.home.lock("warehouse"):
        if not is_erasure:
            require_applied(settings.home)
        engine = connect(settings.serving_address())
        try:
            return _reported(engine, settings, full, everything)
        finally:
            engine.dispose()


def _reported(engine: Engine, settings: Settings, full: bool, everything: bool) -> BuildResult:
    """Build, telling the serving database how it goes."""
    started_s = time.time()
    build_id = _start(engine, started_s)
    try:
        result = _build(engine, settings, full, everything)
    except BaseException as error:
        message = error.what if isinstance(error, ZipotifyError) else f"{type(error).__name__}: {error}"
        _finish(engine, build_id, "failed", message)
        report_part(engine, PART, "failed", message)
        raise
    _finish(engine, build_id, result.state, result.manifest.publish_id)
    report_part(engine, PART, "running", f"{result.state} {result.manifest.publish_id} in {result.duration_s:.1f} s")
    return result


def _build(engine: Engine, settings: Settings, full: bool, everything: bool) -> BuildResult:
    started_s = time.time()
    ensure_sources(settings.home.lake)
    before = current(settings.home.published)
    wanted = plan(settings, before, everything, full)
    if wanted is None:
        return BuildResult("unchanged", before, time.time() - started_s)  # type: ignore[arg-type] # then there is one
    full_because = prepare(settings, wanted, full)
    wanted = replace(wanted, with_analyses=wanted.with_analyses or bool(full_because))
    warnings = DbtRunner(settings).build(wanted.with_analyses)
    manifest = publish(settings, wanted, before, warnings)
    _log_batches(before, manifest)
    finish(settings, wanted, manifest.publish_id)
    record_freshness(engine, settings, before, manifest)
    if _is_undocumented(settings, wanted, before):
        write_documentation(settings)
    return BuildResult("published", manifest, time.time() - started_s, full_because)


def _log_batches(before: Manifest | None, now: Manifest) -> None:
    """One line, if batches became visible, with the names that their own lines call them."""
    for query, last in now.batches.items():
        first = before.batches.get(query, -1) + 1 if before is not None else 0
        if first > last:
            continue
        names = {"first_batch": batch_name(query, first), "last_batch": batch_name(query, last)}
        told = (now.publish_id, *names.values())
        log.info("published %s: batches %s to %s", *told, extra={"publish_id": now.publish_id, **names})


def _is_undocumented(settings: Settings, built: Plan, before: Manifest | None) -> bool:
    """Whether the documentation speaks of other models, or there is none."""
    is_there = (settings.home.published / DOCUMENTATION).exists()
    return before is None or before.fingerprint != built.fingerprint or not is_there


def _start(engine: Engine, started_s: float) -> str:
    """Write the build down; one that never said how it ended was killed."""
    build_id, now_ms = f"{int(started_s)}-{secrets.token_hex(3)}", int(started_s * 1000)
    report_part(engine, PART, "loading", "building")
    with engine.begin() as connection:
        connection.execute(
            update(builds)
            .where(builds.c.state == "running")
            .values(state="failed", message="stopped before it was done", finished_at_ms=now_ms)
        )
        connection.execute(builds.insert().values(build_id=build_id, started_at_ms=now_ms, state="running", message=""))
    return build_id


def _finish(engine: Engine, build_id: str, state: str, message: str) -> None:
    values = {"state": state, "message": message, "finished_at_ms": int(time.time() * 1000)}
    with engine.begin() as connection:
        connection.execute(update(builds).where(builds.c.build_id == build_id).values(**values))
