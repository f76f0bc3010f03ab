"""The `zipotify` command as a user runs it: a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

GENEROUS_S = 1000.0
"""Limit of every wait: these machines may be ten times slower than a laptop."""

_LONGEST_PAUSE_S = 10.0


def command(home: Path, *arguments: str) -> list[str]:
    """The call, with its home."""
    return [sys.executable, "-m", "zipotify", "--home", str(home), *arguments]


def environment(**extra: str) -> dict[str, str]:
    """The environment without settings of the machine's user."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ZIPOTIFY_")}
    if "ZIPOTIFY_CACHE" in os.environ:
        kept["ZIPOTIFY_CACHE"] = os.environ["ZIPOTIFY_CACHE"]
    return {**kept, **extra}


def zipotify(home: Path, *arguments: str, code: int | None = 0, **extra: str) -> subprocess.CompletedProcess[str]:
    """Run a verb to its end; `code` is the exit code that must come, None for any."""
    done = subprocess.run(
        command(home, *arguments),
        env=environment(**extra),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=GENEROUS_S,
    )
    shown = f"{arguments}: code {done.returncode}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    assert code is None or done.returncode == code, shown
    return done


def wait_until(condition: Callable[[], bool], what: str, limit_s: float = GENEROUS_S) -> None:
    """Poll a condition until it holds; fail naming it after a generous limit.

    To ask may be a process of its own: it is asked so seldom that what is waited for has most of the machine.
    """
    deadline = time.monotonic() + limit_s
    while True:
        asked_at = time.monotonic()
        if condition():
            return
        assert time.monotonic() < deadline, f"waited {limit_s:.0f} s in vain for: {what}"
        time.sleep(min(max(0.2, 3 * (time.monotonic() - asked_at)), _LONGEST_PAUSE_S))
