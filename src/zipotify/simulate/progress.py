"""How a run shows how far it is: a bar for people, JSON lines for machines, or nothing."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Literal

from zipotify.simulate.batch import Progress, Step

ProgressStyle = Literal["auto", "bar", "json", "none"]
_EVERY_S = 0.5


class Meter:
    """Speed and time left, from the steps so far."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def rate(self, step: Step) -> float:
        """Events a second."""
        return step.event_count / max(time.monotonic() - self._began, 1e-6)

    def left_s(self, step: Step) -> float | None:
        """Seconds that are left at this speed; None while nobody knows."""
        spent = time.monotonic() - self._began
        return spent * (1 - step.share) / step.share if step.share > 0 else None


@contextmanager
def show_progress(style: ProgressStyle) -> Iterator[Progress]:
    """Something to tell steps to; `auto` shows a bar on a terminal and nothing elsewhere."""
    if style == "auto":
        style = "bar" if sys.stderr.isatty() else "none"
    if style == "bar":
        with _bar() as show:
            yield show
    elif style == "json":
        yield _json_lines()
    else:
        yield lambda _step: None


def _json_lines() -> Progress:
    """One JSON object a step on standard error."""
    meter, last = Meter(), -_EVERY_S

    def show(step: Step) -> None:
        nonlocal last
        if time.monotonic() - last < _EVERY_S and step.share < 1:
            return
        last = time.monotonic()
        left_s = meter.left_s(step)
        record = {
            "share": round(step.share, 4),
            "simulated_at": _text(step.clock_s),
            "events": step.event_count,
            "events_per_s": round(meter.rate(step), 1),
            "left_s": None if left_s is None else round(left_s, 1),
        }
        print(json.dumps(record), file=sys.stderr, flush=True)

    return show


@contextmanager
def _bar() -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    meter = Meter()
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Bar(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("simulating", total=1.0)

        def show(step: Step) -> None:
            text = f"{_text(step.clock_s)[:16]}  {step.event_count:,} events, {meter.rate(step):,.0f}/s"
            bar.update(task, completed=step.share, description=text)

        yield show


def _text(clock_s: int) -> str:
    return datetime.fromtimestamp(clock_s, UTC).isoformat().replace("+00:00", "Z")
