"""The body of a page about music: the search, and the tiles under it."""

from __future__ import annotations

from typing import Any

from dash import html

from zipotify.dashboard.components import messages
from zipotify.dashboard.components.card import card
from zipotify.dashboard.components.search import search_box
from zipotify.dashboard.filters import Filters
from zipotify.dashboard.pages.page import Page
from zipotify.dashboard.tile import Tile


def searched(page: Page, filters: Filters, ask: str = "", tiles: tuple[Tile, ...] = ()) -> Any:
    """The search and the tiles under it; without what the page is about, what to do."""
    shown = tiles or page.tiles
    if ask and not page.knows(filters):
        return html.Div([search_box(), messages.empty(ask)])
    return html.Div([search_box(), html.Div([card(tile) for tile in shown], className="zip-grid")])
