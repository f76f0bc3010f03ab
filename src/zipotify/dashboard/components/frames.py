"""Frames of tiles that are filled by the live callback."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from zipotify.dashboard.components.card import downloads, png_button, popover, taken


def live(name: str, height_px: int = 150) -> Any:
    """The place that is filled."""
    return html.Div(dmc.Skeleton(height=height_px), id={"type": "live", "id": name})


def live_grid(
    tiles: Mapping[str, tuple[str, str, str]],
    definitions: Mapping[str, str],
    sources: Mapping[str, tuple[str, str]],
) -> list[Any]:
    """One card per tile: title, what is shown, width; behind its "i" the definition, behind its "⋯" the source.

    A source is SQL or words, and the table where Explore goes on; empty where there is none.
    """
    drawn_by_the_server = dcc.Store(id="drawn")
    return [
        drawn_by_the_server,
        *(_card(name, *texts, definitions[name], *sources[name]) for name, texts in tiles.items()),
    ]


def _card(name: str, title: str, unit: str, width: str, definition: str, source: str, table: str) -> Any:
    heading = [
        html.H2(title, className="zip-tile-title", id=f"title-live-{name}"),
        html.P(unit, className="zip-tile-unit"),
    ]
    tools = [_about(title, definition), _menu(name, title, source, table)]
    return html.Section(
        [
            html.Header(
                [html.Div(heading, className="zip-tile-heading"), html.Div(tools, className="zip-tile-tools")],
                className="zip-tile-head",
            ),
            html.Div(live(name), className="zip-tile-body"),
        ],
        className=f"zip-tile zip-{width}",
        id=f"live-{name}",
        **{"aria-labelledby": f"title-live-{name}"},
    )


def _about(title: str, definition: str) -> Any:
    return popover("i", f"What is {title}?", html.P(definition, className="zip-definition"), 360)


def _menu(name: str, title: str, source: str, table: str) -> Any:
    links = [*downloads(f"/api/v1/live/{name}?", name), png_button(f"live-{name}", name)]
    return taken(title, links, "Where it comes from", source, f"/explore?table={table}" if table else "")
