"""Pieces of the dashboard that need neither a browser nor a warehouse."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from zipotify.contracts.serving import connect, report_part
from zipotify.dashboard import wording
from zipotify.dashboard.components.figures import Number, number
from zipotify.dashboard.components.ranking import moved
from zipotify.dashboard.guard import LARGEST_BODY_BYTES, LARGEST_QUERY_BYTES, Guard
from zipotify.dashboard.history import History
from zipotify.dashboard.live import read_live
from zipotify.dashboard.markup import html_of
from zipotify.dashboard.scope import literal
from zipotify.dashboard.ticker import Ticker
from zipotify.settings import Settings


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (9_999, "9,999"), (10_000, "10.0 k"), (126_556, "127 k"), (2_500_000, "2.5 m"), (None, "–")],  # noqa: RUF001
)
def test_counts_are_rounded_with_a_unit(value: int | None, text: str) -> None:
    assert wording.count(value) == text


@pytest.mark.parametrize(
    ("now", "before", "text"),
    [(110, 100, "+10 %"), (101, 100, "+1.0 %"), (50, 100, "-50 %"), (5, 0, "–"), (5, None, "–")],  # noqa: RUF001
)
def test_a_change_needs_something_before(now: int, before: int | None, text: str) -> None:
    assert wording.change(now, before) == text


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (8, "8 ms"),
        (2_500, "2.5 s"),
        (45_000, "45 s"),
        (90_000, "1 min 30 s"),
        (5_400_000, "1 h 30 min"),
        (2e8, "2 d 7 h"),
    ],
)
def test_durations_have_their_two_largest_units(milliseconds: float, text: str) -> None:
    assert wording.duration(milliseconds) == text


@pytest.mark.parametrize(
    ("now", "before", "good", "tone"),
    [(2, 1, "up", "zip-good"), (1, 2, "up", "zip-bad"), (1, 2, "down", "zip-good"), (2, 1, "down", "zip-bad")],
)
def test_colour_says_whether_a_change_is_good(now: float, before: float, good: Any, tone: str) -> None:
    drawn = html_of(number(Number("Cancellations", "1", now=now, before=before, good=good, compared=True)))
    assert f'class="zip-change {tone}"' in drawn


def test_moves_in_a_list() -> None:
    assert [moved(2, 5), moved(5, 2), moved(3, 3), moved(1, None)] == ["▲3", "▼3", "=", "new"]


def test_text_in_sql_stays_text() -> None:
    assert literal("x'; drop table fct_plays --") == "'x''; drop table fct_plays --'"


def _answer(query: bytes, chunks: list[bytes]) -> tuple[int, bytes]:
    """What the guard, around a server that gives the body back, answers."""
    messages = [{"type": "http.request", "body": c, "more_body": i < len(chunks) - 1} for i, c in enumerate(chunks)]
    sent: list[dict[str, Any]] = []

    async def server(_scope: Any, receive: Any, send: Any) -> None:
        body = (await receive())["body"]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})

    async def receive() -> Any:
        return messages.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(Guard(server)({"type": "http", "query_string": query}, receive, send))
    return sent[0]["status"], sent[1]["body"]


def test_the_guard_passes_what_is_small_and_refuses_what_is_large() -> None:
    assert _answer(b"a=1", [b"one", b"two"]) == (200, b"onetwo")
    assert _answer(b"", [b"x" * 600_000, b"x" * (LARGEST_BODY_BYTES - 600_000)])[0] == 200
    code, body = _answer(b"", [b"x" * 600_000] * 2)
    assert (code, json.loads(body)["error"]) == (413, "the request is too large")
    assert _answer(b"q" * (LARGEST_QUERY_BYTES + 1), [b""])[0] == 414


def test_all_who_wait_are_woken_by_one_tick(settings: Settings) -> None:
    settings.home.root.mkdir()
    engine = connect(settings.serving_address())
    ticker = Ticker(engine, History(settings))
    ticker.look()
    assert ticker.tick.number == 1

    async def watch() -> list[int]:
        waiting = [asyncio.create_task(ticker.after(1, 60.0)) for _ in range(20)]
        await asyncio.sleep(0)
        report_part(engine, "stream", "failed", "gone")
        await asyncio.to_thread(ticker.look)
        return [tick.number for tick in await asyncio.gather(*waiting)]

    assert asyncio.run(watch()) == [2] * 20
    engine.dispose()


def test_an_empty_serving_database_is_no_error(settings: Settings) -> None:
    settings.home.root.mkdir()
    engine = connect(settings.serving_address())
    view = read_live(engine)
    assert (view.source, view.as_of_s, view.newest) == (None, None, ())
    engine.dispose()
