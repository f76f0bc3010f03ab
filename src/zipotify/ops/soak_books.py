"""The end of a soak: everything is taken in and published, and then the books are compared with what was sent."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

from deltalake import DeltaTable
from sqlalchemy import func, select
from sqlalchemy.engine import Engine

from zipotify.contracts import serving
from zipotify.contracts.fields import LISTEN_EVENTS
from zipotify.contracts.snapshot import open_current
from zipotify.contracts.tables import BRONZE
from zipotify.ops.ledger import check
from zipotify.ops.maintenance import lake_news
from zipotify.settings import Settings

_LIMIT_S = 10 * 60.0
_LOOK_EVERY_S = 3.0
_READER_MEMORY_MB = 512


def settled_books(settings: Settings, sent: dict[str, int], problems: list[str]) -> dict[str, Any]:
    """Wait until nothing is on its way, and compare; `sent` is what Kafka acknowledged, by source."""
    report = check(settings)

    def is_taken_in() -> bool:
        nonlocal report
        report = check(settings)
        return report.kafka == "reachable" and report.total("in_flight") == 0

    _wait(is_taken_in, "everything to be taken in", problems)
    _wait(lambda: not lake_news(settings), "everything to be published", problems)
    played, published = _listens(settings)
    problems += [f"ledger: {row}" for row in report.rows if row.difference]
    for source, count in sent.items():
        produced = sum(row.produced for row in report.rows if row.source == source)
        if produced != count:
            problems.append(f"ledger: {produced} produced by {source}, and Kafka had taken {count}")
    if played != published:
        problems.append(f"the warehouse has {published} plays, and the lake {played}")
    columns = ("produced", "bronze", "refused", "repeats", "in_flight", "erased", "expired")
    totals = {name: report.total(name) for name in columns}
    return {"ledger": {"balanced": report.balanced, **totals}, "plays": {"lake": played, "warehouse": published}}


def _wait(condition: Callable[[], bool], what: str, problems: list[str]) -> None:
    deadline = time.monotonic() + _LIMIT_S
    while not condition():
        if time.monotonic() > deadline:
            problems.append(f"waited {_LIMIT_S:.0f} s in vain for {what}")
            return
        time.sleep(_LOOK_EVERY_S)


def _listens(settings: Settings) -> tuple[int, int]:
    """Plays in the lake and in the published warehouse."""
    lake = DeltaTable(str(settings.home.lake / BRONZE[LISTEN_EVENTS].path)).count()
    _, connection = open_current(settings.home.published, _READER_MEMORY_MB)
    with connection:
        ((published,),) = connection.execute("select count(*) from fct_plays").fetchall()
    return lake, int(published)


def work_done(engine: Engine, is_excused: Callable[[float], bool], problems: list[str]) -> dict[str, Any]:
    """Builds and jobs by state, and the freshness that the home measured; those that failed are problems.

    `is_excused` says of a moment in seconds since 1970 whether a job or a build of then may have failed for a fault.
    """
    with engine.connect() as connection:
        builds = dict(_by_state(connection, serving.builds))
        jobs = dict(_by_state(connection, serving.job_runs))
        for table, name in ((serving.builds, "build_id"), (serving.job_runs, "job")):
            for row in connection.execute(select(table).where(table.c.state == "failed")).mappings():
                if not is_excused(row["started_at_ms"] / 1000):
                    problems.append(f"{table.name}: {row[name]} failed: {row['message']}")
        measured = connection.execute(select(serving.freshness)).all()
    fresh = {}
    for stage in sorted({row.stage for row in measured}):
        mine = [row for row in measured if row.stage == stage]
        p50, p99 = statistics.median(row.p50_ms for row in mine), max(row.p99_ms for row in mine)
        fresh[stage] = {"median_p50_s": round(p50 / 1000, 1), "worst_p99_s": round(p99 / 1000, 1)}
    return {"builds": builds, "job_steps": jobs, "freshness": fresh}


def _by_state(connection: Any, table: Any) -> list[tuple[str, int]]:
    rows = connection.execute(select(table.c.state, func.count()).group_by(table.c.state)).all()
    return [(state, count) for state, count in rows]
