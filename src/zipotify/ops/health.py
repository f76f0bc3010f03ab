"""How each part does: what the supervisor says, what the part says of itself, and what its work shows."""

from __future__ import annotations

import time
import urllib.request
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.engine import Engine

from zipotify.contracts import serving
from zipotify.ops.parts import Part, parts_of
from zipotify.ops.supervisor import ALIVE, ProcessState
from zipotify.settings import Settings

_SILENT_AFTER_S = 180
"""A part that reports regularly and has not for this long hangs."""
_HTTP_LIMIT_S = 5.0


@dataclass(frozen=True)
class PartStatus:
    """One part as people see it."""

    name: str
    state: str
    """starting, loading, running, waiting, stopping, stopped or failed."""
    detail: str
    progress: float | None
    ready: bool
    problem: str
    """Why it is not healthy; empty when it is, or may still become so."""
    pid: int = 0
    started_s: int = 0

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


class Health:
    """Looks at the parts of one home."""

    def __init__(self, settings: Settings, engine: Engine, since_s: float) -> None:
        self._settings = settings
        self._engine = engine
        self._since_ms = int(since_s * 1000)
        """What was committed before this does not make a part ready."""

    def look(self, states: dict[str, ProcessState]) -> list[PartStatus]:
        """All parts, in starting order."""
        reports = self._reports()
        return [self._status(part, states.get(part.name), reports.get(part.name)) for part in parts_of(self._settings)]

    def _status(self, part: Part, process: ProcessState | None, report: Any) -> PartStatus:
        if process is None or process.state not in ALIVE:
            return _not_running(part, process, report)
        fresh = report is not None and report.heartbeat_at_ms >= process.started_s * 1000
        state = report.state if fresh else "starting"
        detail = report.detail if fresh else f"until {part.ready_when}"
        problem = detail if state == "failed" else ""
        ready = not problem and self._is_ready[part.name](report if fresh else None)
        if ready and state == "starting":
            state, detail = "running", report.detail if fresh else ""
        progress = report.progress if fresh else None
        return PartStatus(part.name, state, detail, progress, ready, problem, process.pid, process.started_s)

    @cached_property
    def _is_ready(self) -> dict[str, Callable[[Any], bool]]:
        return {
            "broker": lambda _: self._settings.home.broker_address() is not None,
            "dashboard": lambda _: self.dashboard_answers(),
            "simulator": lambda report: report is not None and report.state in ("loading", "running"),
            "stream": lambda _: self._has_since(serving.stream_batches.c.started_at_ms),
            "warehouse": lambda _: self._has_published(),
            "ledger": lambda _: self._has_since(serving.ledger_checks.c.checked_at_ms),
            "jobs": lambda report: report is not None and report.state == "running",
        }

    def dashboard_answers(self) -> bool:
        """Whether its first page is served."""
        try:
            with urllib.request.urlopen(dashboard_address(self._settings), timeout=_HTTP_LIMIT_S) as answer:  # noqa: S310
                return bool(answer.status == 200)
        except OSError:
            return False

    def _reports(self) -> dict[str, Any]:
        with self._engine.connect() as connection:
            return {row.name: row for row in connection.execute(select(serving.parts))}

    def _has_since(self, column: Any) -> bool:
        with self._engine.connect() as connection:
            newest = connection.execute(select(func.max(column))).scalar()
        return newest is not None and newest >= self._since_ms

    def _has_published(self) -> bool:
        done = serving.builds.c.state.in_(["published", "unchanged"])
        with self._engine.connect() as connection:
            newest = connection.execute(select(func.max(serving.builds.c.finished_at_ms)).where(done)).scalar()
        return newest is not None and newest >= self._since_ms


def dashboard_address(settings: Settings) -> str:
    """Where the dashboard of this home is, for people and for a look: where it runs, or else will."""
    return settings.home.dashboard_address() or f"http://{settings.dashboard_host}:{settings.dashboard_port}"


def silent(report: Any, now_s: float | None = None) -> bool:
    """Whether a part that runs has not said so for too long."""
    age_s = (now_s or time.time()) - report.heartbeat_at_ms / 1000
    return report.state in ("running", "loading") and age_s > _SILENT_AFTER_S


def _not_running(part: Part, process: ProcessState | None, report: Any) -> PartStatus:
    if process is not None and process.state == "FATAL":
        said = report.detail if report is not None and report.state == "failed" else process.note
        return PartStatus(part.name, "failed", said, None, False, f"it gave up after several attempts. {said}".strip())
    if process is not None and process.state in ("BACKOFF", "EXITED"):
        return PartStatus(part.name, "failed", "ended; it is started again", None, False, "it ended and is restarted")
    if process is not None and process.state == "STOPPING":
        return PartStatus(part.name, "stopping", "", None, False, "", process.pid, process.started_s)
    never = process is None or process.started_s == 0
    state = "waiting" if process is not None and never and part.needs else "stopped"
    detail = f"for {', '.join(part.needs)}" if state == "waiting" else ""
    return PartStatus(part.name, state, detail, None, False, "")
