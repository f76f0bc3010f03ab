"""A real Chromium on a real dashboard, and everything that either has to complain about."""

from __future__ import annotations

import shutil
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from support.command import GENEROUS_S, command, environment, wait_until
from zipotify.runtime.ports import any_free

WAIT_MS = 120_000.0
"""For one click; what may take long is polled for."""
_HARMLESS = (
    "[Dash] WebSocket connected",
    "[Dash] WebSocket disconnected",
    "[Dash] Reconnected",
    "[Dash] Re-triggering",
)
"""What Dash itself says of its connection."""


def chromium() -> str:
    """The browser that `make system` installs."""
    found = shutil.which("chromium")
    if found is None:
        pytest.skip("no chromium; `make system` installs it")
    return found


@contextmanager
def browser() -> Iterator[Browser]:
    """Chromium without a window."""
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        yield running
        running.close()


@contextmanager
def dashboard(home: Path, port: int | None = None) -> Iterator[str]:
    """`zipotify dashboard` on a free port; gives its address."""
    port = port or any_free()
    address = f"http://127.0.0.1:{port}"
    log = home.parent / f"dashboard-{port}.log"
    with log.open("w") as out:
        process = subprocess.Popen(
            command(home, "dashboard", "--port", str(port)), env=environment(), stdout=out, stderr=subprocess.STDOUT
        )
    try:
        wait_until(lambda: _answers(address, process, log), "the dashboard to answer")
        yield address
    finally:
        process.terminate()
        process.wait(GENEROUS_S)


def _answers(address: str, process: subprocess.Popen[bytes], log: Path) -> bool:
    assert process.poll() is None, log.read_text()[-3000:]
    try:
        with urllib.request.urlopen(address, timeout=30) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


@dataclass
class Visit:
    """One reader with one window."""

    page: Page
    base: str
    complaints: list[str] = field(default_factory=list)
    """Errors and warnings of the console, uncaught errors, and answers of 400 and above."""

    def __post_init__(self) -> None:
        self.page.set_default_timeout(WAIT_MS)
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(f"uncaught: {error}"))
        self.page.on("response", self._answered)
        self.page.on("request", self._asked)

    def _heard(self, message: Any) -> None:
        if not message.text.startswith(_HARMLESS):
            self.complaints.append(f"{message.type}: {message.text}")

    def _answered(self, response: Any) -> None:
        if response.status >= 400:
            self.complaints.append(f"{response.status}: {response.url}")

    def _asked(self, request: Any) -> None:
        if not request.url.startswith((self.base, "data:", "blob:", self.base.replace("http", "ws"))):
            self.complaints.append(f"asked elsewhere: {request.url}")

    def go(self, path: str) -> None:
        """Open a page and wait until every tile has its picture, its emptiness or its error."""
        self.page.goto(self.base + path)
        self.settle()

    def settle(self) -> None:
        """Wait until nothing is loading any more."""
        self.wait(
            "document.querySelector('#page')?.children.length > 0"
            " && !document.querySelector('#page .mantine-Skeleton-root')"
            " && !document.querySelector('[data-dash-is-loading=true]')",
            "every tile to settle",
        )

    def wait(self, script: str, what: str) -> None:
        """Wait until JavaScript says so. (Playwright's own way evaluates text, which our pages forbid.)"""
        wait_until(lambda: bool(self.page.evaluate(script)), what)

    def text(self, selector: str) -> str:
        """What one element says."""
        return self.page.locator(selector).first.inner_text()


@contextmanager
def visit(running: Browser, base: str, width: int = 1440, dark: bool = False, **options: Any) -> Iterator[Visit]:
    """A fresh window."""
    context = running.new_context(
        viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light", **options
    )
    try:
        yield Visit(context.new_page(), base)
    finally:
        context.close()
