"""Makes the pictures in docs/images of a dashboard that runs: `scripts/screenshots.py http://127.0.0.1:8050`."""

from __future__ import annotations

import sys
from pathlib import Path

from browsing import chromium, settle
from playwright.sync_api import Page

IMAGES = Path(__file__).parent.parent / "docs" / "images"
PAGES = {
    "now": "/",
    "overview": "/overview",
    "music": "/music",
    "audience": "/audience",
    "engagement": "/engagement?period=all",
    "health": "/health",
    "explore": "/explore",
}
LOOKS = {"": (1280, "light"), "-dark": (1280, "dark"), "-phone": (390, "light")}


def main(address: str) -> None:
    """Every page in light; Now and Overview also in dark and on a phone."""
    IMAGES.mkdir(exist_ok=True)
    with chromium() as browser:
        for look, (width, scheme) in LOOKS.items():
            context = browser.new_context(viewport={"width": width, "height": 860}, color_scheme=scheme)
            for name, path in PAGES.items():
                if not look or name in ("now", "overview"):
                    _take(context.new_page(), address + path, IMAGES / f"{name}{look}.png")


def _take(page: Page, address: str, file: Path) -> None:
    page.goto(address)
    settle(page)
    page.wait_for_timeout(1500)  # let charts finish their entrance
    page.screenshot(path=file)
    page.close()
    print(file)


if __name__ == "__main__":
    main(sys.argv[1])
