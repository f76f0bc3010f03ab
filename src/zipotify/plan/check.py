"""What is wrong with a plan that reads well: references, circles, dates, overload, work on days off."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from zipotify.errors import ConfigError
from zipotify.plan.log import Log
from zipotify.plan.model import NodePath, Plan
from zipotify.plan.schedule import cycle, load
from zipotify.plan.workdays import capacity_hours
from zipotify.plan.yaml_file import PlanFile

Kind = Literal["reference", "cycle", "date", "order", "day off", "overload", "late"]
_STOPS: tuple[Kind, ...] = ("reference", "cycle")
"""With these, the plan has no order and cannot be shown."""
_TOLERANCE_HOURS = 0.01


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, and where in the file; the line is known once the file is (see `PlanFile.line`)."""

    kind: Kind
    where: NodePath
    message: str
    line: int | None = None

    def as_line(self, file: PlanFile) -> str:
        """`file:line: kind: message`."""
        return f"{file.place(self.where)}: {self.kind}: {self.message}"


def check(plan: Plan, log: Log, today: date) -> list[Finding]:
    """All findings, in the order of the checks."""
    found = [*_references(plan), *_duplicates(plan), *_circles(plan)]
    if not found:
        found += [*_dates(plan), *_order(plan), *_days_off(plan), *_overload(plan), *_late(plan, log, today)]
    return found


def require_sound(file: PlanFile) -> None:
    """Raise ConfigError when names do not resolve or tasks wait for each other in a circle."""
    plan = file.plan
    stops = [finding for finding in check(plan, Log(), plan.starts_on) if finding.kind in _STOPS]
    if stops:
        lines = "\n".join(finding.as_line(file) for finding in stops)
        raise ConfigError(lines, f"correct {file.path.name}, then see `zipotify plan check`")


def _references(plan: Plan) -> Iterator[Finding]:
    milestones = [milestone.id for milestone in plan.milestones]
    for number, task in enumerate(plan.tasks):
        where: NodePath = ("tasks", number)
        yield from _known("role", task.role, plan.role_by_id, (*where, "role"), task.id)
        yield from _known("milestone", task.milestone, milestones, (*where, "milestone"), task.id)
        for position, need in enumerate(task.needs):
            yield from _known("task", need, plan.task_by_id, (*where, "needs", position), task.id)
    for number, risk in enumerate(plan.risks):
        yield from _known("role", risk.owner, plan.role_by_id, ("risks", number, "owner"), risk.id)
    for number, decision in enumerate(plan.decisions):
        yield from _known("role", decision.owner, plan.role_by_id, ("decisions", number, "owner"), decision.id)
    yield from _ballots(plan)


def _ballots(plan: Plan) -> Iterator[Finding]:
    voted = {ballot.date for ballot in plan.ballots}
    put_to_vote = {off.date for off in plan.days_off if off.standup == "ballot"}
    for number, off in enumerate(plan.days_off):
        if off.standup == "ballot" and off.date not in voted:
            yield Finding(
                "reference", ("days_off", number), f"{off.name} is put to the vote, and no ballot has its date"
            )
    for number, ballot in enumerate(plan.ballots):
        if ballot.date not in put_to_vote:
            message = f"{ballot.id}: {ballot.date} is no day off whose stand-up is put to the vote"
            yield Finding("reference", ("ballots", number, "date"), message)


def _known(what: str, name: str, known: Iterable[str], where: NodePath, of: str) -> Iterator[Finding]:
    names = list(known)
    if name not in names:
        listed = ", ".join(names) or "there is none yet"
        yield Finding("reference", where, f"{of}: unknown {what} '{name}' (known: {listed})")


def _duplicates(plan: Plan) -> Iterator[Finding]:
    for section in ("roles", "milestones", "tasks", "risks", "decisions", "ballots", "goals"):
        ids = [part.id for part in getattr(plan, section)]
        for name, count in Counter(ids).items():
            if count > 1:
                last = len(ids) - 1 - ids[::-1].index(name)
                yield Finding("reference", (section, last, "id"), f"'{name}' names {count} {section}")


def _circles(plan: Plan) -> Iterator[Finding]:
    circle = cycle(plan)
    if circle:
        number = [task.id for task in plan.tasks].index(circle[0])
        yield Finding("cycle", ("tasks", number, "needs"), f"tasks wait for each other: {' -> '.join(circle)}")


def _dates(plan: Plan) -> Iterator[Finding]:
    if not plan.starts_on <= plan.ends_on <= plan.deliver_by:
        yield Finding("date", ("starts_on",), "starts_on, ends_on and deliver_by must follow each other")
    due = {milestone.id: milestone.due_on for milestone in plan.milestones}
    for number, task in enumerate(plan.tasks):
        where: NodePath = ("tasks", number, "due_on")
        if task.due_on < task.starts_on:
            yield Finding("date", where, f"{task.id}: due on {task.due_on}, before it starts on {task.starts_on}")
        if task.due_on > due[task.milestone]:
            late = f"due on {task.due_on}, after its milestone {task.milestone} ({due[task.milestone]})"
            yield Finding("date", where, f"{task.id}: {late}")
        if task.starts_on < plan.starts_on:
            yield Finding("date", ("tasks", number, "starts_on"), f"{task.id}: starts before the plan does")
    for number, milestone in enumerate(plan.milestones):
        if milestone.due_on > plan.deliver_by:
            message = f"{milestone.id}: due on {milestone.due_on}, after the delivery on {plan.deliver_by}"
            yield Finding("date", ("milestones", number, "due_on"), message)


def _order(plan: Plan) -> Iterator[Finding]:
    for number, task in enumerate(plan.tasks):
        for need in (plan.task_by_id[name] for name in task.needs):
            if task.starts_on < need.due_on:
                message = f"{task.id}: starts on {task.starts_on}, but needs {need.id}, due on {need.due_on}"
                yield Finding("order", ("tasks", number, "starts_on"), message)


def _days_off(plan: Plan) -> Iterator[Finding]:
    for number, task in enumerate(plan.tasks):
        role = plan.role_by_id[task.role]
        for key, day in (("starts_on", task.starts_on), ("due_on", task.due_on)):
            if capacity_hours(plan, role, day) == 0:
                yield Finding("day off", ("tasks", number, key), f"{task.id}: {key} {day} is {_why_off(plan, day)}")


def _why_off(plan: Plan, day: date) -> str:
    named = next((off.name for off in plan.days_off if off.date == day), None)
    return f"{named}, a day off" if named else f"a {day:%A}, on which that role does not work"


def _overload(plan: Plan) -> Iterator[Finding]:
    too_much: dict[str, list[date]] = defaultdict(list)
    hours = load(plan)
    for (role_id, day), planned in sorted(hours.items()):
        if planned > capacity_hours(plan, plan.role_by_id[role_id], day) + _TOLERANCE_HOURS:
            too_much[role_id].append(day)
    for role_id, days in too_much.items():
        number = [role.id for role in plan.roles].index(role_id)
        worst = max(days, key=lambda day: hours[role_id, day])
        has = capacity_hours(plan, plan.role_by_id[role_id], worst)
        message = f"{role_id}: {hours[role_id, worst]:.1f} h planned on {worst}, {has:g} h there ({_spans(days)})"
        yield Finding("overload", ("roles", number), message)


def _spans(days: list[date]) -> str:
    """Days as spans: `2026-12-21 to 2026-12-23, 2026-12-28`."""
    spans: list[list[date]] = []
    for day in days:
        if spans and day - spans[-1][-1] == timedelta(days=1):
            spans[-1].append(day)
        else:
            spans.append([day])
    return ", ".join(f"{span[0]} to {span[-1]}" if len(span) > 1 else f"{span[0]}" for span in spans)


def _late(plan: Plan, log: Log, today: date) -> Iterator[Finding]:
    done = log.done_on(plan)
    for number, task in enumerate(plan.tasks):
        if task.id not in done and task.due_on < today:
            message = f"{task.id}: was due on {task.due_on}, {(today - task.due_on).days} days ago, and is not done"
            yield Finding("late", ("tasks", number, "due_on"), message)
