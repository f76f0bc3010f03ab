"""How answers look on a terminal."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.table import Table
from rich.text import Text

from zipotify.contracts.answers import Answer
from zipotify.runtime.terminal import harmless


def show(answer: Answer, form: str) -> None:
    """Print an answer as `json`, `csv` or `table`; on standard error says when it was cut."""
    if form == "json":
        print(answer.as_json())
    elif form == "csv":
        print(answer.as_csv(), end="")
    else:
        _console().print(_table(answer))
    if answer.is_cut:
        print(f"first {len(answer.rows)} rows; --limit was reached", file=sys.stderr)


def _console() -> Console:
    """Lines are never cut where the output isn't a terminal."""
    return Console() if sys.stdout.isatty() else Console(width=10_000)


def _table(answer: Answer) -> Table:
    table = Table(box=None, header_style="bold")
    for column in answer.columns:
        table.add_column(Text(harmless(column)), overflow="fold")
    for row in answer.rows:
        # As text, not as rich's markup: titles may hold brackets.
        table.add_row(*(Text("" if value is None else harmless(value)) for value in row))
    return table
