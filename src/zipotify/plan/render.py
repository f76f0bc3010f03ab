"""The plan in a terminal: board, timeline, burn-down, who is on what, what is blocked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from itertools import zip_longest

from rich.console import Console, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from zipotify.plan.view import PlanView, Readiness, TaskView

_COLUMNS: dict[Readiness, str] = {
    "ready": "ready",
    "waiting": "waiting for others",
    "doing": "doing",
    "blocked": "blocked",
    "done": "done",
}
_STYLE: dict[Readiness, str] = {"ready": "cyan", "waiting": "dim", "doing": "yellow", "blocked": "red", "done": "green"}
_BAR: dict[Readiness, str] = {"ready": "██", "waiting": "▒▒", "doing": "▓▓", "blocked": "XX", "done": "=="}
_BURN_WIDTH = 40
_PIPE_WIDTH = 120


def console() -> Console:
    """The terminal; a fixed width where there is none, so that files look the same everywhere."""
    found = Console(highlight=False)
    return found if found.is_terminal else Console(width=_PIPE_WIDTH, highlight=False)


def heading(view: PlanView) -> RenderableType:
    """What plan it is, how far, and how many findings."""
    plan, done = view.plan, sum(task.state == "done" for task in view.tasks)
    days_left = (plan.deliver_by - view.today).days
    when = f"{days_left} days left" if days_left >= 0 else f"{-days_left} days ago"
    lines = [
        f"[bold]{escape(plan.title)}[/bold]",
        f"as of {view.today}: {done} of {len(view.tasks)} tasks done; deliver by {plan.deliver_by} ({when})",
    ]
    if view.findings:
        lines.append(f"[red]{len(view.findings)} findings: see `zipotify plan check`[/red]")
    return "\n".join(lines)


def board(view: PlanView) -> RenderableType:
    """One column a state."""
    if not view.tasks:
        return "no tasks yet"
    table = Table(title="Board", title_justify="left", expand=True)
    for readiness, name in _COLUMNS.items():
        count = sum(task.readiness == readiness for task in view.tasks)
        table.add_column(f"{name} ({count})", style=_STYLE[readiness], ratio=1, overflow="fold")
    cells = [[_card(task) for task in view.tasks if task.readiness == name] for name in _COLUMNS]
    for row in zip_longest(*cells, fillvalue=""):
        table.add_row(*row)
    return table


def _card(view: TaskView) -> str:
    return f"{view.task.id} {view.task.estimate_hours:g}h{' LATE' if view.is_late else ''}"


def timeline(view: PlanView) -> RenderableType:
    """A Gantt chart: one line a task, one column a day."""
    if not view.tasks:
        return "no tasks yet"
    table = Table(box=None, padding=(0, 0), title="Timeline (* is on the longest chain)", title_justify="left")
    table.add_column("task", no_wrap=True)
    for at in view.days:
        style = "reverse" if at.day == view.today else "dim" if at.is_weekend or at.day_off else ""
        table.add_column(f"{at.day:%d}", header_style=style, width=2, no_wrap=True)
    for task in sorted(view.tasks, key=lambda item: (item.task.starts_on, item.task.due_on)):
        name = f"{'*' if task.is_critical else ' '}{task.task.id} "
        table.add_row(name, *(_bar(task, at.day) for at in view.days), style=_STYLE[task.readiness])
    return table


def _bar(view: TaskView, day: date) -> str:
    if day in view.hours_by_day:
        return _BAR[view.readiness]
    return "··" if view.task.starts_on <= day <= view.task.due_on else ""


def burn_down(view: PlanView) -> RenderableType:
    """Hours left per day: planned, and what really was left up to today."""
    most = max((day.planned_hours for day in view.burn_down), default=0.0)
    most = max([most, *(day.actual_hours or 0.0 for day in view.burn_down)]) or 1.0
    table = Table(box=None, title="Burn-down (hours left at the end of the day)", title_justify="left")
    for name in ("day", "planned", "actual", ""):
        table.add_column(name, justify="right" if name in ("planned", "actual") else "left", no_wrap=True)
    for day in view.burn_down:
        actual = "-" if day.actual_hours is None else f"{day.actual_hours:.0f}"
        shown = day.planned_hours if day.actual_hours is None else day.actual_hours
        bar = ("·" if day.actual_hours is None else "█") * round(_BURN_WIDTH * shown / most)
        table.add_row(f"{day.day:%a} {day.day}", f"{day.planned_hours:.0f}", actual, bar)
    return table


def who(view: PlanView) -> RenderableType:
    """Per role: what it does now, and what comes next."""
    table = Table(title="Who is on what", title_justify="left")
    for name in ("role", "now", "next"):
        table.add_column(name, overflow="fold")
    for role in view.plan.roles:
        mine = view.of_role(role.id)
        now = [task for task in mine if task.state in ("doing", "blocked") or _is_due_now(task, view.today)]
        later = [task for task in mine if task not in now][:2]
        table.add_row(role.name, _listed(now), _listed(later))
    return table


def _is_due_now(view: TaskView, today: date) -> bool:
    return view.task.starts_on <= today


def _listed(views: list[TaskView]) -> str:
    return "\n".join(f"{view.task.id}, due {view.task.due_on} ({view.readiness})" for view in views) or "-"


def blocked(view: PlanView) -> RenderableType:
    """What is blocked and why; what should have begun and waits for others; what stand-ups called blocked."""
    table = Table(title="Blocked", title_justify="left")
    for name in ("what", "role", "why"):
        table.add_column(name, overflow="fold")
    for task in view.tasks:
        if task.readiness == "blocked":
            table.add_row(task.task.id, task.task.role, escape(task.why) or "no reason given")
        elif task.readiness == "waiting" and task.task.starts_on <= view.today:
            table.add_row(task.task.id, task.task.role, f"waits for {', '.join(task.waits_for)}")
    for said in view.standups:
        if said.date == view.today and said.blocked:
            table.add_row(f"stand-up of {said.date}", said.role, escape(said.blocked))
    return table if table.row_count else Text("nothing is blocked")


def standups(view: PlanView, day: date) -> RenderableType:
    """What was said on one day; roles that have not reported stand there too."""
    table = Table(title=f"Stand-up of {day:%A}, {day}", title_justify="left")
    for name in ("role", "yesterday", "today", "blocked"):
        table.add_column(name, overflow="fold")
    said = {entry.role: entry for entry in view.standups if entry.date == day}
    for role in view.plan.roles:
        entry = said.get(role.id)
        cells = (entry.yesterday, entry.today, entry.blocked or "-") if entry else ("not reported", "", "")
        table.add_row(role.id, *(escape(cell) for cell in cells))
    return table


def ballots(view: PlanView) -> RenderableType:
    """How each ballot stands."""
    return "\n".join(
        f"ballot {result.ballot.id}: {escape(result.ballot.question)} {result.state} (until {result.ballot.closes_on}),"
        f" {len(result.votes)} votes, as it stands: {result.answer}"
        for result in view.ballots
    )


SECTIONS: dict[str, Callable[[PlanView], RenderableType]] = {
    "board": board,
    "timeline": timeline,
    "burndown": burn_down,
    "who": who,
    "blocked": blocked,
}
"""What `zipotify plan` shows, in order; each is also a verb of its own."""
