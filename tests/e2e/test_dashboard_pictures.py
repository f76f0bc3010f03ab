"""Three pages look as they did when somebody last looked at them and was content.

The data are seeded and lie in the past, so only what is drawn can differ. After a wanted change look at the pages, run
this once with ZIPOTIFY_TEST_RENEW_PICTURES=1, look at the pictures, and commit them. On a machine whose browser or
letters are others than those of the pictures (hand.txt) there is nothing to compare, and the test says so.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from support.browser import Visit, visit
from support.live_feed import Served
from support.pictures import blank_page, difference, hand, kept, small

pytestmark = pytest.mark.e2e

_FOLDER = Path(__file__).parent / "pictures"
_RENEW = bool(os.environ.get("ZIPOTIFY_TEST_RENEW_PICTURES"))
_LIMIT = 0.02
"""Share of cells that may differ: edges are smoothed a little differently from run to run."""
_VIEW = "?source=sim&period=all"


def _open(visiting: Visit, path: str) -> None:
    """The page without what tells the time, its charts at rest."""
    visiting.go(path + _VIEW)
    visiting.page.evaluate("""() => {
        for (const one of document.querySelectorAll('.zip-asof, #page time')) one.style.visibility = 'hidden';
    }""")
    drawn = "[...document.querySelectorAll('.zip-chart')].every(one => one.querySelector('.main-svg'))"
    visiting.wait(drawn, "every chart to be drawn")
    visiting.wait("document.getAnimations().every(one => one.playState !== 'running')", "charts to come to rest")


@pytest.mark.parametrize("name", ["overview", "music", "audience"])
def test_a_page_looks_as_it_did(chrome: Browser, served: Served, name: str) -> None:
    blank = blank_page(chrome)
    _require_same_hand(hand(blank))
    with visit(chrome, served.address, reduced_motion="reduce") as visiting:
        _open(visiting, f"/{name}")
        found = small(visiting.page, blank)
    share = difference(blank, found, kept(_FOLDER, name, found, _RENEW))
    assert share <= _LIMIT, f"{share:.1%} of /{name} looks different; see the module's first lines"


def _require_same_hand(found: str) -> None:
    kept_hand = _FOLDER / "hand.txt"
    if _RENEW:
        kept_hand.write_text(found + "\n")
    elif kept_hand.read_text().strip() != found:
        pytest.skip(f"drawn by another browser or with other letters: {kept_hand.read_text().strip()}, here {found}")


def test_a_page_that_changed_is_told_apart(chrome: Browser, served: Served) -> None:
    """A tile gone, or other colours; else the test above could not fail."""
    blank = blank_page(chrome)
    with visit(chrome, served.address, reduced_motion="reduce") as visiting:
        _open(visiting, "/overview")
        before = small(visiting.page, blank)
        visiting.page.evaluate("document.querySelector('#tile-plays-per-day').style.visibility = 'hidden'")
        assert difference(blank, before, small(visiting.page, blank)) > _LIMIT
    with visit(chrome, served.address, dark=True, reduced_motion="reduce") as visiting:
        _open(visiting, "/overview")
        assert difference(blank, before, small(visiting.page, blank)) > 0.5
