"""Filling tiles: from an address to pictures, with every way in which there may be none."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson
from dash import html
from plotly.io.json import to_json_plotly

from zipotify.access.identity import require
from zipotify.access.roles import Role
from zipotify.contracts.answers import Answer
from zipotify.dashboard.components import card, messages
from zipotify.dashboard.components.clock import moment_of
from zipotify.dashboard.components.filterbar import Choices
from zipotify.dashboard.enough import leaves_enough_people
from zipotify.dashboard.filters import PERIODS, FilterError, Filters, parse
from zipotify.dashboard.history import History, Snapshot
from zipotify.dashboard.scope import Scope, scope_of, sources
from zipotify.dashboard.tile import Component, Frame, Tile
from zipotify.errors import QueryError, ZipotifyError
from zipotify.settings import Settings

log = logging.getLogger(__name__)

_KEPT_DRAWINGS = 500
_STATES = "select distinct state_code from dim_locations where state_code is not null order by 1"
_DEVICES = "select distinct device from dim_users where device is not null order by 1"
_TAGS = "select distinct tag from fct_sessions where tag is not null order by 1"


class NothingToShowError(ZipotifyError):
    """There is no answer, and that is all right: the message says why."""


class TooFewPeopleError(NothingToShowError):
    """The filters leave so few people that figures would speak of single ones."""


class NotComputedError(NothingToShowError):
    """The analysis behind it has not run yet, or had too little to work with."""


@dataclass(frozen=True)
class Filled:
    """The three changing parts of a tile; None leaves what is there."""

    body: Component
    foot: Component
    menu: Component


class Views:
    """Answers tiles for addresses."""

    def __init__(self, settings: Settings, history: History, stale: Callable[[], str] = lambda: "") -> None:
        """`stale` says why what is published is not what it should be; empty while it is."""
        self._stale = stale
        self._history = history
        self._k = settings.k_anonymity
        self._kept: dict[tuple[str, ...], Filled] = {}

    def filled(self, tile: Tile, search: str, has_picture: bool) -> Filled:
        """The tile as it should look; when it fails, a picture that is there stays."""
        try:
            frame = self.frame(tile, parse(search))
            if frame is not None:
                return self._kept_or_drawn(tile, frame, search)
        except FilterError:
            return Filled(messages.empty("The address is wrong; see above."), None, None)
        except NothingToShowError as error:
            return Filled(messages.empty(error.what, error.to_do), None, None)
        except ZipotifyError as error:
            problem = messages.problem(error.what, error.to_do)
            return Filled(None if has_picture else "", problem, None)
        except Exception as error:  # whatever it is: the other tiles, and the picture that is there, stay
            log.exception("tile %s failed", tile.id)
            problem = messages.problem(f"This tile failed: {type(error).__name__}", "The dashboard's log says more.")
            return Filled(None if has_picture else "", problem, None)
        nothing = "Nothing has been published yet."
        return Filled(messages.empty(nothing, "The first build of the warehouse makes this tile."), None, None)

    def _kept_or_drawn(self, tile: Tile, frame: Frame, search: str) -> Filled:
        """Whoever looks at the same view of the same snapshot gets the same drawing, written as JSON once."""
        stale = self._stale()
        key = (tile.id, search, frame.scope.publish_id, stale)
        filled = self._kept.get(key)
        if filled is None:
            drawn = self._drawn(tile, frame, search, stale)
            filled = Filled(*(orjson.loads(to_json_plotly(part)) for part in (drawn.body, drawn.foot, drawn.menu)))
            if len(self._kept) >= _KEPT_DRAWINGS:
                self._kept.clear()
            self._kept[key] = filled
        return filled

    def _drawn(self, tile: Tile, frame: Frame, search: str, stale: str) -> Filled:
        sql = tile.sql(frame.scope)
        foot = _foot(tile, frame, stale)
        if tile.is_empty(frame):
            said = f"Nothing between {said_period(frame.scope)}."
            nothing = (tile.why_empty,) if tile.why_empty else (said, "Choose a longer period or fewer filters.")
            return Filled(messages.empty(*nothing), foot, card.menu(tile, sql, search, is_empty=True))
        told, drawn = html.P(tile.tell(frame), className="zip-unseen"), tile.draw(frame)
        return Filled(html.Div([told, drawn]), foot, card.menu(tile, sql, search, is_empty=False))

    def frame(self, tile: Tile, filters: Filters) -> Frame | None:
        """The tile's answer; None while nothing is published.

        Raises QueryError, NothingToShowError, FilterError where the tile needs to know what it is about, or
        ForbiddenError when one user is asked for by somebody who may not.
        """
        require(Role.ANALYST if filters.user else tile.role)
        _require_given(tile, filters)
        snapshot = self._history.newest()
        scope = None if snapshot is None else scope_of(snapshot, filters, self._k)
        if snapshot is None or scope is None:
            if snapshot is not None and filters.source:
                raise QueryError(f"there is no source “{filters.source}”", "choose another one above")
            return None
        _require_computed(tile, snapshot)
        if tile.people and filters.narrows_people:
            self._require_enough_people(snapshot, scope)
        return Frame(self._ask(snapshot, tile.sql(scope)), scope)

    def parquet(self, tile: Tile, filters: Filters) -> bytes | None:
        """The tile's answer as a Parquet file."""
        frame = self.frame(tile, filters)
        snapshot = self._history.newest()
        return None if frame is None or snapshot is None else snapshot.parquet(tile.sql(frame.scope))

    def _require_enough_people(self, snapshot: Snapshot, scope: Scope) -> None:
        if not leaves_enough_people(scope, lambda sql: self._ask(snapshot, sql).rows):
            raise TooFewPeopleError(
                f"Hidden: the filters leave fewer than {self._k} people, or would tell of so few by subtraction.",
                "Choose a longer period or fewer filters.",
            )

    def _ask(self, snapshot: Snapshot, sql: str) -> Answer:
        try:
            return snapshot.ask(sql)
        except QueryError:
            log.exception("a question of our own failed: %s", sql)
            raise

    def choices(self) -> Choices:
        """What filters may be set to."""
        snapshot = self._history.newest()
        if snapshot is None:
            return Choices()
        values = [[str(row[0]) for row in snapshot.ask(sql).rows] for sql in (_STATES, _DEVICES, _TAGS)]
        return Choices(sources(snapshot), *values)

    def asked(self, filters: Filters, sql: Callable[[str], str]) -> list[list[Any]]:
        """Rows of a question about the source of a view; none while there is nothing to ask."""
        snapshot = self._history.newest()
        scope = None if snapshot is None else scope_of(snapshot, filters)
        return [] if snapshot is None or scope is None else self._ask(snapshot, sql(scope.source)).rows

    def scope(self, filters: Filters) -> Scope | None:
        """The scope of a view, for headings."""
        snapshot = self._history.newest()
        return None if snapshot is None else scope_of(snapshot, filters)


def _require_given(tile: Tile, filters: Filters) -> None:
    missing = [name for name in tile.needs if not getattr(filters, name)]
    if missing:
        raise FilterError(f"{tile.title} needs to know which {missing[0]}", f"add {missing[0]}=… to the address")


def _require_computed(tile: Tile, snapshot: Snapshot) -> None:
    if not all(snapshot.manifest.row_counts.get(table) for table in tile.tables):
        raise NotComputedError(
            "Not computed yet.", "Run zipotify analyses; the next build shows it. It needs some weeks of history."
        )


def said_period(scope: Scope) -> str:
    """The period in words."""
    first, last = scope.span.first_day, scope.span.last_day
    days = (last - first).days + 1
    return f"{first:%-d %b %Y} and {last:%-d %b %Y} ({days} {'day' if days == 1 else 'days'})"


def _foot(tile: Tile, frame: Frame, stale: str) -> Any:
    notes = []
    if not tile.people and frame.scope.filters.narrows_people:
        notes.append("filters on people do not apply here")
    if not tile.people and frame.scope.filters.period not in PERIODS:
        notes.append("shown for all time: custom periods are not published")
    warned = [html.Span(f"▲ {stale}", className="zip-stale"), " · "] if stale else []
    as_of = ["as of ", moment_of(frame.scope.as_of.isoformat())]
    return html.Span([*warned, *as_of, *(f" · {note}" for note in notes)])
