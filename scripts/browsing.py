"""A browser on the dashboard for the scripts that make pictures and counts of it."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, sync_playwright

SETTLED = (
    "document.querySelector('#page')?.children.length > 0"
    " && !document.querySelector('#page .mantine-Skeleton-root')"
    " && !document.querySelector('[data-dash-is-loading=true]')"
)
"""Whether every tile has its picture, its emptiness or its error."""
_POLL_MS = 100
_LIMIT_MS = 120_000


@contextmanager
def chromium() -> Iterator[Browser]:
    """Chromium without a window; ends the script where there is none."""
    found = shutil.which("chromium") or shutil.which("google-chrome")
    if found is None:
        sys.exit("no Chromium here\n  -> make system")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield running
        running.close()


def wait_for(page: Page, script: str | Callable[[], bool], what: str) -> None:
    """Poll JavaScript or a function until it says so. (Playwright's own way evaluates text, which our pages forbid.)"""
    for _ in range(_LIMIT_MS // _POLL_MS):
        if page.evaluate(script) if isinstance(script, str) else script():
            return
        page.wait_for_timeout(_POLL_MS)
    raise TimeoutError(f"{page.url}: waited in vain for {what}")


def settle(page: Page) -> None:
    """Wait until nothing is loading any more."""
    wait_for(page, SETTLED, "every tile to settle")
