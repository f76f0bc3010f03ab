"""Plan: where does the project stand? Drawn from `zipotify plan export --format json`, which does all the reckoning."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from itertools import groupby
from typing import Any

from dash import html

from zipotify.dashboard import wording
from zipotify.dashboard.components import messages
from zipotify.dashboard.components.charts import Line, graph, lines, shade_days
from zipotify.dashboard.components.figures import Number, numbers
from zipotify.dashboard.components.frames import live_grid
from zipotify.dashboard.components.plain_table import plain_table
from zipotify.dashboard.filters import Filters
from zipotify.dashboard.pages.behind import PLAN as BEHIND
from zipotify.dashboard.pages.behind import sources
from zipotify.dashboard.pages.page import Page
from zipotify.dashboard.theme import ACCENT, QUIET, SERIES, figure
from zipotify.dashboard.tile import Component

PlanView = Mapping[str, Any]
"""The JSON of `zipotify plan export`; docs/plan explains its keys."""
PlanReader = Callable[[], PlanView | None]
"""Reads the plan as of today; None when there is none. Raises ZipotifyError for one that is wrong."""
Drawer = Callable[[PlanView], Component]

_COLUMNS = {
    "blocked": ("Blocked", SERIES[3]),
    "waiting": ("Waits for others", QUIET),
    "ready": ("Ready", SERIES[4]),
    "doing": ("Doing", SERIES[1]),
    "done": ("Done", SERIES[2]),
}
"""readiness -> what its column is called, and its colour."""
_ROW_PX = 24
_DAY_MS = 86_400_000


def no_plan() -> PlanView | None:
    """For a dashboard that was given none."""
    return None


def _figures(plan: PlanView) -> Component:
    tasks = plan["tasks"]
    done = [task for task in tasks if task["state"] == "done"]
    left = sum(task["task"]["estimate_hours"] for task in tasks if task["state"] != "done")
    late = sum(task["is_late"] for task in tasks)
    blocked = sum(task["readiness"] == "blocked" for task in tasks)
    days = (date.fromisoformat(plan["plan"]["deliver_by"]) - date.fromisoformat(plan["today"])).days
    return numbers(
        [
            Number("Tasks done", f"{len(done)} of {len(tasks)}"),
            Number("Hours left", wording.exact(left), note="as estimated"),
            Number("Blocked", wording.exact(blocked)),
            Number("Late", wording.exact(late), note="past their date"),
            Number("Days to delivery", wording.exact(days), note=f"by {plan['plan']['deliver_by']}"),
        ]
    )


def _board(plan: PlanView) -> Component:
    columns = []
    for readiness, (title, color) in _COLUMNS.items():
        tasks = [task for task in plan["tasks"] if task["readiness"] == readiness]
        head = html.H3(f"{title} ({len(tasks)})", className="zip-board-title", style={"--tone": color})
        columns.append(html.Div([head, html.Ul([_card(plan, task) for task in tasks])], className="zip-board-column"))
    return html.Div(columns, className="zip-board zip-tall", tabIndex=0, role="group", **{"aria-label": "Board"})


def _card(plan: PlanView, view: Mapping[str, Any]) -> Component:
    task = view["task"]
    roles = {role["id"]: role["name"] for role in plan["plan"]["roles"]}
    facts = [roles[task["role"]], f"{task['estimate_hours']:g} h", f"by {_day(task['due_on'])}"]
    notes = [html.Span("▲ late", className="zip-stale")] if view["is_late"] else []
    if view["readiness"] in ("waiting", "blocked"):
        reason = view["why"] or f"needs {', '.join(view['waits_for'])}"
        notes.append(html.Span(reason))
    return html.Li(
        [html.Div(task["title"], className="zip-name", title=task["title"]), html.Div(" · ".join(facts)), *notes],
        className="zip-board-card",
    )


def _day(text: str) -> str:
    return f"{date.fromisoformat(text):%-d %b}"


def _timeline(plan: PlanView) -> Component:
    views = sorted(plan["tasks"], key=lambda view: (view["task"]["starts_on"], view["task"]["due_on"]), reverse=True)
    chart = figure(90 + _ROW_PX * len(views), showlegend=True, barmode="overlay", hovermode="closest", bargap=0.35)
    for readiness, (title, color) in _COLUMNS.items():
        bars = [bar for view in views if view["readiness"] == readiness for bar in _bars(view)]
        if bars:
            chart.add_bar(
                orientation="h",
                y=[bar[0] for bar in bars],
                base=[bar[1].isoformat() for bar in bars],
                x=[bar[2] * _DAY_MS for bar in bars],
                customdata=[bar[3] for bar in bars],
                name=title,
                marker={"color": color},
                hovertemplate="%{customdata}<extra></extra>",
            )
    off = [(day["day"], day["day_off"] or "weekend") for day in plan["days"] if day["day_off"] or day["is_weekend"]]
    shade_days(chart, off)
    if any(day["day"] == plan["today"] for day in plan["days"]):
        chart.add_vline(x=plan["today"], line={"color": ACCENT, "width": 2, "dash": "dot"})
    chart.update_xaxes(type="date", showgrid=True, tickformat="%-d %b")
    chart.update_yaxes(
        categoryorder="array", categoryarray=[_label(view) for view in views], tickformat="", nticks=len(views) + 1
    )
    return graph(chart, _tell_timeline(plan))


def _bars(view: Mapping[str, Any]) -> list[tuple[str, date, int, str]]:
    """Label, first day, days and text of each stretch of days on which a task is worked on."""
    worked = sorted(date.fromisoformat(day) for day in view["hours_by_day"])
    task = view["task"]
    text = f"{task['title']}: {task['starts_on']} to {task['due_on']}, {task['estimate_hours']:g} h"
    stretches = [list(group) for _, group in groupby(enumerate(worked), key=lambda pair: pair[1] - timedelta(pair[0]))]
    return [(_label(view), days[0][1], len(days), text) for days in stretches]


def _label(view: Mapping[str, Any]) -> str:
    return f"{'★ ' if view['is_critical'] else ''}{view['task']['id']}"


def _tell_timeline(plan: PlanView) -> str:
    critical = sum(view["is_critical"] for view in plan["tasks"])
    first, last = plan["plan"]["starts_on"], plan["plan"]["ends_on"]
    return f"{len(plan['tasks'])} tasks from {first} to {last}; {critical} of them on the longest chain."


def _burn_down(plan: PlanView) -> Component:
    days = plan["burn_down"]
    series = [
        Line("Planned", [day["planned_hours"] for day in days], QUIET, is_dashed=True),
        Line("Actual", [day["actual_hours"] for day in days], ACCENT),
    ]
    chart = lines([day["day"] for day in days], series, height_px=300)
    chart.update_yaxes(ticksuffix=" h")
    known = [day for day in days if day["actual_hours"] is not None]
    told = "The plan has not begun."
    if known:
        now = known[-1]
        told = f"At the end of {now['day']}: {now['actual_hours']:g} hours left, {now['planned_hours']:g} planned."
    return graph(chart, told)


def _standups(plan: PlanView) -> Component:
    roles = {role["id"]: role["name"] for role in plan["plan"]["roles"]}
    newest = sorted(plan["standups"], key=lambda entry: str(entry["date"]), reverse=True)[:12]
    rows = [(e["date"], roles.get(e["role"], e["role"]), e["yesterday"], e["today"], e["blocked"]) for e in newest]
    return plain_table(("Day", "Role", "Yesterday", "Today", "Blocked by"), rows, "No stand-up has been written down.")


TILES: dict[str, tuple[str, str, str, Drawer]] = {
    "plan-figures": ("Where it stands", "tasks and estimated hours, as of today", "full", _figures),
    "plan-board": ("Board", "tasks by what can be done about them", "full", _board),
    "plan-timeline": ("Timeline", "days on which each task is worked on; ★ is on the longest chain", "full", _timeline),
    "plan-burn-down": ("Burn-down", "estimated hours left at the end of each day", "half", _burn_down),
    "plan-standups": ("Stand-ups", "the newest entries, by role", "half", _standups),
}
"""id -> title, what is shown, width, drawing."""
DEFINITIONS = {
    "plan-figures": "Counted from the plan and its log. Late is what is not done and past its date.",
    "plan-board": "Ready is what can be begun; what waits needs other tasks to be done first.",
    "plan-timeline": "An estimate is spread over the days that its role works; weekends and days off are shaded, the"
    " dotted line is today. A delay on the longest chain delays the end.",
    "plan-burn-down": "Planned: as if every task ended on its date. Actual: by the days on which tasks were done.",
    "plan-standups": "What roles, not people, wrote down.",
}


def draw(name: str, read: PlanReader) -> Component:
    """One tile as of today."""
    plan = read()
    if plan is None:
        to_do = (
            "zipotify plan new writes one. It is looked for as plan.yml and docs/plan/plan.yml where this was started."
        )
        return messages.empty("There is no plan here.", to_do)
    if not plan["tasks"]:
        return messages.empty("The plan has no tasks yet.")
    return TILES[name][3](plan)


def layout(_filters: Filters) -> Component:
    """Frames; the live callback fills them."""
    return html.Div(
        live_grid({name: texts[:3] for name, texts in TILES.items()}, DEFINITIONS, sources(BEHIND)),
        className="zip-grid",
    )


PAGE = Page("/plan", "Plan", "Where does the project stand?", layout=layout, has_filters=False)
