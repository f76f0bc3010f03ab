"""Somebody at the dashboard who clicks, types and reads; each click, entry and page is counted."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from browsing import settle, wait_for
from playwright.sync_api import Locator, Page


@dataclass
class Reader:
    """One window, which has opened the dashboard's address and nothing else."""

    page: Page
    base: str
    clicks: int = 0
    entries: int = 0
    """Texts typed."""
    pages: int = 1

    def start(self) -> None:
        """Open the address that `zipotify dashboard` prints: the first page, without a click."""
        self.page.goto(self.base)
        settle(self.page)
        self.clicks, self.entries, self.pages = 0, 0, 1

    def click(self, where: Locator) -> None:
        """One click, and whatever it leads to."""
        before = urlsplit(self.page.url).path
        where.click()
        self.clicks += 1
        self._arrive(before)

    def go(self, name: str) -> None:
        """Click an entry of the bar at the top, and wait for its page."""
        entry = self.page.get_by_role("navigation", name="Pages").get_by_role("link", name=name, exact=True)
        target = urlsplit(entry.get_attribute("href") or "").path
        entry.click()
        self.clicks += 1
        self.pages += 1
        wait_for(self.page, lambda: urlsplit(self.page.url).path == target, f"the page {name}")
        wait_for(self.page, lambda: self.page.locator("h1").first.inner_text() == name, f"the title {name}")
        settle(self.page)

    def choose(self, name: str, value: str) -> None:
        """Two clicks: open a list of the filter bar, and take a value of it."""
        self.page.get_by_placeholder(name).click()
        self.page.get_by_role("option", name=value, exact=True).click()
        self.clicks += 2
        wait_for(self.page, lambda: f"{name.lower()}={value}" in self.page.url, f"{name} {value} in the address")
        settle(self.page)

    def period(self, name: str, value: str) -> None:
        """One click on a period."""
        self.page.locator(".zip-periods").get_by_text(name, exact=True).click()
        self.clicks += 1
        wait_for(self.page, lambda: f"period={value}" in self.page.url, f"the period {name} in the address")
        settle(self.page)

    def tile(self, title: str) -> Locator:
        """The tile of that title."""
        return self.page.get_by_role("region", name=title, exact=True).first

    def read(self, title: str) -> str:
        """What a tile says."""
        return " ".join(self.tile(title).inner_text().split())

    def open(self, label: str) -> Locator:
        """Click a small button of a tile; the box that it opens."""
        self.click(self.page.get_by_role("button", name=label, exact=True).first)
        box = self.page.locator(".mantine-Popover-dropdown:visible").first
        box.wait_for()
        return box

    def _arrive(self, before: str) -> None:
        settle(self.page)
        if urlsplit(self.page.url).path != before:
            self.pages += 1
