"""What a page is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dash import html

from zipotify.dashboard.components.card import card
from zipotify.dashboard.filters import Filters
from zipotify.dashboard.tile import Component, Tile


@dataclass(frozen=True)
class Page:
    """One page: the question that it answers, and its tiles."""

    path: str
    name: str
    question: str
    """What a reader finds out here, as a question."""
    tiles: tuple[Tile, ...] = ()
    layout: Callable[[Filters], Component] | None = None
    """The body of a page that is not a plain grid of tiles."""
    has_filters: bool = True
    by_year: bool = False
    """Whether its tiles tell of calendar years, so that its filters offer these instead of periods."""
    needs: tuple[str, ...] = ()
    """Filters that say what it is about; without them it asks for one."""
    title: Callable[[Filters], str] | None = None
    """Its heading, where that is not its name."""
    above: str = ""
    """Path of the page that leads here; such a page has no place of its own in the navigation."""

    def knows(self, filters: Filters) -> bool:
        """Whether the address says what it is about."""
        return all(getattr(filters, name) for name in self.needs)

    def heading(self, filters: Filters) -> str:
        """What stands at the top."""
        return self.name if self.title is None else self.title(filters) or self.name

    def body(self, filters: Filters) -> Component:
        """What stands under the heading."""
        if self.layout is not None:
            return self.layout(filters)
        return html.Div([card(tile) for tile in self.tiles], className="zip-grid")
