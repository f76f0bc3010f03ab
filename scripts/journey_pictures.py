"""The last stage of the recorded play: the pixels of the real dashboard that show it, cropped, beside what they say.

Used by scripts/record_run.py in the home of its run; fails when the picture does not show the play or its day's count.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from browsing import chromium, settle, wait_for
from playwright.sync_api import Browser, Page

from zipotify.runtime.ports import any_free

IMAGES = Path(__file__).resolve().parents[1] / "docs" / "images"
_AWAIT = Path(__file__).with_name("await_page.py")
_START_LIMIT_S = 120
_MARK = "element => { element.style.outline = '2px solid #d9480f'; element.style.outlineOffset = '-1px'; }"


@contextmanager
def dashboard(home: Path) -> Iterator[str]:
    """`zipotify dashboard` over a home; gives its address."""
    port = any_free()
    address = f"http://127.0.0.1:{port}"
    call = [sys.executable, "-m", "zipotify", "--home", str(home), "dashboard", "--port", str(port)]
    process = subprocess.Popen(call, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)
    try:
        subprocess.run([sys.executable, str(_AWAIT), address, str(_START_LIMIT_S)], check=True)
        yield address
    finally:
        process.terminate()
        process.wait(60)


def picture(address: str, play: dict[str, Any], day: dict[str, Any]) -> dict[str, str]:
    """Take both crops; `play` is a row of live_plays, `day` of agg_day. What the pixels say."""
    search = f"?source={play['source']}&period={day['date_day']}..{day['date_day']}"
    with chromium() as browser:
        ticker = _ticker(browser, address, play, IMAGES / "journey-ticker.png")
        plays = _figures(browser, f"{address}/overview{search}", IMAGES / "journey-figures.png")
    if plays != f"{day['play_count']:,}":
        sys.exit(f"Overview shows {plays} plays, the row says {day['play_count']:,}")
    return {"ticker": ticker, "figures_address": f"/overview{search}", "figures_plays": plays}


def _window(browser: Browser, address: str) -> Page:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme="light", device_scale_factor=2)
    page = context.new_page()
    page.goto(address)
    settle(page)
    return page


def _ticker(browser: Browser, address: str, play: dict[str, Any], file: Path) -> str:
    page = _window(browser, address)
    row = page.locator(".zip-ticker li", has_text=play["song"]).filter(has_text=play["artist"]).first
    wait_for(page, lambda: row.count() > 0, f"{play['song']} among the newest plays")
    is_framed = False
    while not is_framed:  # a live tile may be drawn anew in between, without the frame
        row.evaluate(_MARK)
        page.locator(".zip-tile", has=page.locator(".zip-ticker")).screenshot(path=file)
        is_framed = row.evaluate("element => element.style.outline !== ''")
    return " ".join(row.inner_text().split())


def _figures(browser: Browser, address: str, file: Path) -> str:
    page = _window(browser, address)
    plays = page.locator("#tile-overview-figures .zip-number-value").first
    plays.evaluate(_MARK)
    page.locator("#tile-overview-figures").screenshot(path=file)
    return plays.get_attribute("title") or ""
