"""The running week is shown as what it is: not over."""

from __future__ import annotations

from datetime import datetime

import pytest

from zipotify.contracts.answers import Answer
from zipotify.dashboard.filters import Filters
from zipotify.dashboard.markup import html_of
from zipotify.dashboard.pages.weeks import LIFECYCLE, RETENTION
from zipotify.dashboard.scope import Scope
from zipotify.dashboard.tile import Frame

_LIFE = ["week_start", "new_count", "kept_count", "returned_count", "lost_count"]
_RETENTION = ["cohort_week", "user_count", "week_number", "returned_count", "share"]


def _frame(columns: list[str], rows: list[list[object]], as_of: str) -> Frame:
    scope = Scope(Filters(), "sim", datetime(2026, 10, 5), datetime.fromisoformat(as_of))
    return Frame(Answer(columns, rows, False), scope)


_LIVES: list[list[object]] = [["2026-10-12", 5, 20, 2, 3], ["2026-10-19", 1, 8, 1, 14]]


@pytest.mark.parametrize(
    ("as_of", "gone", "patterns"),
    [("2026-10-21T12:00:00", [-3, None], ["", "/"]), ("2026-10-25T23:59:30", [-3, -14], ["", ""])],
)
def test_nobody_is_gone_from_a_week_that_runs(as_of: str, gone: list[int | None], patterns: list[str]) -> None:
    frame = _frame(_LIFE, _LIVES, as_of)
    traces = LIFECYCLE.draw(frame).children.figure.data
    assert list(next(trace for trace in traces if trace.name == "Gone").y) == gone
    assert all(list(trace.marker.pattern.shape) == patterns for trace in traces)
    assert ("not over" in LIFECYCLE.tell(frame)) is (gone[-1] is None)


def test_what_falls_into_the_running_week_is_framed_and_not_reckoned() -> None:
    rows: list[list[object]] = [
        ["2026-10-05", 10, 0, 10, 1.0],
        ["2026-10-05", 10, 1, 5, 0.5],
        ["2026-10-05", 10, 2, 1, 0.1],
        ["2026-10-12", 4, 0, 4, 1.0],
        ["2026-10-12", 4, 1, 1, 0.25],
        ["2026-10-19", 2, 0, 2, 1.0],
    ]
    frame = _frame(_RETENTION, rows, "2026-10-21T12:00:00")
    drawn = html_of(RETENTION.draw(frame))
    assert drawn.count("zip-unfinished") == 2
    assert "2026-10-19, so far" in drawn
    assert "2026-10-12, so far" not in drawn
    assert RETENTION.tell(frame).startswith("50 %")
