"""The plan as of a day, ready to be shown: what the terminal, the exports and the dashboard have in common."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Literal

from zipotify.plan.check import Finding, check, require_sound
from zipotify.plan.log import Log, StandupEntry, log_path, read_log
from zipotify.plan.model import Plan, State, Task
from zipotify.plan.schedule import actual_left, critical_chain, load, planned_left, share_by_day
from zipotify.plan.workdays import (
    Outcome,
    capacity_hours,
    days_between,
    detail_days,
    is_weekend,
    outcome,
    standup_days,
)
from zipotify.plan.yaml_file import PlanFile, read_plan

Readiness = Literal["ready", "waiting", "doing", "blocked", "done"]


@dataclass(frozen=True)
class TaskView:
    """One task as of a day; `waits_for` are needs that are not done, `why` is the reason of a block.

    `hours_by_day` is the estimate spread over the days that its role works: the bars of a Gantt chart.
    """

    task: Task
    state: State
    readiness: Readiness
    waits_for: tuple[str, ...]
    why: str
    done_on: date | None
    is_late: bool
    is_critical: bool
    hours_by_day: dict[date, float]


@dataclass(frozen=True)
class BurnDownDay:
    """Hours left at the end of a day; actual is None for days that have not come."""

    day: date
    planned_hours: float
    actual_hours: float | None


@dataclass(frozen=True)
class DayView:
    """A day of the plan, up to its last task: `day_off` is the holiday's name."""

    day: date
    is_weekend: bool
    day_off: str | None
    has_standup: bool


@dataclass(frozen=True)
class LoadView:
    """What a role has to do on a day, and how much it can."""

    role: str
    day: date
    planned_hours: float
    capacity_hours: float


@dataclass(frozen=True)
class PlanView:
    """Everything about a plan as of `today`."""

    plan: Plan
    today: date
    days: tuple[DayView, ...]
    tasks: tuple[TaskView, ...]
    load: tuple[LoadView, ...]
    burn_down: tuple[BurnDownDay, ...]
    standups: tuple[StandupEntry, ...]
    standup_days: tuple[date, ...]
    ballots: tuple[Outcome, ...]
    findings: tuple[Finding, ...]

    def of_role(self, role_id: str) -> list[TaskView]:
        """The role's tasks that are not done, by their start."""
        mine = [view for view in self.tasks if view.task.role == role_id and view.state != "done"]
        return sorted(mine, key=lambda view: (view.task.starts_on, view.task.due_on))


def read_view(path: Path, today: date) -> PlanView:
    """Read a plan and its log as of a day; raises ConfigError for a plan that has no order."""
    file = read_plan(path)
    return view_of(file, read_log(log_path(path)), today)


def view_of(file: PlanFile, log: Log, today: date) -> PlanView:
    """The view of a plan that was read."""
    require_sound(file)
    plan = file.plan
    outcomes = tuple(outcome(ballot, log.votes(ballot.id), today) for ballot in plan.ballots)
    meetings = standup_days(plan, outcomes)
    return PlanView(
        plan=plan,
        today=today,
        days=_days(plan, meetings),
        tasks=_tasks(plan, log, today),
        load=_load(plan),
        burn_down=_burn_down(plan, log, today),
        standups=tuple(log.standups().values()),
        standup_days=tuple(meetings),
        ballots=outcomes,
        findings=tuple(replace(found, line=file.line(found.where)) for found in check(plan, log, today)),
    )


def _days(plan: Plan, meetings: list[date]) -> tuple[DayView, ...]:
    names = {off.date: off.name for off in plan.days_off}
    last = max([plan.ends_on, *(task.due_on for task in plan.tasks)])
    return tuple(
        DayView(day, is_weekend(day), names.get(day), day in meetings) for day in days_between(plan.starts_on, last)
    )


def _load(plan: Plan) -> tuple[LoadView, ...]:
    return tuple(
        LoadView(role, day, round(hours, 2), capacity_hours(plan, plan.role_by_id[role], day))
        for (role, day), hours in sorted(load(plan).items())
    )


def _tasks(plan: Plan, log: Log, today: date) -> tuple[TaskView, ...]:
    moves = log.moves()
    states: dict[str, State] = {
        task.id: moves[task.id].state if task.id in moves else task.state for task in plan.tasks
    }
    done_on, critical = log.done_on(plan), set(critical_chain(plan))

    def view(task: Task) -> TaskView:
        state = states[task.id]
        waits_for = tuple(need for need in task.needs if states[need] != "done")
        readiness: Readiness = ("waiting" if waits_for else "ready") if state == "todo" else state
        why = moves[task.id].why if state == "blocked" and task.id in moves else ""
        is_late = state != "done" and task.due_on < today
        hours = {day: round(share, 2) for day, share in share_by_day(plan, task).items()}
        return TaskView(
            task, state, readiness, waits_for, why, done_on.get(task.id), is_late, task.id in critical, hours
        )

    return tuple(view(task) for task in plan.tasks)


def _burn_down(plan: Plan, log: Log, today: date) -> tuple[BurnDownDay, ...]:
    done_on = log.done_on(plan)

    def at(day: date) -> BurnDownDay:
        actual = actual_left(plan, done_on, day) if day <= today else None
        return BurnDownDay(day, round(planned_left(plan, day), 2), actual)

    return tuple(at(day) for day in detail_days(plan))
