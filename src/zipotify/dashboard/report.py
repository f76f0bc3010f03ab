"""A report for mail: the tiles of a few pages as one HTML file that needs nothing else."""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape
from pathlib import Path

from zipotify.dashboard.filters import Filters
from zipotify.dashboard.history import History
from zipotify.dashboard.markup import html_of
from zipotify.dashboard.pages import audience, engagement, music, overview
from zipotify.dashboard.tile import Tile
from zipotify.dashboard.views import NothingToShowError, Views, said_period
from zipotify.errors import QueryError
from zipotify.settings import Settings

_PAGES = (overview.PAGE, music.PAGE, audience.PAGE, engagement.PAGE)
_STYLE = Path(__file__).parent / "assets" / "style.css"
_OWN_STYLE = """
body { font: 14px/1.45 system-ui, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif; }
body { max-width: 1100px; margin: 24px auto; padding: 0 16px; }
.mantine-SimpleGrid { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 16px; }
.report-chart { width: 100%; height: auto; } .report-chart text { font-size: 11px; fill: #5b6075; }
.report-legend { list-style: none; padding: 0; margin: 4px 0 0; display: flex; gap: 14px; font-size: 12px; }
.report-legend i { display: inline-block; width: 10px; height: 10px; border-radius: 2px; margin-right: 5px; }
h2.report-page { margin: 28px 0 10px; } .zip-tile { break-inside: avoid; }
"""


def write_report(settings: Settings, filters: Filters, out: Path) -> Path:
    """Write the report; raises QueryError when nothing has been published."""
    views = Views(settings, History(settings))
    scope = views.scope(filters)
    if scope is None:
        raise QueryError(
            "nothing has been published that fits", "run `zipotify build` first, or choose another --source"
        )
    pages = "".join(
        f'<h2 class="report-page">{escape(page.name)}</h2><div class="zip-grid">'
        f"{''.join(_tile(views, tile, filters) for tile in page.tiles)}</div>"
        for page in _PAGES
    )
    made = f"{datetime.now(UTC):%-d %b %Y, %H:%M} UTC"
    title = f"Zipotify: {escape(scope.source)}, {said_period(scope)}"
    out.write_text(
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{_STYLE.read_text()}{_OWN_STYLE}</style></head><body><h1>{title}</h1>"
        f"<p>As of {scope.as_of:%-d %b %Y, %H:%M} UTC, snapshot {escape(scope.publish_id)}; made {made}.</p>"
        f"{pages}</body></html>",
        encoding="utf-8",
    )
    return out


def _tile(views: Views, tile: Tile, filters: Filters) -> str:
    try:
        frame = views.frame(tile, filters)
    except NothingToShowError as error:
        body, told = f"<p>{escape(f'{error.what} {error.to_do}')}</p>", ""
    else:
        is_empty = frame is None or tile.is_empty(frame)
        body = "<p>Nothing in this period.</p>" if frame is None or is_empty else html_of(tile.draw(frame))
        told = "" if frame is None or is_empty else escape(tile.tell(frame))
    return (
        f'<section class="zip-tile zip-{tile.width}"><h3 class="zip-tile-title">{escape(tile.title)}</h3>'
        f'<p class="zip-tile-unit">{escape(tile.unit)}</p>{body}<p class="zip-tile-foot">{told}</p></section>'
    )
