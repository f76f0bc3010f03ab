"""Hostile texts in every table and on every page, in a real browser: they are shown as text, and never run."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import duckdb
import pytest
from playwright.sync_api import Browser

from support.browser import Visit, dashboard, visit
from support.live_feed import LiveFeed
from zipotify.contracts.snapshot import current
from zipotify.dashboard.pages import PAGES
from zipotify.lake.load import load_files
from zipotify.settings import Settings, load_settings

pytestmark = pytest.mark.e2e

PAYLOADS = (
    "<img src=x onerror=\"window.hit='img'\">",
    "<script>window.hit='script'</script>",
    '"><svg onload="window.hit=\'svg\'">',
    "<a href=\"javascript:window.hit='link'\">play</a>",
    "[play](javascript:window.hit='markdown')",
    "{{constructor.constructor('window.hit=1')()}}",
    "</title></textarea><iframe srcdoc=\"<script>parent.hit='frame'</script>\"></iframe>",
)
HOSTILE = " ".join(PAYLOADS)
_TEXTS = (
    "artist",
    "song",
    "title",
    "artist_name",
    "other_artist",
    "other_song",
    "name",
    "genre",
    "city",
    "device",
    "tag",
)
"""Columns whose values come from outside and are shown."""


def poison(file: Path) -> int:
    """Put the payloads before every text of such a column; returns how many columns there were."""
    with duckdb.connect(str(file)) as connection:
        columns = connection.execute(
            "select table_name, column_name from information_schema.columns where data_type = 'VARCHAR'"
        ).fetchall()
        chosen = [(table, column) for table, column in columns if column in _TEXTS]
        for table, column in chosen:
            connection.execute(f'update "{table}" set "{column}" = ? || "{column}"', [HOSTILE])
    return len(chosen)


@pytest.fixture(scope="module")
def address(built: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A dashboard whose warehouse, live rollups and quarantine are full of payloads."""
    settings = load_settings(tmp_path_factory.mktemp("hostile") / "home")
    shutil.copytree(built.home.published, settings.home.published)
    newest = current(settings.home.published)
    assert newest is not None
    assert poison(settings.home.published / newest.file) > 20
    _quarantine(settings)
    feed = LiveFeed(settings, names=HOSTILE)
    feed.hour(plays_per_minute=5, minutes=10)
    with dashboard(settings.home.root) as place:
        yield place


def _quarantine(settings: Settings) -> None:
    """Records that are refused for their content, which Health shows."""
    folder = settings.home.root.parent / "in"
    folder.mkdir()
    records = [{"ts": HOSTILE, "sessionId": n, "song": HOSTILE, "auth": HOSTILE} for n in range(5)]
    (folder / "listen_events.json").write_text("\n".join(map(json.dumps, records)) + "\n" + HOSTILE + "\n")
    load_files(settings, [folder], "web")


@pytest.fixture
def reader(chrome: Browser, address: str) -> Iterator[Visit]:
    with visit(chrome, address) as visiting:
        yield visiting


def _asked(path: str) -> str:
    """The page about the artist, track or user of that name, all of whose letters are hostile."""
    return f"{path}?period=all&source=sim&artist={quote(HOSTILE)}&song={quote(HOSTILE)}"


@pytest.mark.parametrize("path", PAGES)
def test_nothing_runs_on_any_page(reader: Visit, path: str) -> None:
    about = [_asked(path)] if path.startswith("/music/") else []
    for place in (f"{path}?period=all&source=sim", *about):
        reader.go(place)
        assert reader.page.evaluate("window.hit") is None
        planted = reader.page.evaluate("""() => [...document.querySelectorAll('#page *')].filter(one =>
            ['SCRIPT', 'IFRAME'].includes(one.tagName)
            || [...one.attributes].some(a => a.name.startsWith('on') || /^\\s*javascript:/i.test(a.value))
            || (one.tagName === 'IMG' && one.getAttribute('src') === 'x')).map(one => one.outerHTML.slice(0, 200))""")
        assert planted == []
    assert not [complaint for complaint in reader.complaints if "Content Security Policy" in complaint]


@pytest.mark.parametrize(
    ("path", "selector"), [("/overview", "#tile-top-tracks"), ("/music", "#page"), ("/", "#live-newest")]
)
def test_the_texts_are_there_to_be_read(reader: Visit, path: str, selector: str) -> None:
    """Else the test above would find nothing to run."""
    reader.go(f"{path}?period=all&source=sim")
    assert "<script>window.hit=" in reader.text(selector)


def test_explore_shows_them_as_text(reader: Visit) -> None:
    reader.go("/explore?sql=" + quote("select artist, song from fct_plays limit 5"))
    reader.page.locator(".ag-row").first.wait_for()
    assert "<script>" in reader.text(".ag-center-cols-container")
    assert reader.page.evaluate("window.hit") is None
