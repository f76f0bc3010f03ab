"""The dashboard in a real browser: live numbers move, and history is what SQL says."""

from __future__ import annotations

import pytest

from support.browser import Visit
from support.command import wait_until
from support.live_feed import Served
from support.warehouse import ask

pytestmark = pytest.mark.e2e


def test_live_numbers_move(reader: Visit, served: Served) -> None:
    reader.go("/")
    newest = reader.text("#live-newest li")
    before = served.api("live")["view"]["plays_per_minute"][-1]
    served.feed.now(7)
    reader.page.wait_for_function("was => document.querySelector('#live-newest li').innerText !== was", arg=newest)
    after = served.api("live")["view"]
    wait_until(lambda: reader.text("#live-newest li") != newest, "the ticker to move")
    after = served.api("live")["view"]
    newer = str(after["plays_per_minute"][-1])
    wait_until(lambda: reader.text("#live-figures .zip-number-value") == newer, "the newest minute on the page")
    assert sum(after["plays_per_minute"]) >= before + 7


@pytest.mark.parametrize("source", ["recorded", "sim"])
def test_a_history_tile_equals_sql(reader: Visit, served: Served, source: str) -> None:
    reader.go(f"/overview?source={source}&period=all")
    shown = reader.page.locator("#tile-overview-figures .zip-number-value")
    plays, users = ask(
        served.settings,
        f"select sum(play_count), (select count(distinct user_key) from fct_user_days where source = '{source}')"
        f" from agg_day where source = '{source}'",
    )[0]
    assert shown.nth(0).get_attribute("title") == f"{plays:,}"
    assert shown.nth(2).get_attribute("title") == f"{users:,}"
