"""Plotly figures of our own kinds (lines, bars, heatmaps) as small SVG, for pages without scripts."""

from __future__ import annotations

from html import escape
from typing import Any

from zipotify.dashboard import wording

_WIDTH, _HEIGHT = 640, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 8, 12, 26


def drawing(figure: Any) -> str:
    """The SVG; axes tell the ends and the top, which is what a glance takes."""
    traces = list(figure.data)
    if not traces:
        return ""
    body = _heat(traces[0]) if traces[0].type == "heatmap" else _curves(traces)
    names = [(trace.name, _color(trace)) for trace in traces if trace.name] if len(traces) > 1 else []
    return f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" class="report-chart">{body}</svg>{_legend(names)}'


def _legend(names: list[tuple[str, str]]) -> str:
    items = "".join(f'<li><i style="background:{color}"></i>{escape(name)}</li>' for name, color in names)
    return f'<ul class="report-legend">{items}</ul>' if items else ""


def _color(trace: Any) -> str:
    color = trace.marker.color if trace.type == "bar" else trace.line.color
    return escape(str(color or "#6a5ae0"))


def _curves(traces: list[Any]) -> str:
    x = [str(value) for value in traces[0].x]
    values = [float(v) for trace in traces for v in trace.y if v is not None]
    high, low = max([*values, 0.0]) or 1.0, min([*values, 0.0])
    scale = (_HEIGHT - _TOP - _BOTTOM) / (high - low)

    def at(value: float) -> float:
        return _TOP + (high - value) * scale

    parts = [_across(at(value), wording.count(value) if high >= 2 else f"{value:.0%}") for value in (high, low, 0.0)]
    for trace in traces:
        parts.append(_bars(trace, at, len(x)) if trace.type == "bar" else _line(trace, at))
    ends = _text(_LEFT, _HEIGHT - 8, _name(x[0]), "start") + _text(_WIDTH - _RIGHT, _HEIGHT - 8, _name(x[-1]), "end")
    return "".join(parts) + ends


def _name(text: str) -> str:
    """Of an instant its day; any other name on one line."""
    return text[:10] if text[:4].isdigit() and text[4:5] == "-" else text.replace("<br>", " ")


def _across(y: float, label: str) -> str:
    line = f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#e3e4ec"/>'
    return line + _text(_LEFT - 6, y + 4, label, "end")


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}">{escape(text)}</text>'


def _line(trace: Any, at: Any) -> str:
    step = (_WIDTH - _LEFT - _RIGHT) / max(len(trace.y) - 1, 1)
    points = " ".join(f"{_LEFT + i * step:.1f},{at(float(v)):.1f}" for i, v in enumerate(trace.y) if v is not None)
    dash = ' stroke-dasharray="3 4"' if trace.line.dash == "dot" else ""
    return f'<polyline points="{points}" fill="none" stroke="{_color(trace)}" stroke-width="2"{dash}/>'


def _bars(trace: Any, at: Any, count: int) -> str:
    step = (_WIDTH - _LEFT - _RIGHT) / count
    parts = []
    for i, value in enumerate(trace.y):
        top, bottom = sorted((at(float(value or 0)), at(0.0)))
        parts.append(
            f'<rect x="{_LEFT + i * step + step * 0.12:.1f}" width="{step * 0.76:.1f}" y="{top:.1f}"'
            f' height="{bottom - top:.1f}" fill="{_color(trace)}" fill-opacity="0.85"/>'
        )
    return "".join(parts)


def _heat(trace: Any) -> str:
    rows = [list(row) for row in trace.z]
    high = max((float(v or 0) for row in rows for v in row), default=0.0) or 1.0
    width = (_WIDTH - _LEFT - _RIGHT) / len(rows[0])
    height = (_HEIGHT - _TOP - _BOTTOM) / len(rows)
    cells = [
        f'<rect x="{_LEFT + x * width:.1f}" y="{_TOP + y * height:.1f}" width="{width - 2:.1f}"'
        f' height="{height - 2:.1f}" fill="#6a5ae0" fill-opacity="{0.06 + 0.94 * float(value or 0) / high:.2f}"/>'
        for y, row in enumerate(rows)
        for x, value in enumerate(row)
    ]
    names = [_text(_LEFT - 6, _TOP + (y + 0.7) * height, str(name), "end") for y, name in enumerate(trace.y)]
    return "".join(cells + names)
