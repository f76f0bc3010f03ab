"""What one takes away from the dashboard, in a real browser: pictures, rows, the way on; and what every tile offers."""

from __future__ import annotations

import struct
import urllib.parse
import urllib.request
from pathlib import Path

import polars as pl
import pytest

from support.browser import Visit
from support.command import wait_until
from support.live_feed import Served
from support.warehouse import ask
from zipotify.dashboard.pages import PAGES
from zipotify.dashboard.pages.behind import BEHIND

pytestmark = pytest.mark.e2e

_PNG = b"\x89PNG\r\n\x1a\n"
_MENU = "Data and SQL of"


def _addresses(served: Served) -> list[tuple[str, str]]:
    """Every page with tiles, and its address with all that it is about; that of a listener also without one."""
    artist, song, user = ask(
        served.settings,
        "select artist, song, user_key from fct_plays where source = 'sim' and user_key is not null"
        " order by artist, song limit 1",
    )[0]
    view = urllib.parse.urlencode({"source": "sim", "period": "all", "artist": artist, "song": song, "user": user})
    plain = "source=sim&period=all"
    return [
        *(
            (path, f"{path}?{view if page.needs else plain}")
            for path, page in PAGES.items()
            if page.tiles or path in ("/", "/health", "/plan")
        ),
        ("/music/listener", f"/music/listener?{view}"),
        ("/music/listener", f"/music/listener?{plain}"),
    ]


_FRAMES = """() => [...document.querySelectorAll('#page .zip-tile')].map(tile => ({
    id: tile.id,
    title: tile.querySelector('.zip-tile-title')?.innerText.trim(),
    unit: tile.querySelector('.zip-tile-unit')?.innerText.trim(),
    tools: [...tile.querySelectorAll('.zip-tool')].map(tool => tool.getAttribute('aria-label')),
    foot: tile.querySelector('.zip-tile-foot')?.innerText || '',
    says: tile.querySelector('.zip-message')?.innerText || '',
    problems: tile.querySelectorAll('.zip-problem').length,
}))"""


def test_every_tile_of_every_page_has_all_its_parts(reader: Visit, served: Served) -> None:
    seen = set()
    for path, address in _addresses(served):
        reader.go(address)
        for tile in reader.page.evaluate(_FRAMES):
            where = f"{path} {tile['id']}"
            assert tile["title"], where
            assert tile["unit"], where
            assert f"What is {tile['title']}?" in tile["tools"], where
            assert tile["problems"] == 0, where
            if "Not computed yet" not in tile["says"]:
                assert f"{_MENU} {tile['title']}" in tile["tools"], where
                assert "as of" in tile["foot"] or path == "/", where
            seen.add(tile["id"].removeprefix("tile-").removeprefix("live-"))
    assert {tile.id for page in PAGES.values() for tile in page.tiles} | set(BEHIND) <= seen


def _take(reader: Visit, title: str) -> bytes:
    """The picture that a tile's menu saves."""
    reader.page.get_by_role("button", name=f"{_MENU} {title}").first.click()
    button = reader.page.get_by_role("button", name="PNG", exact=True)
    with reader.page.expect_download() as downloading:
        button.click()
    reader.page.keyboard.press("Escape")
    button.wait_for(state="detached")  # the menu fades, and the next one has a button of that name too
    return Path(downloading.value.path()).read_bytes()


def _width(picture: bytes) -> int:
    assert picture.startswith(_PNG)
    return int(struct.unpack(">I", picture[16:20])[0])


@pytest.mark.parametrize(
    ("address", "titles"),
    [
        ("/overview?source=sim&period=all", ("Key figures", "Plays", "Top tracks")),
        ("/audience?source=sim&period=all", ("Active users by state",)),
        ("/", ("Plays by state", "Newest plays", "Plays per minute")),
        ("/health", ("Retention",)),
    ],
)
def test_charts_figures_tables_and_maps_are_saved_as_pictures(
    reader: Visit, address: str, titles: tuple[str, ...]
) -> None:
    reader.go(address)
    for title in titles:
        picture = _take(reader, title)
        assert _width(picture) > 600, title
        assert len(picture) > 8_000, title


def test_live_rows_are_taken_away_in_three_forms(served: Served) -> None:
    for name in BEHIND:
        rows = served.api(f"live/{name}")
        address = f"{served.address}/api/v1/live/{name}?format="
        with urllib.request.urlopen(address + "csv") as answer:
            assert len(answer.read().decode().splitlines()) >= len(rows) + 1, name
        with urllib.request.urlopen(address + "parquet") as answer:
            assert abs(pl.read_parquet(answer.read()).height - len(rows)) <= len(rows) * 0.1 + 1, name


def test_a_live_tile_leads_to_its_table(reader: Visit) -> None:
    reader.go("/")
    reader.page.get_by_role("button", name=f"{_MENU} Plays per minute").click()
    assert "from live_counts" in reader.page.locator(".zip-sql").inner_text()
    reader.page.get_by_role("link", name="Open in Explore").click()
    reader.page.wait_for_url("**/explore?table=live.live_counts")
    wait_until(lambda: "events per source" in reader.text("#explore-main"), "the table's description")


def test_explore_begins_with_all_tables_and_tells_their_way(reader: Visit, served: Served) -> None:
    reader.go("/explore")
    wait_until(lambda: "All tables" in reader.text("#explore-main"), "the overview")
    listed = reader.text("#explore-main")
    tables = served.api("tables")
    assert {table["stage"] for table in tables} == {"topics", "warehouse", "lake", "live"}
    assert [table["name"] for table in tables if table["name"] not in listed] == []
    ours = [table for table in tables if table["name"] != "publication"]
    assert [table["name"] for table in ours if not table["doc"]] == []
    assert [t["name"] for t in ours if t["row_count"] is None and t["stage"] != "topics"] == []
    reader.page.locator("#explore-main").get_by_role("link", name="agg_day", exact=True).click()
    reader.page.wait_for_url("**table=warehouse.agg_day*")
    reader.page.get_by_role("button", name="Lineage").click()
    way = reader.page.locator(".zip-lineage")
    way.wait_for()
    assert "listen_events" in way.inner_text()
    way.get_by_role("link", name="fct_plays", exact=True).click()
    reader.page.wait_for_url("**table=warehouse.fct_plays*")
