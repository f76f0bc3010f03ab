"""Top lists: a real table, so that it can be read aloud, with bars behind the counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dash import dcc, html

from zipotify.dashboard import wording


@dataclass(frozen=True)
class Entry:
    """One line of a top list."""

    name: str
    value: float
    by: str = ""
    note: str = ""
    """A further column: a share, listeners."""
    move: str = ""
    """How the rank changed: new, or up or down by so many."""
    href: str = ""
    by_href: str = ""
    shown: str = ""
    """How the value is written, where it is no count."""


def moved(rank: int, before: int | None) -> str:
    """A rank against the one before."""
    if before is None:
        return "new"
    return "=" if rank == before else f"▲{before - rank}" if rank < before else f"▼{rank - before}"


def ranking(entries: Sequence[Entry], name: str, value: str, note: str = "", with_moves: bool = False) -> Any:
    """The list; `name`, `value` and `note` head the columns."""
    largest = max((entry.value for entry in entries), default=0) or 1
    heads = ["#", name, *(["Change"] if with_moves else []), value, *([note] if note else [])]
    return html.Div(
        html.Table(
            [
                html.Thead(html.Tr([html.Th(head, scope="col") for head in heads])),
                html.Tbody(
                    [_row(rank, entry, largest, with_moves, bool(note)) for rank, entry in enumerate(entries, 1)]
                ),
            ],
            className="zip-ranking",
        ),
        className="zip-scroll",
    )


def _row(rank: int, entry: Entry, largest: float, with_moves: bool, with_note: bool) -> Any:
    title = dcc.Link(entry.name, href=entry.href) if entry.href else html.Span(entry.name)
    by = dcc.Link(entry.by, href=entry.by_href) if entry.by_href else entry.by
    cells = [
        html.Td(rank, className="zip-rank"),
        html.Td(
            [html.Div(title, className="zip-name"), html.Div(by, className="zip-by") if entry.by else None],
            title=f"{entry.name} – {entry.by}" if entry.by else entry.name,  # noqa: RUF001
        ),
    ]
    if with_moves:
        tone = "zip-up" if entry.move[:1] in ("▲", "n") else "zip-down" if entry.move[:1] == "▼" else ""
        cells.append(html.Td(entry.move, className=f"zip-move {tone}"))
    bar = {"--share": f"{entry.value / largest:.4f}"}
    cells.append(html.Td(html.Span(entry.shown or wording.count(entry.value)), className="zip-bar", style=bar))
    if with_note:
        cells.append(html.Td(entry.note, className="zip-note"))
    return html.Tr(cells)
