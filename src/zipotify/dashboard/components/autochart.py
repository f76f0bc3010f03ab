"""A first picture of any result: its first name or time across, its first numbers up; ids are no quantities."""

from __future__ import annotations

import re
from typing import Any

from dash import html

from zipotify.contracts.answers import Answer
from zipotify.dashboard.components.charts import Line, bars, color, graph, grouped, lines

_MOST_POINTS = 400
_MOST_BARS = 40
_MOST_SERIES = 4
_ID_NAME = re.compile(r"(^|_)(id|key|hash|number|code)$")
_HASH = re.compile(r"[0-9a-f]{16,}")


def autochart(answer: Answer) -> Any:
    """Lines over days and instants, bars over names; nothing where neither fits."""
    plain = [at for at in range(len(answer.columns)) if not _is_id(answer, at)]
    numbers = [at for at in plain if _is_numeric(answer, at)][:_MOST_SERIES]
    across = next((at for at in plain if not _is_numeric(answer, at)), None)
    if across is None or not numbers or not 2 <= len(answer.rows) <= _MOST_POINTS:
        return None
    label = f"Chart of {', '.join(answer.columns[at] for at in numbers)} by {answer.columns[across]}"
    return html.Div(graph(_chart(answer, across, numbers), label), className="zip-autochart")


def _chart(answer: Answer, across: int, numbers: list[int]) -> Any:
    is_time = _is_time(answer, across)
    rows = sorted(answer.rows, key=lambda row: str(row[across])) if is_time else answer.rows[:_MOST_BARS]
    names = [row[across] if is_time else str(row[across]) for row in rows]
    series = [
        Line(answer.columns[at], [row[at] for row in rows], color(place), is_dashed=place % 2 == 1)
        for place, at in enumerate(numbers)
    ]
    if is_time:
        return lines(names, series)
    return grouped(names, series) if len(series) > 1 else bars(names, [value or 0 for value in series[0].values])


def _is_id(answer: Answer, at: int) -> bool:
    """Whether a column tells things apart instead of counting or naming them."""
    if _ID_NAME.search(answer.columns[at]):
        return True
    texts = [row[at] for row in answer.rows if isinstance(row[at], str)]
    return bool(texts) and all(_HASH.fullmatch(text) for text in texts)


def _is_numeric(answer: Answer, at: int) -> bool:
    values = [row[at] for row in answer.rows if row[at] is not None]
    return bool(values) and all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values)


def _is_time(answer: Answer, at: int) -> bool:
    return all(isinstance(row[at], str) and row[at][:4].isdigit() and row[at][4:5] == "-" for row in answer.rows)
