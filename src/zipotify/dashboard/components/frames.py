"""Frames of tiles that are filled by the live callback."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dash_mantine_components as dmc
from dash import html

from zipotify.dashboard.components.card import popover


def live(name: str, height_px: int = 150) -> Any:
    """The place that is filled."""
    return html.Div(dmc.Skeleton(height=height_px), id={"type": "live", "id": name})


def live_grid(tiles: Mapping[str, tuple[str, str, str]], definitions: Mapping[str, str] | None = None) -> list[Any]:
    """One card per tile: title, what is shown, width; behind its "i" the definition."""
    return [_card(name, *texts, (definitions or {}).get(name, "")) for name, texts in tiles.items()]


def _card(name: str, title: str, unit: str, width: str, definition: str) -> Any:
    heading = [
        html.H2(title, className="zip-tile-title", id=f"title-live-{name}"),
        html.P(unit, className="zip-tile-unit"),
    ]
    return html.Section(
        [
            html.Header(
                [html.Div(heading, className="zip-tile-heading"), _about(title, definition)], className="zip-tile-head"
            ),
            html.Div(live(name), className="zip-tile-body"),
        ],
        className=f"zip-tile zip-{width}",
        id=f"live-{name}",
        **{"aria-labelledby": f"title-live-{name}"},
    )


def _about(title: str, definition: str) -> Any:
    content = html.P(definition, className="zip-definition")
    return html.Div(popover("i", f"What is {title}?", content, 360), className="zip-tile-tools") if definition else None
