"""One module a page: which tiles it has, and the SQL behind each. `PAGES` is the map of the dashboard."""

from __future__ import annotations

from zipotify.dashboard.pages import audience, engagement, music, now, overview
from zipotify.dashboard.pages.page import Page
from zipotify.dashboard.tile import Tile

PAGES: dict[str, Page] = {
    page.path: page for page in (now.PAGE, overview.PAGE, music.PAGE, audience.PAGE, engagement.PAGE)
}
TILES: dict[str, Tile] = {tile.id: tile for page in PAGES.values() for tile in page.tiles}
