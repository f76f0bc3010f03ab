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

    def body(self, filters: Filters) -> Component:
        """What stands under the heading."""
        if self.layout is not None:
            return self.layout(filters)
        return html.Div([card(tile) for tile in self.tiles], className="zip-grid")
