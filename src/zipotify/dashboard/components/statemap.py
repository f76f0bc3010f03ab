"""The United States as a grid of equal tiles: no map data to load, small states as visible as large ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dash import dcc, html

from zipotify.dashboard import wording

_ROWS = """
AK .. .. .. .. .. .. .. .. .. ME
.. .. .. .. .. .. .. .. .. VT NH
WA ID MT ND MN IL WI MI NY RI MA
OR NV WY SD IA IN OH PA NJ CT ..
CA UT CO NE MO KY WV VA MD DE ..
.. AZ NM KS AR TN NC SC DC .. ..
.. .. .. OK LA MS AL GA .. .. ..
HI .. .. TX .. .. .. .. FL .. ..
"""


def _places() -> dict[str, tuple[int, int]]:
    """Row and column of each state, from 1."""
    grid = [line.split() for line in _ROWS.strip().splitlines()]
    return {state: (row + 1, at + 1) for row, line in enumerate(grid) for at, state in enumerate(line) if state != ".."}


PLACES = _places()


def state_map(
    values: Mapping[str, float],
    unit: str,
    hidden: str = "no data",
    href: Callable[[str], str] | None = None,
    chosen: str = "",
) -> Any:
    """The map; the deeper a tile's colour, the more. With `href` a tile is a link (to the view of that state)."""
    largest = max((values[state] for state in values if state in PLACES), default=0) or 1
    return html.Div(
        [
            _tile(state, place, values.get(state), largest, unit, hidden, href, state == chosen)
            for state, place in PLACES.items()
        ],
        className="zip-map",
        role="group",
        **{"aria-label": f"Map of US states: {unit}"},
    )


def _tile(
    state: str,
    place: tuple[int, int],
    value: float | None,
    largest: float,
    unit: str,
    hidden: str,
    href: Callable[[str], str] | None,
    is_chosen: bool,
) -> Any:
    # Equal steps of colour for equal ratios would hide who leads; the square root keeps the small ones visible too.
    heat = 0.0 if not value else (value / largest) ** 0.5
    says = f"{state}: {wording.exact(value)} {unit}" if value is not None else f"{state}: {hidden}"
    look: dict[str, Any] = {
        "className": "zip-state zip-chosen" if is_chosen else "zip-state",
        "style": {"gridRow": place[0], "gridColumn": place[1], "--heat": f"{heat:.3f}"},
        "title": says,
    }
    if href is None:
        return html.Div([state, html.Span(f" {says[2:]}", className="zip-unseen")], **look)
    return dcc.Link([state, html.Span(f" {says[2:]}", className="zip-unseen")], href=href(state), **look)
