"""Order and load: which task waits for which, what each role has on each day, what is left to do."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from graphlib import CycleError, TopologicalSorter

from zipotify.plan.model import Plan, Task
from zipotify.plan.workdays import capacity_hours, days_between


def needs_of(plan: Plan) -> dict[str, set[str]]:
    """Task -> the tasks that must be done before; unknown ones left out."""
    return {task.id: {need for need in task.needs if need in plan.task_by_id} for task in plan.tasks}


def cycle(plan: Plan) -> list[str]:
    """Tasks that wait for each other in a circle, the first one again at the end; empty when there is none."""
    try:
        TopologicalSorter(needs_of(plan)).prepare()
    except CycleError as error:
        return list(reversed(error.args[1]))
    return []


def in_order(plan: Plan) -> list[Task]:
    """Tasks so that each comes after what it needs; raises CycleError."""
    return [plan.task_by_id[task_id] for task_id in TopologicalSorter(needs_of(plan)).static_order()]


def critical_chain(plan: Plan) -> list[str]:
    """The longest chain of tasks by estimated hours: what is late in it makes the whole late."""
    best: dict[str, tuple[float, list[str]]] = {}
    needs = needs_of(plan)
    for task in in_order(plan):
        hours, chain = max((best[need] for need in sorted(needs[task.id])), default=(0.0, []))
        best[task.id] = (hours + task.estimate_hours, [*chain, task.id])
    return max(best.values(), default=(0.0, []))[1]


def share_by_day(plan: Plan, task: Task) -> dict[date, float]:
    """Hours of the task on each day: its estimate spread as its role has time; empty when the role has none."""
    role = plan.role_by_id.get(task.role)
    if role is None:
        return {}
    capacity = {day: capacity_hours(plan, role, day) for day in days_between(task.starts_on, task.due_on)}
    total = sum(capacity.values())
    return {day: task.estimate_hours * hours / total for day, hours in capacity.items() if hours} if total else {}


def load(plan: Plan) -> dict[tuple[str, date], float]:
    """(role, day) -> planned hours."""
    hours: dict[tuple[str, date], float] = defaultdict(float)
    for task in plan.tasks:
        for day, share in share_by_day(plan, task).items():
            hours[task.role, day] += share
    return dict(hours)


def planned_left(plan: Plan, day: date) -> float:
    """Hours that should be left at the end of that day, if all goes as planned."""
    return sum(share for task in plan.tasks for at, share in share_by_day(plan, task).items() if at > day)


def actual_left(plan: Plan, done_on: dict[str, date], day: date) -> float:
    """Hours of tasks that were not done at the end of that day."""
    return sum(task.estimate_hours for task in plan.tasks if done_on.get(task.id, date.max) > day)
