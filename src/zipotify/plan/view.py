"""The plan as of a day, ready to be shown: what the terminal, the exports and the dashboard have in common."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from zipotify.plan.check import Finding, check, require_sound
from zipotify.plan.log import Log, StandupEntry, log_path, read_log
from zipotify.plan.model import Plan, State, Task
from zipotify.plan.schedule import actual_left, critical_chain, planned_left
from zipotify.plan.workdays import Outcome, detail_days, outcome, standup_days
from zipotify.plan.yaml_file import PlanFile, read_plan

Readiness = Literal["ready", "waiting", "doing", "blocked", "done"]


@dataclass(frozen=True)
class TaskView:
    """One task as of a day; `waits_for` are needs that are not done, `why` is the reason of a block."""

    task: Task
    state: State
    readiness: Readiness
    waits_for: tuple[str, ...]
    why: str
    is_late: bool
    is_critical: bool


@dataclass(frozen=True)
class BurnDownDay:
    """Hours left at the end of a day; actual is None for days that have not come."""

    day: date
    planned_hours: float
    actual_hours: float | None


@dataclass(frozen=True)
class PlanView:
    """Everything about a plan as of `today`."""

    plan: Plan
    today: date
    tasks: tuple[TaskView, ...]
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
    return PlanView(
        plan=plan,
        today=today,
        tasks=_tasks(plan, log, today),
        burn_down=_burn_down(plan, log, today),
        standups=tuple(log.standups().values()),
        standup_days=tuple(standup_days(plan, outcomes)),
        ballots=outcomes,
        findings=tuple(check(plan, log, today)),
    )


def _tasks(plan: Plan, log: Log, today: date) -> tuple[TaskView, ...]:
    moves = log.moves()
    states: dict[str, State] = {
        task.id: moves[task.id].state if task.id in moves else task.state for task in plan.tasks
    }
    critical = set(critical_chain(plan))

    def view(task: Task) -> TaskView:
        state = states[task.id]
        waits_for = tuple(need for need in task.needs if states[need] != "done")
        readiness: Readiness = ("waiting" if waits_for else "ready") if state == "todo" else state
        why = moves[task.id].why if state == "blocked" and task.id in moves else ""
        return TaskView(
            task, state, readiness, waits_for, why, state != "done" and task.due_on < today, task.id in critical
        )

    return tuple(view(task) for task in plan.tasks)


def _burn_down(plan: Plan, log: Log, today: date) -> tuple[BurnDownDay, ...]:
    done_on = log.done_on(plan)

    def at(day: date) -> BurnDownDay:
        actual = actual_left(plan, done_on, day) if day <= today else None
        return BurnDownDay(day, round(planned_left(plan, day), 2), actual)

    return tuple(at(day) for day in detail_days(plan))
