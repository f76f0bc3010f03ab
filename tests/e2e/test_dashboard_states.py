"""The dashboard while the pipeline is stopped, was killed or builds; and what is thrown at its server."""

from __future__ import annotations

import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser
from sqlalchemy import insert, update

from support.browser import Visit, visit
from support.command import wait_until
from support.live_feed import Served
from zipotify.contracts import serving

pytestmark = pytest.mark.e2e

_MINUTE_MS = 60_000
_GROWTH_BYTES = 300 * 2**20


@contextmanager
def _said(served: Served, table: Any, **row: Any) -> Iterator[None]:
    """A row of the serving database, for a while."""
    engine = serving.connect(served.settings.serving_address())
    key = next(iter(table.primary_key.columns))
    with engine.begin() as connection:
        connection.execute(insert(table).values(row))
    try:
        yield
    finally:
        with engine.begin() as connection:
            connection.execute(table.delete().where(key == row[key.name]))
        engine.dispose()


@pytest.mark.parametrize(
    ("state", "minutes_ago", "said"),
    [("failed", 1, "failed, these are of the last good one"), ("running", 40, "has not ended, these are of the one")],
)
def test_a_build_that_failed_or_was_killed_is_told_and_the_last_picture_stays(
    reader: Visit, served: Served, state: str, minutes_ago: int, said: str
) -> None:
    began_ms = int(time.time() * 1000) - minutes_ago * _MINUTE_MS
    began = time.strftime("%-d %b, %H:%M UTC", time.gmtime(began_ms / 1000))
    before = served.api("live")["tick"]
    with _said(served, serving.builds, build_id="b", started_at_ms=began_ms, state=state, message=""):
        wait_until(lambda: served.api("live")["tick"] > before + 1, "the build to be seen")
        reader.go("/overview?source=sim&period=all")
        foot = reader.text("#tile-plays-per-day .zip-tile-foot")
        assert f"stale: the build of {began} {said}" in foot
        assert reader.page.locator("#tile-plays-per-day .zip-chart").count() == 1
    wait_until(lambda: served.api("live")["view"]["pipeline"]["build"] is None, "the build to be gone")


def test_a_build_that_runs_is_no_alarm(reader: Visit, served: Served) -> None:
    row = {"build_id": "r", "started_at_ms": int(time.time() * 1000), "state": "running", "message": ""}
    with _said(served, serving.builds, **row):
        wait_until(lambda: served.api("live")["view"]["pipeline"]["build"] is not None, "the build to be seen")
        reader.go("/overview?source=sim&period=all")
        assert "stale" not in reader.text("#tile-plays-per-day .zip-tile-foot")
        assert reader.page.locator("#tile-plays-per-day .zip-chart").count() == 1


def test_a_part_that_was_killed_is_told_with_its_last_word(reader: Visit, served: Served) -> None:
    at_ms = int(time.time() * 1000) - 12 * _MINUTE_MS
    since = time.strftime("%-d %b, %H:%M UTC", time.gmtime(at_ms / 1000))
    row = {"name": "stream", "state": "running", "detail": "batch 7", "progress": None, "heartbeat_at_ms": at_ms}
    with _said(served, serving.parts, **row):
        reader.go("/")
        wait_until(lambda: f"silent since {since}" in reader.text(".zip-facts"), "the silence to be told")
        engine = serving.connect(served.settings.serving_address())
        with engine.begin() as connection:
            connection.execute(update(serving.parts).where(serving.parts.c.name == "stream").values(state="stopped"))
        engine.dispose()
        wait_until(lambda: "stopped" in reader.text(".zip-facts"), "the stop to be told")


def _thrown(served: Served, path: str, body: bytes | None = None) -> tuple[int, str]:
    """Code and beginning of the answer."""
    headers = {"Content-Type": "application/json", "Origin": served.address}
    request = urllib.request.Request(served.address + path, data=body, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=120) as answer:
            return answer.status, answer.read(2000).decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read(2000).decode()
    except (urllib.error.URLError, OSError) as error:  # the connection is closed before all is sent
        return 0, str(error)


_ENDLESS = (
    "select count(*) from fct_plays a, fct_plays b, fct_plays c, fct_plays d where a.heard_ms + b.heard_ms = c.heard_ms"
)
_QUERIES = [
    ("drop table fct_plays", "only reading"),
    ("copy fct_plays to '/tmp/stolen.csv'", "only reading"),
    ("select * from read_csv('/etc/passwd')", "Permission"),
    ("attach '/tmp/other.duckdb'", "only reading"),
    ("set memory_limit = '100GB'", "only reading"),
    ("select 1; select 2", "one query at a time"),
    (_ENDLESS, "stopped"),
    ("select repeat('x', 1000000000) || repeat('y', 1000000000)", "emory"),
]

_ADDRESSES = [("state=ZZ", "no US state"), ("period=2024-13-45..x", "is unknown"), ("level=%27%20or%201", "is unknown")]


def test_bad_input_is_refused_in_words_and_costs_the_server_no_memory(served: Served) -> None:
    before = served.api("live/health-machine")[0]["own_bytes"]
    plays = served.api("tiles/overview-figures?source=sim&period=all")["rows"]
    for sql, said in _QUERIES:
        code, text = _thrown(served, f"/api/v1/query?{urllib.parse.urlencode({'sql': sql})}")
        assert (code, said in text) == (422, True), (sql, code, text)
    for search, said in (
        ("state=ZZ", "no US state"),
        ("period=2024-13-45..x", "is unknown"),
        ("level=%27or 1", "unknown"),
    ):
        code, text = _thrown(served, f"/api/v1/tiles/overview-figures?{search.replace(' ', '%20')}")
        assert (code, said in text) == (400, True), (search, code, text)
    large = b'{"sql": "' + b"x" * 10 * 2**20 + b'"}'
    assert _thrown(served, "/_dash-update-component", large)[0] in (0, 413)
    assert _thrown(served, f"/api/v1/query?sql={'x' * 60_000}")[0] in (0, 400, 414, 431)
    after = served.api("live/health-machine")[0]["own_bytes"]
    assert after - before < _GROWTH_BYTES
    assert served.api("tiles/overview-figures?source=sim&period=all")["rows"] == plays


def test_a_hand_edited_address_shows_what_is_wrong_and_a_way_back(chrome: Browser, served: Served) -> None:
    with visit(chrome, served.address) as visiting:
        visiting.page.goto(f"{served.address}/engagement?period=2024-02-30..2024-03-01&state=CA")
        visiting.page.get_by_text("is unknown").wait_for()
        visiting.page.get_by_role("link", name="Show the page without filters").click()
        visiting.page.wait_for_url("**/engagement")
        visiting.settle()
        assert visiting.page.locator(".zip-tile").count() > 5
        assert visiting.complaints == []
