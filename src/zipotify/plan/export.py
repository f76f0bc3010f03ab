"""The plan as pages: Markdown to read, JSON for programs, iCalendar for calendars."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, time, timedelta

import icalendar
from pydantic import TypeAdapter

from zipotify import __version__
from zipotify.plan.model import Plan, Task
from zipotify.plan.view import PlanView
from zipotify.plan.workdays import Outcome


def as_json(view: PlanView) -> str:
    """The view as JSON; docs/plan/index.md explains its keys."""
    return TypeAdapter(dict).dump_json(asdict(view), indent=2).decode()


def as_calendar(view: PlanView) -> bytes:
    """An iCalendar file: stand-ups, tasks and milestones as days. The same plan gives the same bytes."""
    plan = view.plan
    calendar = icalendar.Calendar()
    calendar.add("prodid", f"-//Zipotify//plan {__version__}//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", plan.title)
    stamp = datetime.combine(plan.starts_on, time(), UTC)
    for component in (*_standups(view), *_milestones(plan), *(_task(task, plan) for task in plan.tasks)):
        component.add("dtstamp", stamp)
        calendar.add_component(component)
    return bytes(calendar.to_ical())


def _event(uid: str, summary: str, description: str = "") -> icalendar.Event:
    event = icalendar.Event()
    event.add("uid", f"{uid}@zipotify.invalid")
    event.add("summary", summary)
    if description:
        event.add("description", description)
    return event


def _standups(view: PlanView) -> Iterable[icalendar.Event]:
    length = timedelta(minutes=view.plan.standup.minutes)
    for day in view.standup_days:
        event = _event(f"standup-{day}", "Stand-up", "Each role: yesterday, today, blocked.")
        starts_at = datetime.combine(day, view.plan.standup.at, UTC)
        event.add("dtstart", starts_at)
        event.add("dtend", starts_at + length)
        yield event


def _milestones(plan: Plan) -> Iterable[icalendar.Event]:
    for milestone in plan.milestones:
        event = _event(f"milestone-{milestone.id}", f"Milestone: {milestone.name}")
        event.add("dtstart", milestone.due_on)
        event.add("dtend", milestone.due_on + timedelta(days=1))
        yield event


def _task(task: Task, plan: Plan) -> icalendar.Event:
    role = plan.role_by_id[task.role].name
    event = _event(f"task-{task.id}", f"{task.title} ({role})", f"Done when: {task.done_when}")
    event.add("dtstart", task.starts_on)
    event.add("dtend", task.due_on + timedelta(days=1))
    event.add("transp", "TRANSPARENT")
    return event


def as_markdown(view: PlanView) -> str:
    """One page: goals, milestones, days, tasks per role, risks and decisions."""
    plan = view.plan
    parts = [
        f"# {plan.title}",
        f"From {plan.starts_on} to {plan.ends_on} in detail; delivery by **{plan.deliver_by}**.",
        _section("Goals", ("goal", "shown by"), [(goal.goal, goal.shown_by) for goal in plan.goals]),
        _section("Milestones", ("due", "milestone"), [(str(m.due_on), m.name) for m in plan.milestones]),
        _section(
            "Roles",
            ("role", "does", "hours on a weekday", "on a weekend day"),
            [(role.name, role.does, f"{role.weekday_hours:g}", f"{role.weekend_hours:g}") for role in plan.roles],
        ),
        _days(view),
        *_tasks_per_role(plan),
        _risks(plan),
        _decisions(plan),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _section(title: str, head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    return f"## {title}\n\n{_table(head, rows)}" if rows else ""


def _days(view: PlanView) -> str:
    plan, standup = view.plan, view.plan.standup
    meeting = f"{standup.minutes} minutes at {standup.at:%H:%M} UTC, every day but these:"
    lines = [f"## Stand-ups and days off\n\n{meeting}\n"]
    for off in plan.days_off:
        rule = {"none": "no stand-up", "held": "stand-up held", "ballot": "stand-up by ballot"}[off.standup]
        lines.append(f"- {off.date:%A}, {off.date}, {off.name}: no work, {rule}")
    lines += [_ballot(result) for result in view.ballots]
    return "\n".join(lines)


def _ballot(result: Outcome) -> str:
    ballot = result.ballot
    return f"- Ballot `{ballot.id}`, open until {ballot.closes_on}: {ballot.question} Default: {ballot.default}."


def _tasks_per_role(plan: Plan) -> Iterable[str]:
    for role in plan.roles:
        rows = [
            (
                f"`{task.id}`",
                task.title,
                f"{task.starts_on:%d %b} - {task.due_on:%d %b}",
                f"{task.estimate_hours:g} h",
                ", ".join(f"`{need}`" for need in task.needs),
                task.done_when,
            )
            for task in plan.tasks
            if task.role == role.id
        ]
        yield _section(f"Tasks: {role.name}", ("task", "what", "when", "estimate", "needs", "done when"), rows)


def _risks(plan: Plan) -> str:
    rows = [(r.risk, r.likelihood, r.impact, r.sign, plan.role_by_id[r.owner].name, r.answer) for r in plan.risks]
    return _section("Risks", ("risk", "likelihood", "impact", "we notice by", "owner", "answer"), rows)


def _decisions(plan: Plan) -> str:
    rows = [(d.question, plan.role_by_id[d.owner].name, str(d.by), d.choice, d.why) for d in plan.decisions]
    return _section("Decisions", ("question", "owner", "by", "choice", "why"), rows)
