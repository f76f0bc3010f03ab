"""A dashboard with data and a browser, once for all of its tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from support.browser import Visit, browser, dashboard, visit
from support.live_feed import LiveFeed, Served
from zipotify.settings import Settings, load_settings


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    """One browser for a module: while it runs, no event loop can be started in this thread."""
    with browser() as running:
        yield running


@pytest.fixture(scope="module")
def served(built: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A dashboard over the session's warehouse, in a home of its own so that nothing is written to that one."""
    settings = load_settings(tmp_path_factory.mktemp("dashboard") / "home")
    settings.home.root.mkdir()
    for folder in ("published", "lake"):
        (settings.home.root / folder).symlink_to(built.home.root / folder)
    feed = LiveFeed(settings)
    feed.hour(plays_per_minute=12)
    with dashboard(settings.home.root) as address:
        yield Served(address, settings, feed)


@pytest.fixture
def reader(chrome: Browser, served: Served) -> Iterator[Visit]:
    """A reader at a desk; nothing in the console when done."""
    with visit(chrome, served.address) as visiting:
        yield visiting
        assert visiting.complaints == []
