"""What stands in a tile when there is no picture, and why."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import html


def empty(what: str, to_do: str = "") -> Any:
    """There is nothing, and that is all right."""
    return html.Div(
        [
            html.Div("○", className="zip-message-sign", **{"aria-hidden": "true"}),
            dmc.Text(what, size="sm"),
            dmc.Text(to_do, size="xs", c="dimmed") if to_do else None,
        ],
        className="zip-message",
    )


def problem(what: str, to_do: Any = "") -> Any:
    """Something went wrong: what, and what to do."""
    return dmc.Alert(
        [dmc.Text(to_do, size="sm")] if to_do else [], title=what, color="red", variant="light", className="zip-problem"
    )


def notice(what: str, detail: Any = "") -> Any:
    """Something to know: what is shown is not what one would think."""
    return dmc.Alert(detail, title=what, color="yellow", variant="light", className="zip-notice")
