"""A first picture of any result: its first column across, its first numbers up."""

from __future__ import annotations

from typing import Any

from dash import html

from zipotify.contracts.answers import Answer
from zipotify.dashboard.components.charts import Line, bars, color, graph, lines

_MOST_POINTS = 400
_MOST_BARS = 40
_MOST_SERIES = 3


def autochart(answer: Answer) -> Any:
    """Lines over days and instants, bars over names; nothing where neither fits."""
    numbers = [at for at in range(1, len(answer.columns)) if _is_numeric(answer, at)][:_MOST_SERIES]
    if not numbers or not 2 <= len(answer.rows) <= _MOST_POINTS or _is_numeric(answer, 0):
        return None
    rows = sorted(answer.rows, key=lambda row: str(row[0])) if _is_time(answer) else answer.rows[:_MOST_BARS]
    x = [row[0] for row in rows]
    label = f"Chart of {', '.join(answer.columns[at] for at in numbers)} by {answer.columns[0]}"
    if _is_time(answer):
        series = [Line(answer.columns[at], [row[at] for row in rows], color(i)) for i, at in enumerate(numbers)]
        return html.Div(graph(lines(x, series), label), className="zip-autochart")
    first = numbers[0]
    return html.Div(
        graph(bars([str(name) for name in x], [row[first] or 0 for row in rows]), label), className="zip-autochart"
    )


def _is_numeric(answer: Answer, at: int) -> bool:
    values = [row[at] for row in answer.rows if row[at] is not None]
    return bool(values) and all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values)


def _is_time(answer: Answer) -> bool:
    return all(isinstance(row[0], str) and row[0][:4].isdigit() and row[0][4:5] == "-" for row in answer.rows)
