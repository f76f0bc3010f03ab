"""Tiles that move: worked out once a tick for all who watch; one that fails keeps its last picture."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from zipotify.contracts.serving import connect
from zipotify.dashboard.board import Board
from zipotify.dashboard.health import HealthReader
from zipotify.dashboard.history import History
from zipotify.dashboard.pages import health, now, plan
from zipotify.dashboard.pages.behind import BEHIND, HEALTH, NOW, PLAN
from zipotify.dashboard.ticker import Tick
from zipotify.errors import ConfigError
from zipotify.plan.export import as_json
from zipotify.plan.view import read_view
from zipotify.settings import Settings

_PLAN = Path(__file__).parent.parent.parent / "docs" / "plan" / "plan.yml"


class Plans:
    """A plan that counts who reads it, and can break."""

    def __init__(self) -> None:
        self.reads = 0
        self.is_broken = False
        self._view = json.loads(as_json(read_view(_PLAN, date(2026, 12, 24))))

    def __call__(self) -> Mapping[str, Any]:
        self.reads += 1
        if self.is_broken:
            raise ConfigError("plan.yml:3: no such role", "correct it")
        return self._view  # type: ignore[no-any-return]


@pytest.fixture
def plans() -> Plans:
    """A plan."""
    return Plans()


@pytest.fixture
def board(settings: Settings, plans: Plans) -> Board:
    """A board over an empty home and that plan."""
    settings.home.root.mkdir()
    engine = connect(settings.serving_address())
    return Board(HealthReader(settings, engine, History(settings)), plans)


def _tick(number: int) -> Tick:
    return Tick(number, None, None, "")


def test_a_hundred_viewers_are_one_reading_a_tick(board: Board, plans: Plans) -> None:
    seen: list[str] = []
    for number in (1, 2):
        viewers = [
            Thread(target=lambda at=number: seen.append(board.written(["plan-board"], _tick(at)))) for _ in range(100)
        ]
        for viewer in viewers:
            viewer.start()
        for viewer in viewers:
            viewer.join()
        assert plans.reads == number
    assert len(seen) == 200
    assert len(set(seen)) == 1


def test_a_tile_that_fails_says_so_above_its_last_picture(board: Board, plans: Plans) -> None:
    good = board.written(["plan-board"], _tick(1))
    task = "Run the dashboard and its browser tests"
    assert task in good
    plans.is_broken = True
    broken = board.written(["plan-board", "plan-figures"], _tick(2))
    assert "no such role" in broken
    assert task in broken
    assert list(json.loads(broken)) == ["plan-board", "plan-figures"]


def test_names_that_are_no_tiles_are_left_out(board: Board) -> None:
    assert json.loads(board.written(["line", "line", "'\"; drop"], _tick(1))).keys() == {"line"}


def test_every_tile_that_moves_tells_what_is_behind_it(board: Board) -> None:
    assert set(NOW) == set(now.TILES) == set(now.DEFINITIONS)
    assert set(HEALTH) == set(health.TILES)
    assert set(PLAN) == set(plan.TILES)
    for name in BEHIND:
        assert all(isinstance(row, Mapping) for row in board.rows(name, _tick(1)))
    assert len(board.rows("plan-board", _tick(1))) > 20
