"""Every filter, the search, the pivot, suggestions and local time, by hand in a real browser."""

from __future__ import annotations

import urllib.parse
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import Browser

from support.browser import Visit, visit
from support.command import wait_until
from support.live_feed import Served
from support.warehouse import ask

pytestmark = pytest.mark.e2e

_FIGURE = "#tile-overview-figures .zip-number-value"


def _plays(reader: Visit) -> str:
    """All digits; nothing while none are shown."""
    return str(reader.page.evaluate("where => document.querySelector(where)?.title ?? ''", _FIGURE))


def _api_plays(served: Served, search: str) -> str:
    rows = served.api(f"tiles/overview-figures{search}")["rows"]
    return f"{rows[0]['play_count']:,}"


def test_every_filter_is_set_by_hand_and_kept_in_the_address(reader: Visit, served: Served) -> None:
    reader.go("/overview?source=sim&period=all")
    for label, name in (
        ("Level", "level"),
        ("Gender", "gender"),
        ("State", "state"),
        ("Device", "device"),
        ("Experiment", "tag"),
    ):
        reader.page.goto(f"{reader.base}/overview?source=sim&period=all")
        reader.settle()
        everybody = _plays(reader)
        reader.page.get_by_role("textbox", name=label, exact=True).click()
        reader.page.get_by_role("option").first.click()
        reader.page.wait_for_url(f"**{name}=*")
        search = f"?{urllib.parse.urlparse(reader.page.url).query}"
        hidden = reader.page.locator("#tile-overview-figures .zip-message")
        wait_until(lambda was=everybody, seen=hidden: seen.count() or _plays(reader) != was, f"{name} to be applied")  # type: ignore[misc]
        if not hidden.count():
            assert _plays(reader) == _api_plays(served, search), name


def test_every_period_is_set_by_hand(reader: Visit, served: Served) -> None:
    reader.go("/overview?source=sim")
    for label, period in (("Today", "today"), ("7 days", "7d"), ("90 days", "90d"), ("All", "all"), ("28 days", "28d")):
        reader.page.get_by_text(label, exact=True).first.click()
        expected = _api_plays(served, f"?source=sim&period={period}")
        wait_until(lambda want=expected: _plays(reader) == want, f"the plays of {label}")  # type: ignore[misc]
    reader.page.get_by_text("Custom", exact=True).first.click()
    reader.page.locator("#custom-dates").wait_for()
    custom = "?source=sim&period=2024-02-25..2024-03-02"
    reader.go(f"/overview{custom}")
    assert "25 Feb 2024 and 2 Mar 2024 (7 days)" in reader.text(".zip-period-said")
    assert _plays(reader) == _api_plays(served, custom)


def test_the_search_leads_to_an_artist(reader: Visit, served: Served) -> None:
    artist = ask(
        served.settings,
        "select artist from agg_artist_day where source = 'sim' group by 1 order by sum(play_count) desc, 1 limit 1",
    )[0][0]
    reader.go("/music?source=sim&period=all")
    reader.page.get_by_placeholder("Search an artist").fill(artist)
    reader.page.get_by_role("option", name=artist, exact=True).first.click()
    reader.page.wait_for_url("**/music/artist?*")
    reader.settle()
    assert reader.text(".zip-page-title") == artist
    assert reader.page.locator("#tile-artist-tracks tbody tr").count() > 0


def test_the_pivot_needs_no_sql(reader: Visit, served: Served) -> None:
    reader.go("/explore?table=warehouse.fct_plays")
    reader.page.get_by_role("button", name="Group, pivot and chart fct_plays").click()
    for label, value in (("Rows: group by", "level"), ("Columns: across", "source")):
        reader.page.get_by_role("textbox", name=label).click()
        reader.page.get_by_role("option", name=value, exact=True).click()
    reader.page.keyboard.press("Escape")
    reader.page.get_by_role("button", name="Show", exact=True).click()
    reader.page.wait_for_url("**sql=*")
    total = ask(served.settings, "select count(*) from fct_plays where level = 'paid'")[0][0]
    wait_until(lambda: str(total) in reader.text("#explore-main").replace(",", ""), "the total of paid plays")


def test_sql_is_suggested_and_taken_by_keyboard(reader: Visit) -> None:
    reader.go("/explore")
    box = reader.page.locator("#explore-sql")
    box.fill("")
    box.press_sequentially("select count(*) from fct_user_d")
    suggestions = reader.page.locator("#sql-suggestions li")
    suggestions.first.wait_for()
    assert suggestions.first.inner_text().startswith("fct_user_days")
    box.press("Tab")
    wait_until(lambda: box.input_value().endswith("from fct_user_days"), "the suggestion to be taken")
    box.press("Control+Enter")
    reader.page.wait_for_url("**sql=*")


def test_times_of_day_are_local_on_demand(chrome: Browser, served: Served) -> None:
    with visit(chrome, served.address, timezone_id="Asia/Kolkata") as visiting:
        visiting.go("/overview?source=sim")
        foot = "#tile-plays-per-day time"
        in_utc = visiting.text(foot)
        assert in_utc.endswith("UTC")
        visiting.page.locator("#zone").click()
        wait_until(lambda: "GMT+5:30" in visiting.text(foot), "the local time")
        visiting.page.locator("#zone").click()
        wait_until(lambda: visiting.text(foot) == in_utc, "UTC to come back")
        assert visiting.complaints == []


_AXIS = """() => {
    const chart = document.querySelector("#live-line .js-plotly-plot");
    return chart?.layout.meta?.clock ? [chart.layout.xaxis.title.text, chart.data[0].x.at(-1)] : null;
}"""


def _axis(visiting: Visit) -> tuple[str, datetime]:
    """Zone and newest instant of the line on Now."""
    title, newest = visiting.page.evaluate(_AXIS) or ("", "2000-01-01T00:00:00")
    return title, datetime.fromisoformat(newest)


def test_axes_by_the_clock_are_local_on_demand(chrome: Browser, served: Served) -> None:
    with visit(chrome, served.address, timezone_id="Asia/Kolkata") as visiting:
        visiting.go("/")
        served.feed.now(plays=1)
        wait_until(lambda: _axis(visiting)[0] == "UTC", "the axis to say UTC")
        in_utc = _axis(visiting)[1]
        visiting.page.locator("#zone").click()
        wait_until(lambda: _axis(visiting)[0] == "GMT+5:30", "the axis to say the local zone")
        later = _axis(visiting)[1] - in_utc - timedelta(hours=5, minutes=30)
        assert timedelta(0) <= later < timedelta(minutes=5), "the line itself moves along"
        served.feed.now(plays=3)
        visiting.wait("document.querySelector('#live-newest li')", "a further tick")
        assert _axis(visiting)[0] == "GMT+5:30", "a new tick is drawn in the zone that was chosen"
        visiting.page.locator("#zone").click()
        wait_until(lambda: _axis(visiting)[0] == "UTC", "the axis to say UTC again")
        visiting.go("/overview?source=sim")
        chart = "document.querySelector('#tile-plays-per-day .js-plotly-plot')?.layout"
        visiting.wait(f"{chart} !== undefined", "the chart of days")
        assert visiting.page.evaluate(f"{chart}.meta?.clock ?? false") is False, "days stay UTC days"
        assert visiting.complaints == []


def test_the_year_is_chosen_by_its_name(reader: Visit, served: Served) -> None:
    reader.go("/year?source=sim&period=7d")
    year = int(ask(served.settings, "select max(year(as_of)) from agg_metrics where source = 'sim'")[0][0])
    assert f"{year} so far, of everybody" in reader.text("#tile-year-figures .zip-poster")
    assert reader.page.locator(".zip-filters .mantine-SegmentedControl-label").all_inner_texts() == [str(year)]
    assert "period=7d" in reader.page.url, "looking at the year changes no period of other pages"
    reader.go("/year?source=sim&level=paid")
    assert "of these listeners: paid" in reader.text("#tile-year-figures .zip-poster")


def test_the_plan_is_shown(reader: Visit) -> None:
    reader.go("/plan")
    assert "of" in reader.text("#live-plan-figures .zip-number-value")
    assert reader.page.locator(".zip-board-card").count() > 5
    timeline = reader.page.locator("#live-plan-timeline .main-svg")
    wait_until(lambda: timeline.count() > 0, "the timeline to be drawn")
