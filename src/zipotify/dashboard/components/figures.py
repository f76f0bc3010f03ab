"""Single numbers: large, with what they count, and how they changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import dash_mantine_components as dmc
from dash import html

from zipotify.dashboard import wording

_MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True)
class Number:
    """One figure, ready to read."""

    label: str
    value: str
    exact: str = ""
    """All digits, shown on pointing, where `value` is rounded."""
    note: str = ""
    now: float | None = None
    before: float | None = None
    good: Literal["up", "down", "neither"] = "up"
    """Which direction is good news."""
    compared: bool = False


def number(figure: Number) -> Any:
    """One figure with its label; a change has a sign and a word, not only a colour."""
    foot = [_change(figure)] if figure.compared else []
    if figure.note:
        foot.append(html.Span(figure.note))
    return html.Div(
        [
            html.Div(figure.label, className="zip-number-label"),
            html.Div(figure.value, className="zip-number-value", title=figure.exact or figure.value),
            html.Div(foot, className="zip-number-foot") if foot else None,
        ],
        className="zip-number",
    )


def _change(figure: Number) -> Any:
    text = wording.change(figure.now, figure.before)
    if text == wording.NOTHING:
        return html.Span("nothing before", className="zip-change")
    is_up, is_down = text.startswith("+"), text.startswith("-")
    arrow = "▲" if is_up else "▼" if is_down else "■"
    if text.strip("+-0. %") == "":
        arrow, is_up, is_down = "■", False, False
    is_good = (figure.good == "up" and is_up) or (figure.good == "down" and is_down)
    is_bad = (figure.good == "up" and is_down) or (figure.good == "down" and is_up)
    tone = "zip-good" if is_good else "zip-bad" if is_bad else ""
    sign = html.Span(arrow, **{"aria-hidden": "true"})
    return html.Span([sign, " " + text.replace("-", _MINUS)], className=f"zip-change {tone}")


def numbers(figures: Sequence[Number]) -> Any:
    """A row of figures that wraps."""
    return dmc.SimpleGrid(
        [number(figure) for figure in figures], cols={"base": 2, "sm": 3, "lg": min(len(figures), 6)}, spacing="lg"
    )
