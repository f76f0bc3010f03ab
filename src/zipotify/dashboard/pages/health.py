"""Health: does everything arrive, how fast, and do the numbers agree?"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dash import dcc, html

from zipotify.dashboard import wording
from zipotify.dashboard.components import messages
from zipotify.dashboard.components.charts import Line, by_the_clock, graph, lines
from zipotify.dashboard.components.clock import moment
from zipotify.dashboard.components.figures import Number, numbers
from zipotify.dashboard.components.frames import live_grid
from zipotify.dashboard.components.plain_table import plain_table
from zipotify.dashboard.filters import Filters
from zipotify.dashboard.health import HealthView, Row
from zipotify.dashboard.pages.behind import HEALTH, sources
from zipotify.dashboard.pages.health_books import DEFINITIONS, checks, kept, lags
from zipotify.dashboard.pages.page import Page
from zipotify.dashboard.pages.quarantine import refused_href
from zipotify.dashboard.theme import SERIES
from zipotify.dashboard.tile import Component

_SHOWN_LEDGER = 24
_STAGES = {"live": "Live tiles", "bronze": "Lake", "warehouse": "Warehouse"}

Drawer = Callable[[HealthView], Component]


def _parts(view: HealthView) -> Component:
    rows = [
        (row["name"], row["state"], row["detail"], moment(row["heartbeat_at_ms"] / 1000, "second"))
        for row in view.parts
    ]
    return plain_table(("Part", "State", "What it says", "Said at"), rows, "No part has said anything yet.")


def _ledger(view: HealthView) -> Component:
    off = [row for row in view.ledger if row["difference"]]
    shown = [*off, *(row for row in view.ledger if not row["difference"])][:_SHOWN_LEDGER]
    heads = ("Hour (UTC)", "Source", "Topic", "Produced", "Bronze", "Refused", "Repeats", "In flight", "Difference")
    names = ("produced", "bronze", "refused", "repeats", "in_flight", "difference")
    rows = [
        (_hour(row["hour"]), row["source"], row["topic"], *(wording.exact(row[name]) for name in names))
        for row in shown
    ]
    return html.Div([_verdict(view, off), plain_table(heads, rows, "The ledger has not been checked yet.")])


def _hour(text: str) -> str:
    return text[:16].replace("T", " ") if text else "before counting"


def _verdict(view: HealthView, off: Sequence[Row]) -> Component:
    if view.ledger_checked_at_ms is None:
        return None
    checked = moment(view.ledger_checked_at_ms / 1000, "second")
    produced = wording.exact(sum(row["produced"] for row in view.ledger))
    if off:
        return messages.problem(f"{len(off)} lines do not balance", ["They stand first below. Checked at ", checked])
    return html.P(
        [f"✓ Every one of {produced} records is accounted for, checked at ", checked, "."], className="zip-good"
    )


def _quarantine(view: HealthView) -> Component:
    rows = [
        (
            dcc.Link(row["reason"], href=refused_href(row["reason"], row["topic"]), className="zip-link"),
            row["topic"],
            wording.exact(row["count"]),
            row["message"],
        )
        for row in view.quarantine
    ]
    return plain_table(("Reason", "Topic", "Records", "For example"), rows, "Nothing was refused.")


def _freshness(view: HealthView) -> Component:
    if not view.freshness:
        return messages.empty("Nothing was measured in the last day.")
    chart = lines([], [], height_px=230)
    for at, (stage, name) in enumerate(_STAGES.items()):
        rows = [row for row in view.freshness if row["stage"] == stage][-300:]
        times = [wording.date_time(row["measured_at_ms"] / 1000) for row in rows]
        seconds = [row["p99_ms"] / 1000 for row in rows]
        chart.add_scatter(x=times, y=seconds, name=name, mode="lines", line={"color": SERIES[at], "width": 2})
    chart.update_layout(showlegend=True)
    chart.update_yaxes(type="log", ticksuffix=" s", tickformat="~g", rangemode="normal")
    newest = {row["stage"]: row["p99_ms"] for row in view.freshness}
    told = ", ".join(f"{_STAGES.get(stage, stage)} {wording.duration(p99)}" for stage, p99 in newest.items())
    return graph(by_the_clock(chart), f"99 of 100 events visible within: {told}.")


def _batches(view: HealthView) -> Component:
    if not view.batches:
        return messages.empty("The stream has not finished a batch yet.")
    times = [wording.date_time(row["started_at_ms"] / 1000) for row in view.batches]
    seconds = [row["duration_ms"] / 1000 for row in view.batches]
    chart = lines(times, [Line("Seconds", seconds, is_filled=True)], height_px=230)
    chart.update_yaxes(ticksuffix=" s", tickformat="~g")
    return graph(
        by_the_clock(chart), f"The newest batch took {seconds[-1]:.1f} s; the longest shown {max(seconds):.1f} s."
    )


def _builds(view: HealthView) -> Component:
    rows = [
        (
            moment(row["started_at_ms"] / 1000),
            row["state"],
            wording.duration(row["finished_at_ms"] - row["started_at_ms"]) if row["finished_at_ms"] else "",
            row["message"],
        )
        for row in view.builds
    ]
    return plain_table(("Began", "State", "Took", "Published, or what went wrong"), rows, "No build yet.")


def _compared(view: HealthView) -> Component:
    rows = [
        (
            wording.date_time(row["hour_s"])[:16].replace("T", " "),
            wording.exact(row["live"]),
            wording.exact(row["batch"]),
            f"{row['live'] - row['batch']:+,}",
        )
        for row in reversed(view.compared)
    ]
    return plain_table(
        ("Hour (UTC)", "Live", "Published", "Difference"), rows, "There are no live and published plays yet."
    )


def _machine(view: HealthView) -> Component:
    machine = view.machine
    return numbers(
        [
            Number(
                "Disk free", wording.size(machine["disk_free_bytes"]), note=f"of {wording.size(machine['disk_bytes'])}"
            ),
            Number(
                "Memory free",
                wording.size(machine["memory_free_bytes"]),
                note=f"of {wording.size(machine['memory_bytes'])}",
            ),
            Number("This dashboard", wording.size(machine["own_bytes"]), note="of memory"),
        ]
    )


TILES: dict[str, tuple[str, str, str, Drawer]] = {
    "health-parts": ("Parts", "what each part says of itself", "half", _parts),
    "health-machine": ("Machine", "disk and memory of this machine", "half", _machine),
    "health-ledger": (
        "Ledger",
        "by source, topic and hour: produced = bronze + refused + repeats + in flight + erased + expired",
        "full",
        _ledger,
    ),
    "health-freshness": (
        "Freshness",
        "from produced to visible, 99th percentile, last day",
        "half",
        _freshness,
    ),
    "health-batches": ("Stream batches", "duration of the newest batches", "half", _batches),
    "health-quarantine": ("Quarantine", "refused records by reason, with one message each", "half", _quarantine),
    "health-lag": ("Kafka lag", "records that wait, by topic and partition", "half", lags),
    "health-checks": ("Data tests and jobs", "what checks of the data and the newest jobs said", "half", checks),
    "health-compared": ("Live against published", "plays per hour; published lags by a build", "half", _compared),
    "health-kept": ("Retention", "how long what is kept, and how old the oldest of it is", "full", kept),
    "health-builds": ("Warehouse builds", "the newest ones; when one fails, what was published stays", "full", _builds),
}
"""id -> title, what is shown, width, drawing."""


def layout(_filters: Filters) -> Component:
    """Frames; the live callback fills them."""
    return html.Div(
        live_grid({name: texts[:3] for name, texts in TILES.items()}, DEFINITIONS, sources(HEALTH)),
        className="zip-grid",
    )


PAGE = Page("/health", "Health", "Does everything arrive, and do the numbers agree?", layout=layout, has_filters=False)
