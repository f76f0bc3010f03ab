"""The poster says which year, of whom, and that a running year is not over."""

from __future__ import annotations

from datetime import datetime

import pytest

from zipotify.contracts.answers import Answer
from zipotify.dashboard.filters import Filters
from zipotify.dashboard.markup import html_of
from zipotify.dashboard.pages.year import TILES
from zipotify.dashboard.scope import Scope
from zipotify.dashboard.tile import Frame

_FIGURES, _MONTHS = TILES[0], TILES[-1]
_COLUMNS = [
    "play_count",
    "listening_hours",
    "track_count",
    "artist_count",
    "user_count",
    "session_count",
    "top_day",
    "day_count",
]
_ROW: list[object] = [100, 5.0, 40, 20, 12, 30, "2026-03-01", 9]


def _scope(as_of: str = "2026-11-27T08:00:00", **filters: str) -> Scope:
    return Scope(Filters(**filters), "sim", datetime(2025, 10, 5, 12), datetime.fromisoformat(as_of))


def _poster(scope: Scope) -> str:
    return html_of(_FIGURES.draw(Frame(Answer(_COLUMNS, [_ROW], False), scope)))


@pytest.mark.parametrize(
    ("period", "told", "days"),
    [
        ("28d", "2026 so far, of everybody", "1 January to 27 November, UTC"),
        ("all", "2026 so far, of everybody", "1 January to 27 November, UTC"),
        ("2025-01-01..2025-12-31", "2025, of everybody", "5 October to 31 December, UTC"),
        ("2025-11-01..2025-11-15", "2025, of everybody", "5 October to 31 December, UTC"),
    ],
)
def test_the_poster_says_the_year_and_how_much_of_it_there_is(period: str, told: str, days: str) -> None:
    drawn = _poster(_scope(period=period))
    assert told in drawn
    assert days in drawn


def test_a_year_is_over_with_its_last_day() -> None:
    assert "2026, of everybody" in _poster(_scope("2026-12-31T20:00:00"))


def test_the_poster_says_whose_year_it_is() -> None:
    assert "of listener 0123abcd" in _poster(_scope(user="0123abcdef"))
    assert "of these listeners: paid, Women, CA" in _poster(_scope(level="paid", gender="F", state="CA"))


@pytest.mark.parametrize("period", ["28d", "2025-11-01..2025-11-15"])
def test_every_tile_asks_for_the_whole_year(period: str) -> None:
    scope = _scope(period=period)
    for tile in TILES:
        assert f"date_day >= date '{scope.year}-01-01'" in tile.sql(scope), tile.id


def test_the_running_month_is_hatched() -> None:
    frame = Frame(Answer(["month_number", "listening_hours"], [[10, 4.0], [11, 3.0]], False), _scope())
    trace = _MONTHS.draw(frame).children.figure.data[0]
    assert [name for name, hatch in zip(trace.x, trace.marker.pattern.shape, strict=True) if hatch] == ["Nov"]
