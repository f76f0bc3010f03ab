"""Colours, type and the look of charts. Figures carry the light look; the style sheet turns them dark on screen."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

ACCENT = "#6a5ae0"
SERIES = (ACCENT, "#c8690f", "#0e8a7c", "#c2417f", "#2f7fd1", "#8a6d00")
"""Told apart with any colour vision (hue and lightness differ), at least 3:1 against the light and the dark ground."""
QUIET = "#8b8fa3"
"""What is there for comparison only: the previous period, everything else."""
LEVELS = {"paid": SERIES[0], "free": SERIES[1]}
_INK, _LINES = "#3c4052", "#e3e4ec"
_FONT = "Inter, system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"

MANTINE: dict[str, Any] = {
    "primaryColor": "zip",
    "primaryShade": {"light": 7, "dark": 5},
    "colors": {
        "zip": [
            "#f1effe",
            "#dedbf9",
            "#bab4f0",
            "#948be8",
            "#8377e4",
            "#9488f0",
            "#6a5ae0",
            "#5747c4",
            "#4c3eb0",
            "#3f339b",
        ],
        # Fields and boxes in the dark: the greys of the style sheet instead of Mantine's own.
        "dark": [
            "#eceef6",
            "#c9cdde",
            "#a7acc0",
            "#8b90a6",
            "#3a3e50",
            "#2d303f",
            "#20232f",
            "#1a1c26",
            "#15171f",
            "#12131a",
        ],
    },
    "fontFamily": _FONT,
    "headings": {"fontFamily": _FONT, "fontWeight": "650"},
    "defaultRadius": "md",
    "respectReducedMotion": True,
    "cursorType": "pointer",
}

GRAPH_CONFIG: dict[str, Any] = {
    "displaylogo": False,
    "displayModeBar": False,
    "responsive": True,
    "scrollZoom": False,
    "doubleClick": "reset",
    "locale": "days-first",
    "locales": {
        "days-first": {
            "dictionary": {},
            "format": {"dayMonth": "%-d %b", "dayMonthYear": "%-d %b %Y", "month": "%b %Y", "date": "%-d %b %Y"},
        }
    },
}


def figure(height_px: int = 260, **layout: Any) -> go.Figure:
    """An empty figure in the house style."""
    axis = {"gridcolor": _LINES, "zeroline": False, "linecolor": _LINES, "automargin": True, "fixedrange": True}
    base: dict[str, Any] = {
        "template": "none",
        "height": height_px,
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "font": {"family": _FONT, "size": 12, "color": _INK},
        "paper_bgcolor": "#ffffff",
        "plot_bgcolor": "#ffffff",
        "colorway": list(SERIES),
        "hovermode": "x unified",
        "hoverlabel": {"font": {"family": _FONT, "size": 12}},
        "showlegend": False,
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "title": {"text": ""}},
        "xaxis": {**axis, "showgrid": False, "ticks": "outside", "tickcolor": _LINES, "ticklen": 4},
        "yaxis": {**axis, "rangemode": "tozero", "nticks": 5, "tickformat": "~s"},
        "bargap": 0.25,
    }
    empty = go.Figure(layout=base)
    empty.update_layout(**layout)
    return empty
