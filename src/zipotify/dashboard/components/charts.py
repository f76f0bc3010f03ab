"""Charts in the house style, made from plain lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import plotly.graph_objects as go
from dash import dcc, html

from zipotify.dashboard.theme import ACCENT, GRAPH_CONFIG, QUIET, SERIES, figure


@dataclass(frozen=True)
class Line:
    """One series."""

    name: str
    values: Sequence[float | None]
    color: str = ACCENT
    is_filled: bool = False
    is_dashed: bool = False


def graph(chart: go.Figure, label: str, graph_id: str = "") -> Any:
    """A chart on the page, as high as it says or as its tile; a screen reader says `label` instead of the drawing."""
    given = {"id": graph_id} if graph_id else {}
    drawing = dcc.Graph(figure=chart, config=GRAPH_CONFIG, className="zip-drawing", responsive=True, **given)
    least = {"minHeight": f"{chart.layout.height}px"}
    return html.Div(drawing, role="img", className="zip-chart", style=least, **{"aria-label": label})


def by_the_clock(chart: go.Figure) -> go.Figure:
    """Say that the axis is in UTC, and let the browser write it in its own zone on demand (see assets/clock.js)."""
    chart.update_xaxes(title={"text": "UTC", "font": {"size": 11}})
    return chart.update_layout(meta={"clock": True})


def lines(x: Sequence[Any], series: Sequence[Line], height_px: int = 260, **layout: Any) -> go.Figure:
    """Lines over time; a legend only where there is more than one."""
    chart = figure(height_px, showlegend=len(series) > 1, **layout)
    for line in series:
        chart.add_scatter(
            x=list(x),
            y=list(line.values),
            name=line.name,
            mode="lines" if sum(value is not None for value in line.values) > 1 else "markers",
            line={"color": line.color, "width": 2, "dash": "dot" if line.is_dashed else "solid"},
            fill="tozeroy" if line.is_filled else None,
            fillcolor=_faint(line.color) if line.is_filled else None,
            hovertemplate="%{y:,.4~s}",
        )
    return chart


def shade_days(chart: go.Figure, days: Sequence[tuple[str, str]]) -> go.Figure:
    """Mark whole days (holidays) behind the lines, each with its name."""
    for day, name in days:
        chart.add_vrect(
            x0=f"{day}T00:00" if "T" not in day else day,
            x1=f"{day}T23:59" if "T" not in day else day,
            fillcolor=QUIET,
            opacity=0.14,
            line_width=0,
            layer="below",
            name=name,
        )
    return chart


def mark_so_far(chart: go.Figure, running: date | None) -> go.Figure:
    """Say of the last day that it goes on, so that a morning does not look like a fall; nothing where it is over."""
    if running is None:
        return chart
    place = {"x": running.isoformat(), "y": 0, "yref": "paper", "xanchor": "right", "yanchor": "bottom"}
    return chart.add_annotation(**place, text=f"{running:%-d %b} so far", showarrow=False, font={"size": 11})


def bars(names: Sequence[str], values: Sequence[float], height_px: int = 260, **layout: Any) -> go.Figure:
    """Upright bars of one series."""
    chart = figure(height_px, **layout)
    chart.add_bar(
        x=list(names), y=list(values), marker={"color": ACCENT}, hovertemplate="%{x}: %{y:,.4~s}<extra></extra>"
    )
    return chart


def grouped(names: Sequence[str], series: Sequence[Line], height_px: int = 260) -> go.Figure:
    """Upright bars of several series beside each other."""
    chart = figure(height_px, showlegend=True, barmode="group")
    for line in series:
        chart.add_bar(x=list(names), y=list(line.values), name=line.name, marker={"color": line.color})
    return chart


def stacked(x: Sequence[Any], series: Sequence[Line], height_px: int = 260) -> go.Figure:
    """Bars on top of each other."""
    chart = figure(height_px, showlegend=True, barmode="stack")
    for line in series:
        chart.add_bar(x=list(x), y=list(line.values), name=line.name, marker={"color": line.color})
    return chart


def color(position: int) -> str:
    """The series' colour, in order."""
    return SERIES[position % len(SERIES)]


def _faint(color_hex: str) -> str:
    red, green, blue = (int(color_hex[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.12)"
