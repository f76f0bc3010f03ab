"""One build of the warehouse, and the loop that keeps it fresh."""

from __future__ import annotations

import hashlib
import secrets
import time
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import update
from sqlalchemy.engine import Engine

from zipotify.contracts.erasure import require_applied
from zipotify.contracts.serving import builds, connect, report_part
from zipotify.contracts.snapshot import Manifest, current
from zipotify.errors import ZipotifyError
from zipotify.settings import Settings
from zipotify.warehouse.freshness import record_freshness
from zipotify.warehouse.publish import Provenance, publish
from zipotify.warehouse.runner import DbtRunner, working_leftovers
from zipotify.warehouse.sources import ensure_sources, lake_versions, project_fingerprint, project_folder

PART = "warehouse"


@dataclass(frozen=True)
class BuildResult:
    """What a build did; `manifest` is what is published now."""

    state: Literal["published", "unchanged"]
    manifest: Manifest
    duration_s: float


def build(settings: Settings, full: bool = False, is_erasure: bool = False) -> BuildResult:
    """Build the marts from the lake and publish them; `full` starts from nothing, changed or not.

    Raises BuildError naming the model or check that failed (what was published stays), HomeInUseError, and
    ErasurePendingError when the lake may hold people who were erased, unless this build is part of erasing them.
    """
    started_s = time.time()
    if not is_erasure:
        require_applied(settings.home)
    with settings.home.lock("warehouse"):
        engine = connect(settings.serving_address())
        try:
            return _reported(engine, settings, full, started_s)
        finally:
            engine.dispose()


def _reported(engine: Engine, settings: Settings, full: bool, started_s: float) -> BuildResult:
    """Build, telling the serving database how it goes."""
    build_id = _start(engine, started_s)
    try:
        result = _build(engine, settings, full, started_s)
    except BaseException as error:
        message = error.what if isinstance(error, ZipotifyError) else f"{type(error).__name__}: {error}"
        _finish(engine, build_id, "failed", message)
        report_part(engine, PART, "failed", message)
        raise
    _finish(engine, build_id, result.state, result.manifest.publish_id)
    report_part(engine, PART, "running", f"{result.state} {result.manifest.publish_id} in {result.duration_s:.1f} s")
    return result


def _build(engine: Engine, settings: Settings, full: bool, started_s: float) -> BuildResult:
    ensure_sources(settings.home.lake)
    before = current(settings.home.published)
    versions, fingerprint = lake_versions(settings.home.lake), _fingerprint(settings)
    if before is not None and not full and (before.lake_versions, before.fingerprint) == (versions, fingerprint):
        return BuildResult("unchanged", before, time.time() - started_s)
    if full:
        for path in working_leftovers(settings.home.warehouse_file.parent):
            path.unlink()
    warnings = DbtRunner(settings).build()
    manifest = publish(settings, Provenance(versions, fingerprint, warnings))
    record_freshness(engine, settings, before, manifest)
    return BuildResult("published", manifest, time.time() - started_s)


def _fingerprint(settings: Settings) -> str:
    text = f"{project_fingerprint(project_folder())} k={settings.k_anonymity}"
    return hashlib.sha256(text.encode()).hexdigest()


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
