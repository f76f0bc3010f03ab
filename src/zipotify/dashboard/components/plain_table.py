"""A plain table that scrolls within its tile."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import html

from zipotify.dashboard.components import messages


def plain_table(heads: Sequence[str], rows: Sequence[Sequence[Any]], nothing: str) -> Any:
    """Heads and rows; `nothing` is said where there are no rows."""
    if not rows:
        return messages.empty(nothing)
    head = html.Thead(html.Tr([html.Th(name, scope="col") for name in heads]))
    body = html.Tbody([html.Tr([html.Td(value) for value in row]) for row in rows])
    table = html.Table([head, body], className="zip-columns zip-compact")
    return html.Div(
        table, className="zip-scroll zip-tall", tabIndex=0, role="group", **{"aria-label": ", ".join(heads)}
    )
