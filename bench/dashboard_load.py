"""How fast is the dashboard for one, for twenty and for a hundred viewers, and in a real browser?

    .venv/bin/python bench/dashboard_load.py --copies 10 --browser-copies 33 --out bench/results/dashboard_load.json

A simulated home is made and its people multiplied (dashboard_data.py), once for the viewers and more often for the
browser; live events come in at a steady rate. Each phase has a fresh dashboard, whose answers are not known yet, and
viewers of whom half watch Now and half change filters (dashboard_viewers.py); the single viewer only changes filters.
The viewers run on the same machine as the dashboard.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parent.parent
sys.path[:0] = [str(PROJECT / "tests")]

from dashboard_data import feed_live, grown_home, simulated_home  # noqa: E402
from dashboard_viewers import Chooser, Seen, Watcher, push_output  # noqa: E402
from result import measured  # noqa: E402

from support.browser import Visit, browser, dashboard, visit  # noqa: E402
from zipotify.contracts.snapshot import current  # noqa: E402
from zipotify.runtime.machine import calibration  # noqa: E402
from zipotify.settings import Settings  # noqa: E402

PLAYS_PER_S = 5
THINK_S = 8.0
OPENED = ("/", "/overview", "/music", "/audience", "/engagement")
OPENINGS = 4
PHASES = ("single", "twenty", "hundred", "browser")


def percentiles(values: list[float]) -> dict[str, float]:
    """Median, p95 and worst, in ms."""
    cut = statistics.quantiles(values, n=20, method="inclusive") if len(values) > 1 else values * 19
    figures = {"p50": statistics.median(values), "p95": cut[18], "worst": max(values)}
    return {name: round(value * 1000, 1) for name, value in figures.items()}


def viewed(settings: Settings, choosers: int, watchers: int, for_s: float, think_s: float = THINK_S) -> dict[str, Any]:
    """One phase, with a dashboard of its own."""
    seen, stop = Seen(), threading.Event()
    with dashboard(settings.home.root) as base:
        push = push_output(base)
        people: list[threading.Thread] = [
            *(Chooser(base, seen, 1000 + number, think_s, stop) for number in range(choosers)),
            *(Watcher(base, seen, push, stop) for _ in range(watchers)),
        ]
        for person in people:
            person.start()
        stop.wait(for_s)
        stop.set()
        for person in people:
            person.join(150)
    found = {
        "python_loop_s": calibration()["python_loop_s"],
        "choosers": choosers,
        "watchers": watchers,
        "seconds": for_s,
        "filter_changes": len(seen.changes_s),
        "filter_change_ms": percentiles(seen.changes_s),
        "ticks": seen.ticks,
        "live_tiles_ms": percentiles(seen.live_s) if seen.live_s else None,
        "errors": len(seen.errors),
        "first_errors": seen.errors[:3],
    }
    print(json.dumps(found), file=sys.stderr, flush=True)
    return found


def opened(settings: Settings) -> dict[str, Any]:
    """Real Chromium: first contentful paint and the time until all tiles are there, first and later openings."""
    found: dict[str, Any] = {}
    with ExitStack() as stack:
        base = stack.enter_context(dashboard(settings.home.root))
        running = stack.enter_context(browser())
        for path in OPENED:
            paints, settled = [], []
            for _ in range(OPENINGS):
                with visit(running, base) as visiting:
                    started = time.perf_counter()
                    visiting.go(path)
                    settled.append(time.perf_counter() - started)
                    paints.append(_first_paint(visiting))
            found[path] = {
                "first_contentful_paint_ms": percentiles(paints),
                "settled_ms": {"first": round(settled[0] * 1000), "later": percentiles(settled[1:])},
            }
        found["interaction"] = _interactions(stack.enter_context(visit(running, base)))
    return found


def _first_paint(visiting: Visit) -> float:
    entry = "performance.getEntriesByName('first-contentful-paint')[0]"
    visiting.wait(f"{entry} !== undefined", "the first paint")
    return float(visiting.page.evaluate(f"{entry}.startTime")) / 1000


def _interactions(visiting: Visit) -> dict[str, Any]:
    """A filter is changed by hand: until the next frame is drawn, and until every tile shows the new answer."""
    visiting.go("/overview")
    answered, painted = [], []
    for label in ("7 days", "90 days", "All", "28 days", "Today") * 2:
        visiting.page.evaluate(_OBSERVED)
        started = time.perf_counter()
        visiting.page.get_by_text(label, exact=True).first.click()
        visiting.wait("window.benchPeriod !== document.querySelector('.zip-period-said')?.innerText", "the new period")
        visiting.settle()
        answered.append(time.perf_counter() - started)
        painted.append(float(visiting.page.evaluate("window.benchFrame ?? 0")) / 1000)
    return {
        "next_paint_ms": percentiles(painted),
        "answered_first_ms": percentiles(answered[:5]),
        "answered_again_ms": percentiles(answered[5:]),
    }


_OBSERVED = """() => {
    window.benchPeriod = document.querySelector('.zip-period-said')?.innerText;
    window.benchFrame = undefined;
    document.addEventListener('click', event => requestAnimationFrame(() => setTimeout(
        () => { window.benchFrame ??= performance.now() - event.timeStamp; })), { once: true, capture: true });
}"""
"""Event to the end of the next frame: what the browser calls interaction to next paint."""


@contextmanager
def fed(settings: Settings) -> Iterator[None]:
    """Live events come in meanwhile."""
    stop = threading.Event()
    feeding = threading.Thread(target=feed_live, args=(settings, PLAYS_PER_S, stop), daemon=True)
    feeding.start()
    try:
        yield
    finally:
        stop.set()
        feeding.join()


def measure(phases: Sequence[str], settings: Settings, minutes: float) -> dict[str, Any]:
    """Those of the phases in which viewers look."""
    short_s = min(120, minutes * 60)
    viewers: dict[str, dict[str, Any]] = {
        "single": {"choosers": 1, "watchers": 0, "for_s": short_s, "think_s": 0.5},
        "twenty": {"choosers": 10, "watchers": 10, "for_s": minutes * 60},
        "hundred": {"choosers": 50, "watchers": 50, "for_s": short_s},
    }
    with fed(settings):
        return {name: viewed(settings, **how) for name, how in viewers.items() if name in phases}


def measure_browser(settings: Settings) -> dict[str, Any]:
    """How a real browser paints, on more plays."""
    with fed(settings):
        return {"plays": _plays(settings), **opened(settings)}


def _plays(settings: Settings) -> int:
    manifest = current(settings.home.published)
    return manifest.row_counts["fct_plays"] if manifest else 0


def headline(ratio: float, plays: int) -> dict[str, str]:
    """The figure for the docs."""
    return {
        "what": f"dashboard, 20 viewers, {plays / 1e6:.1f} m plays",
        "figure": f"a filter change takes {ratio:.1f} times as long as for one viewer (p95)",
        "when": f"{datetime.now(UTC):%Y-%m-%d}",
    }


def main() -> None:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--phases", nargs="+", choices=PHASES, default=PHASES, help="the others' figures are kept")
    parser.add_argument("--users", type=int, default=2000)
    parser.add_argument("--copies", type=int, default=10)
    parser.add_argument("--browser-copies", type=int, default=33)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    known = json.loads(given.out.read_text()) if given.out and given.out.exists() else {}
    with tempfile.TemporaryDirectory(prefix="zipotify-dashboard-") as name, measured(given.out, **known) as found:
        small = simulated_home(Path(name) / "home", given.users)
        if set(given.phases) - {"browser"}:
            settings = grown_home(small, Path(name) / "grown", given.copies)
            found |= {"plays": _plays(settings), "users": given.users * given.copies}
            found |= measure(given.phases, settings, given.minutes)
        if "browser" in given.phases:
            found["browser"] = measure_browser(grown_home(small, Path(name) / "larger", given.browser_copies))
        if {"single", "twenty"} <= set(given.phases):
            found["ratio_p95"] = found["twenty"]["filter_change_ms"]["p95"] / found["single"]["filter_change_ms"]["p95"]
            found["headline"] = headline(found["ratio_p95"], found["plays"])


if __name__ == "__main__":
    main()
