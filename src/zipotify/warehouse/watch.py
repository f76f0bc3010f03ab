"""Building again and again until told to stop."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType

from zipotify.contracts.serving import connect, report_part
from zipotify.errors import BuildError
from zipotify.settings import Settings
from zipotify.warehouse.build import PART, BuildResult, build

_PATIENCE_S = 10.0
"""A build that is still running so long after the signal is left: the next one starts over."""


def watch(settings: Settings, full: bool, say: Callable[[str], None]) -> None:
    """Build every `build_interval_s` until SIGTERM or SIGINT; a failed build is said and tried again."""
    stopping = threading.Event()
    _on_signals(settings, stopping)
    while not stopping.is_set():
        started_s = time.monotonic()
        try:
            say(describe(build(settings, full, everything=False)))
        except BuildError as error:
            say(f"zipotify: {error}")
        full = False
        stopping.wait(max(0.0, settings.build_interval_s - (time.monotonic() - started_s)))
    _report_stopped(settings)


def describe(result: BuildResult) -> str:
    """One line on a build, and one for each check that warns."""
    manifest = result.manifest
    rows = f"{manifest.row_counts.get('fct_plays', 0):,} plays"
    line = f"{result.state}: {manifest.publish_id}, {rows}, as of {manifest.as_of}, in {result.duration_s:.1f} s"
    if result.full_because:
        line += f"; from nothing: {result.full_because}"
    return "\n".join([line, *(f"  warning: {warning}" for warning in manifest.warnings)])


def _on_signals(settings: Settings, stopping: threading.Event) -> None:
    def stop(_number: int, _frame: FrameType | None) -> None:
        if not stopping.is_set():
            stopping.set()
            timer = threading.Timer(_PATIENCE_S, _leave, [settings])
            timer.daemon = True
            timer.start()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)


def _leave(settings: Settings) -> None:
    """End in the middle of a build; every step of one may be killed at any time."""
    _report_stopped(settings)
    os._exit(0)


def _report_stopped(settings: Settings) -> None:
    engine = connect(settings.serving_address())
    report_part(engine, PART, "stopped")
    engine.dispose()
