"""One module a page: which tiles it has, and the SQL behind each. `PAGES` is the map of the dashboard."""

from __future__ import annotations

from zipotify.dashboard.pages import (
    artist,
    audience,
    engagement,
    explore,
    health,
    listener,
    music,
    now,
    overview,
    plan,
    quarantine,
    track,
    year,
)
from zipotify.dashboard.pages.page import Page
from zipotify.dashboard.tile import Tile

_ORDER = (now, overview, music, artist, track, listener, audience, engagement, health, quarantine, explore, year, plan)
PAGES: dict[str, Page] = {module.PAGE.path: module.PAGE for module in _ORDER}
TILES: dict[str, Tile] = {tile.id: tile for page in PAGES.values() for tile in page.tiles}
