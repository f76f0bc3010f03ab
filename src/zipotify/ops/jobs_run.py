"""Run one job of the list: its steps one after the other, each a verb in a process of its own, written down."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import BoundedSemaphore, Event
from typing import Literal

from sqlalchemy.engine import Engine

from zipotify.contracts.serving import connect, insert_into, job_runs
from zipotify.errors import UsageError, ZipotifyError
from zipotify.ops.jobs import JOBS, POOL_SLOTS, SKIPPED, Job, Pool, Step
from zipotify.runtime.logs import RUN_ID_VARIABLE
from zipotify.runtime.processes import environment_of, stop_process
from zipotify.settings import Settings

_STOP_LIMIT_S = 90.0
_POLL_S = 0.2

StepState = Literal["done", "skipped", "failed"]


@dataclass(frozen=True)
class JobResult:
    """How a run ended; `message` says what failed or why the rest was skipped."""

    run_id: str
    state: StepState
    message: str


class Pools:
    """Slots that steps wait for, within this process."""

    def __init__(self) -> None:
        self._slots = {pool: BoundedSemaphore(count) for pool, count in POOL_SLOTS.items()}

    def slot(self, pool: Pool) -> BoundedSemaphore:
        """Held while a step of this pool runs."""
        return self._slots[pool]


def job_named(name: str) -> Job:
    """The job of that name; raises UsageError naming those there are."""
    if name not in JOBS:
        raise UsageError(f"there is no job '{name}'", f"jobs: {', '.join(JOBS)}")
    return JOBS[name]


def run_job(
    settings: Settings,
    job: Job,
    only: str | None = None,
    values: dict[str, str] | None = None,
    stop: Event | None = None,
    pools: Pools | None = None,
) -> JobResult:
    """One attempt at the job, or at its step `only`; a step that finds nothing to do ends it without failure.

    Raises UsageError for a step or parameter that the job does not have.
    """
    steps = _steps(job, only, values or {})
    run_id = os.environ.get(RUN_ID_VARIABLE) or f"{job.name}-{int(time.time())}-{secrets.token_hex(3)}"
    engine = connect(settings.serving_address())
    run = _Run(settings, engine, job, run_id, stop or Event())
    try:
        for step in steps:
            with (pools or Pools()).slot(step.pool):
                state, message = run.step(step)
            if state != "done":
                return JobResult(run_id, state, f"{step.name}: {message}")
        return JobResult(run_id, "done", "")
    finally:
        engine.dispose()


def _steps(job: Job, only: str | None, values: dict[str, str]) -> tuple[Step, ...]:
    try:
        steps = job.filled(values)
    except KeyError as error:
        known = ", ".join(parameter.name for parameter in job.parameters) or "none"
        raise UsageError(f"job '{job.name}' has no parameter {error}", f"its parameters: {known}") from None
    chosen = tuple(step for step in steps if only in (None, step.name))
    if not chosen:
        raise UsageError(f"job '{job.name}' has no step '{only}'", f"its steps: {', '.join(s.name for s in steps)}")
    return chosen


class _Run:
    """One run while it goes on."""

    def __init__(self, settings: Settings, engine: Engine, job: Job, run_id: str, stop: Event) -> None:
        self._settings = settings
        self._engine = engine
        self._job = job
        self._run_id = run_id
        self._stop = stop

    def step(self, step: Step) -> tuple[StepState, str]:
        """Run it and write it down."""
        started_ms = int(time.time() * 1000)
        self._record(step, started_ms, "running", "")
        try:
            state, message = self._execute(step)
        except BaseException as error:
            self._record(step, started_ms, "failed", f"{type(error).__name__}: {error}")
            raise
        self._record(step, started_ms, state, message)
        return state, message

    def _execute(self, step: Step) -> tuple[StepState, str]:
        """`ops.child` ends the verb when this process dies, so that a retry never meets a leftover."""
        child = subprocess.Popen(
            [sys.executable, "-m", "zipotify.ops.child", *step.arguments, "--home", str(self._settings.home.root)],
            env=environment_of(self._settings, **{RUN_ID_VARIABLE: self._run_id}),
            stdin=subprocess.DEVNULL,
        )
        code = self._await(child, step.timeout_s)
        if code is None:
            stop_process(child, _STOP_LIMIT_S)
            return "failed", "stopped" if self._stop.is_set() else f"took longer than {step.timeout_s} s"
        if code == SKIPPED:
            return "skipped", "nothing to do"
        if code:
            return "failed", f"`zipotify {' '.join(step.arguments)}` ended with code {code}"
        return "done", ""

    def _await(self, child: subprocess.Popen[bytes], limit_s: float) -> int | None:
        """The exit code; None when the limit passed or a stop was asked for."""
        deadline = time.monotonic() + limit_s
        while (code := child.poll()) is None:
            if time.monotonic() > deadline or self._stop.wait(_POLL_S):
                return None
        return code

    def _record(self, step: Step, started_ms: int, state: str, message: str) -> None:
        row = {
            "run_id": self._run_id,
            "step": step.name,
            "job": self._job.name,
            "started_at_ms": started_ms,
            "finished_at_ms": None if state == "running" else int(time.time() * 1000),
            "state": state,
            "message": message,
        }
        statement = insert_into(self._engine, job_runs).values(row)
        with self._engine.begin() as connection:
            connection.execute(statement.on_conflict_do_update(index_elements=["run_id", "step"], set_=row))


def require_good(result: JobResult, job: Job, say: Callable[[str], None]) -> None:
    """Say how it ended; raises ZipotifyError when it failed."""
    if result.state == "failed":
        raise ZipotifyError(f"job {job.name} failed at {result.message}", "see its output above; it may be run again")
    say(f"{job.name}: {result.state}{' at ' + result.message if result.message else ''} (run {result.run_id})")
