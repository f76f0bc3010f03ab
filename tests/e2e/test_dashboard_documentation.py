"""dbt's own documentation in a real browser: it works, is linked, and is shut in."""

from __future__ import annotations

import re

import pytest
import requests

from support.browser import Visit
from support.command import wait_until
from support.live_feed import Served
from zipotify.dashboard.documentation import PATH

pytestmark = pytest.mark.e2e

_MODEL = f"{PATH}#!/model/model.zipotify.fct_plays"


def _says(reader: Visit, text: str) -> bool:
    return text in str(reader.page.evaluate("document.body.innerText"))


def test_explore_leads_to_it(reader: Visit) -> None:
    reader.go("/explore")
    link = reader.page.get_by_role("link", name="dbt's documentation")
    link.wait_for()
    assert link.get_attribute("href") == PATH
    assert link.get_attribute("target") == "_blank", "its page leads nowhere back"


def test_it_tells_of_models_their_columns_and_lineage(reader: Visit) -> None:
    reader.page.goto(reader.base + _MODEL)
    wait_until(lambda: _says(reader, "one row per play"), "the model's description")
    assert _says(reader, "event_id")
    assert _says(reader, "VARCHAR"), "types come from the built tables"
    reader.page.locator(".launcher, [ng-click*='onLauncherClick']").first.click()
    reader.page.locator("canvas").first.wait_for()


def test_it_is_shut_in(reader: Visit, served: Served) -> None:
    reader.page.goto(reader.base + _MODEL)
    wait_until(lambda: _says(reader, "one row per play"), "the page")
    assert reader.page.evaluate("window.origin") == "null"
    for reach in ("document.cookie", "localStorage.length", "indexedDB.databases()"):
        assert reader.page.evaluate(
            f"async () => {{ try {{ return [await {reach}] }} catch (e) {{ return e.name }} }}"
        ) == ("SecurityError"), reach
    assert reader.page.evaluate("fetch('/api/v1/tiles').then(() => 'read', () => 'refused')") == "refused"
    reader.complaints.clear()  # of the refused request, which the test itself made
    page = requests.get(reader.base + PATH, timeout=60)
    assert page.headers["content-security-policy"].startswith("sandbox allow-scripts;")
    folder = re.escape(str(served.settings.home.root.parent.parent))
    # Megabytes in an assertion would be compared line by line, for hours.
    assert re.findall(f".{{0,80}}{folder}.{{0,80}}", page.text)[:3] == []
