"""Whether everybody can use the dashboard: axe's findings, the keyboard alone, little motion, charts in words."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from support.browser import Visit, visit
from support.command import wait_until
from support.live_feed import Served
from zipotify.dashboard.pages import PAGES

pytestmark = pytest.mark.e2e

_MAIN_PAGES = [path for path, page in PAGES.items() if not page.above]
_SEVERE = {"serious", "critical"}


def _findings(visiting: Visit) -> list[str]:
    """What axe finds serious or critical on the page, each with the first place."""
    found = Axe().run(visiting.page).response["violations"]
    return [f"{v['id']}: {v['nodes'][0]['html'][:200]}" for v in found if v["impact"] in _SEVERE]


@pytest.mark.parametrize("path", _MAIN_PAGES)
def test_axe_finds_nothing_serious(chrome: Browser, served: Served, path: str) -> None:
    for dark in (False, True):
        with visit(chrome, served.address, dark=dark) as visiting:
            visiting.go(path)
            assert _findings(visiting) == [], f"{path}, {'dark' if dark else 'light'}"


def test_axe_sees_what_is_wrong(reader: Visit) -> None:
    """Else the test above could not fail."""
    reader.go("/overview")
    reader.page.evaluate("document.querySelector('#scheme').removeAttribute('aria-label')")
    reader.page.evaluate("document.querySelector('#main').insertAdjacentHTML('beforeend', '<button></button>')")
    assert any(finding.startswith("button-name") for finding in _findings(reader))


def test_the_keyboard_alone_reaches_content_pages_and_menus(reader: Visit) -> None:
    reader.go("/overview")
    reader.page.keyboard.press("Tab")
    assert _focused(reader) == "Skip to content"
    assert _focus_is_seen(reader)
    reader.page.keyboard.press("Tab")  # the name, which leads to the first page
    for name in ("Now", "Overview", "Music"):
        reader.page.keyboard.press("Tab")
        assert _focused(reader) == name
        assert _focus_is_seen(reader)
    reader.page.keyboard.press("Enter")
    reader.page.wait_for_url("**/music*")
    reader.settle()
    menu = reader.page.get_by_role("button", name="Data and SQL of Top tracks")
    menu.focus()
    reader.page.keyboard.press("Enter")
    way_on = reader.page.get_by_role("link", name="Open in Explore")
    way_on.wait_for()
    reader.page.keyboard.press("Escape")
    way_on.wait_for(state="hidden")
    wait_until(lambda: menu.evaluate("one => one === document.activeElement"), "the focus to come back to its button")


def _focused(visiting: Visit) -> str:
    return str(visiting.page.evaluate("document.activeElement.innerText.trim()"))


def _focus_is_seen(visiting: Visit) -> bool:
    """Whether whatever has the focus draws an outline or a shadow around itself, and lies in the window."""
    return bool(
        visiting.page.evaluate("""() => {
            const one = document.activeElement, style = getComputedStyle(one), box = one.getBoundingClientRect();
            const drawn = (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0)
                || style.boxShadow !== 'none';
            return drawn && box.width > 0 && box.top >= 0 && box.left >= 0;
        }""")
    )


def test_every_chart_is_told_in_words(reader: Visit) -> None:
    reader.go("/overview")
    untold = reader.page.evaluate("""() => [...document.querySelectorAll('.zip-chart')]
        .filter(chart => !chart.closest('[aria-label]') && !chart.querySelector('[aria-label]'))
        .map(chart => chart.closest('[id^=tile-]')?.id)""")
    assert untold == []
    assert reader.page.locator(".zip-chart").count() >= 2


def test_little_motion_is_honoured(chrome: Browser, served: Served) -> None:
    with visit(chrome, served.address, reduced_motion="reduce") as visiting:
        visiting.go("/overview")
        moving = visiting.page.evaluate("""() => [...document.querySelectorAll('*')].filter(one => {
            const style = getComputedStyle(one);
            const longest = text => Math.max(...text.split(',').map(parseFloat));
            return longest(style.transitionDuration) > 0.01
                || (style.animationName !== 'none' && longest(style.animationDuration) > 0.01);
        }).map(one => one.className?.toString().slice(0, 60))""")
        assert moving == []
