"""The dashboard in a real browser: every page, filter, refusal, width, scheme and state."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path

import polars as pl
import pytest
from playwright.sync_api import Browser

from support.browser import Visit, dashboard, visit
from support.command import wait_until, zipotify
from support.live_feed import Served
from support.warehouse import ask
from zipotify.dashboard.pages import PAGES
from zipotify.runtime.ports import any_free
from zipotify.settings import Settings, load_settings

pytestmark = pytest.mark.e2e


def test_a_filter_goes_into_the_address_and_a_link_brings_it_back(reader: Visit, chrome: Browser) -> None:
    reader.go("/overview?source=sim")
    everybody = reader.text("#tile-overview-figures .zip-number-value")
    reader.page.get_by_text("All", exact=True).first.click()
    reader.page.wait_for_url("**period=all*")
    reader.page.get_by_placeholder("Level").click()
    reader.page.get_by_role("option", name="paid").click()
    reader.page.wait_for_url("**level=paid*")
    reader.settle()
    paid = reader.text("#tile-overview-figures .zip-number-value")
    assert paid != everybody
    with visit(chrome, reader.base) as other:
        other.go(reader.page.url.removeprefix(reader.base))
        assert other.text("#tile-overview-figures .zip-number-value") == paid


@pytest.mark.parametrize(
    ("search", "said"),
    [
        ("?state=ZZ", "state=ZZ is no US state"),
        ("?period=yesterday", "period=yesterday is unknown"),
        ("?level=%27%3Bdrop%20table%20fct_plays", "is unknown"),
        (f"?device={'x' * 3000}", "the address is too long"),
    ],
)
def test_a_wrong_address_is_refused_in_words(reader: Visit, search: str, said: str) -> None:
    reader.page.goto(f"{reader.base}/overview{search}")
    reader.page.get_by_text(said).wait_for()


@pytest.mark.parametrize("dark", [False, True])
def test_nothing_is_cut_off_on_a_phone(chrome: Browser, served: Served, dark: bool) -> None:
    with visit(chrome, served.address, width=390, dark=dark) as visiting:
        for path in (path for path, page in PAGES.items() if not page.above):
            visiting.go(path)
            width = visiting.page.evaluate("document.documentElement.scrollWidth")
            ground = visiting.page.evaluate("getComputedStyle(document.body).backgroundColor")
            assert width <= 390, path
            assert (ground == "rgb(18, 19, 26)") is dark, path
        assert visiting.complaints == []


def test_an_empty_home_says_what_is_missing(chrome: Browser, tmp_path: Path) -> None:
    with dashboard(tmp_path / "home") as address, visit(chrome, address) as visiting:
        visiting.go("/")
        assert "No live events yet" in visiting.text("#live-line")
        visiting.go("/overview")
        assert "Nothing has been published yet" in visiting.text("#tile-plays-per-day")
        assert visiting.complaints == []


def test_a_new_snapshot_and_a_lost_one_are_noticed(chrome: Browser, built: Settings, tmp_path: Path) -> None:
    home = load_settings(tmp_path / "home").home
    home.root.mkdir()
    with dashboard(home.root) as address, visit(chrome, address) as visiting:
        visiting.go("/overview")
        home.published.symlink_to(built.home.published)
        visiting.page.locator("#tile-plays-per-day .zip-chart").wait_for()
        home.published.unlink()
        wait_until(lambda: json.load(urllib.request.urlopen(f"{address}/api/v1/live"))["tick"] > 1, "a further tick")
        assert visiting.page.locator("#tile-top-tracks tbody tr").count() > 0
        assert visiting.complaints == []


def test_a_taken_port_is_said_in_two_lines(served: Served, tmp_path: Path) -> None:
    taken = served.address.rsplit(":", 1)[1]
    done = zipotify(tmp_path / "home", "dashboard", "--port", taken, code=1)
    assert f"port {taken}" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 2
    assert any_free() != int(taken)


def test_explore_shows_rows_and_refuses_what_would_write(reader: Visit, served: Served) -> None:
    reader.go("/explore?table=warehouse.agg_day")
    reader.page.locator(".zip-grid-view .ag-row").first.wait_for()
    count = ask(served.settings, "select count(*) from agg_day")[0][0]
    assert f"{count:,} rows" in reader.text("#explore-main")
    for sql, said in [
        ("drop table fct_plays", "only reading"),
        ("copy fct_plays to '/tmp/stolen.csv'", "only reading"),
        ("select * from read_csv('/etc/passwd')", "Permission Error"),
        (
            "select count(*) from fct_plays a, fct_plays b, fct_plays c where a.heard_ms + b.heard_ms = c.heard_ms",
            "stop",
        ),
    ]:
        reader.page.locator("#explore-sql").fill(sql)
        reader.page.get_by_role("button", name="Run").click()
        wait_until(lambda said=said: said in reader.text("#explore-main"), f"{sql} to be refused")  # type: ignore[misc]
    reader.go("/explore?sql=select%2041%2B1%20as%20answer")
    wait_until(lambda: "42" in reader.text("#explore-main .ag-center-cols-container"), "the answer")


def test_downloads_hold_what_the_tile_shows(served: Served) -> None:
    path = f"{served.address}/api/v1/tiles/top-artists?source=sim&period=all&format="
    rows = served.api("tiles/top-artists?source=sim&period=all")["rows"]
    with urllib.request.urlopen(path + "csv") as answer:
        lines = answer.read().decode().splitlines()
    with urllib.request.urlopen(path + "parquet") as answer:
        table = pl.read_parquet(answer.read())
    assert len(lines) - 1 == len(rows) == table.height
    assert table["play_count"].to_list() == [row["play_count"] for row in rows]


def test_the_report_stands_alone(chrome: Browser, served: Served, tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    zipotify(served.settings.home.root, "report", "--period", "all", "--source", "sim", "--out", str(out))
    with visit(chrome, "file:") as visiting:
        visiting.page.goto(out.as_uri())
        assert "Key figures" in visiting.text("body")
        assert visiting.page.locator("svg").count() > 3
        assert visiting.complaints == []
