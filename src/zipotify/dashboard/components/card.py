"""The frame of every tile: title, definition, SQL, exports, freshness, and the place where the picture comes."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import dash_mantine_components as dmc
from dash import html

from zipotify.contracts.metrics import metrics
from zipotify.dashboard.tile import Tile

_FORMS = {"csv": "CSV", "parquet": "Parquet", "json": "JSON"}


def card(tile: Tile) -> Any:
    """The tile before its answer is there; callbacks fill `tile-body`, `tile-foot` and `tile-menu`."""
    return html.Section(
        [
            html.Header(
                [
                    html.Div(
                        [html.H2(tile.title, className="zip-tile-title", id=f"title-{tile.id}"), _unit(tile.unit)],
                        className="zip-tile-heading",
                    ),
                    html.Div(
                        [_about(tile), html.Div(id={"type": "tile-menu", "id": tile.id})], className="zip-tile-tools"
                    ),
                ],
                className="zip-tile-head",
            ),
            html.Div(skeleton(), id={"type": "tile-body", "id": tile.id}, className="zip-tile-body"),
            html.Footer(id={"type": "tile-foot", "id": tile.id}, className="zip-tile-foot"),
        ],
        className=f"zip-tile zip-{tile.width}",
        id=f"tile-{tile.id}",
        **{"aria-labelledby": f"title-{tile.id}"},
    )


def _unit(text: str) -> Any:
    return html.P(text, className="zip-tile-unit")


def skeleton() -> Any:
    """Something in the shape of a chart, until there is one."""
    return html.Div(
        [dmc.Skeleton(height=14, width="35%"), dmc.Skeleton(height=170, mt="md")],
        className="zip-skeleton",
        role="status",
        **{"aria-label": "Loading"},
    )


def _about(tile: Tile) -> Any:
    known = metrics()
    defined = [
        html.P(
            [html.B(known[name].title), f": {known[name].meaning} {known[name].caveats}"], className="zip-definition"
        )
        for name in tile.metrics
        if name in known
    ]
    content = html.Div([html.P(tile.definition, className="zip-definition"), *defined])
    return popover("i", f"What is {tile.title}?", content, 360)


def popover(sign: str, label: str, content: Any, width_px: int) -> Any:
    """A small button that opens a box; by mouse, keyboard and touch."""
    return dmc.Popover(
        [
            dmc.PopoverTarget(html.Button(sign, className="zip-tool", type="button", **{"aria-label": label})),
            dmc.PopoverDropdown(content),
        ],
        width=width_px,
        position="bottom-end",
        shadow="md",
        withinPortal=True,
        trapFocus=True,
        returnFocus=True,
        withRoles=False,  # they would land on the wrapper, which is no button; the button has its label
    )


def png_button(place: str, name: str) -> Any:
    """Saves what an element shows as a picture; the browser draws it (see assets/take_away.js)."""
    return html.Button("PNG", type="button", className="zip-link-button", **{"data-png": place, "data-name": name})


def menu(tile: Tile, sql: str, search: str, is_empty: bool) -> Any:
    """What one can take away from a tile: the data, the picture, the SQL, a place to go on from."""
    address = f"/api/v1/tiles/{tile.id}{search or '?'}{'&' if search else ''}"
    links = [*downloads(address, tile.id), *([] if is_empty else [png_button(f"tile-{tile.id}", tile.id)])]
    return taken(tile.title, links, "The SQL behind it", sql, f"/explore?sql={quote(sql)}")


def downloads(address: str, name: str) -> list[Any]:
    """Links to the data; `address` ends where its parameters go on."""
    return [
        html.A(title, href=f"{address}format={form}", download=f"{name}.{form}", className="zip-link")
        for form, title in _FORMS.items()
    ]


def taken(title: str, links: list[Any], told: str, source: str, explore: str) -> Any:
    """The menu "⋯" of a tile."""
    content = dmc.Stack(
        [
            dmc.Group([dmc.Text("Download", size="sm", fw=600), *links], gap="sm"),
            dmc.Text(told, size="sm", fw=600),
            dmc.Code(source, block=True, className="zip-sql"),
            html.A("Open in Explore", href=explore, className="zip-link") if explore else None,
        ],
        gap="xs",
    )
    return popover("⋯", f"Data and SQL of {title}", content, 460)
