"""Where a table comes from and where it goes: step by step back to the lake, and one step on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dash import dcc, html

from zipotify.dashboard.catalogue import TableInfo

_KINDS = {"stg_": "staging", "int_": "intermediate"}


def lineage(table: TableInfo, parents: Mapping[str, Sequence[str]], keys: Mapping[str, str]) -> Any:
    """Nothing for a table that no model knows. `keys` leads from names to addresses of tables that Explore shows."""
    if not table.made_from and not table.used_by:
        return None
    steps = _steps(table, parents)
    lines = [
        ("Made from" if number == 0 else "which is made from", _names(step, keys)) for number, step in enumerate(steps)
    ]
    lines.append(("Used by", _names(table.used_by, keys) or ["nothing else"]))
    return html.Dl(
        [html.Div([html.Dt(title), html.Dd(names)], className="zip-lineage-step") for title, names in lines],
        className="zip-lineage",
    )


def _steps(table: TableInfo, parents: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """Each name once, at its first step back."""
    steps, seen, now = [], {table.name}, list(table.made_from)
    while now:
        steps.append(now)
        seen |= set(now)
        now = sorted({before for name in now for before in parents.get(name, ())} - seen)
    return steps


def _names(names: Sequence[str], keys: Mapping[str, str]) -> list[Any]:
    return [_name(name, keys.get(name)) for name in names]


def _name(name: str, key: str | None) -> Any:
    if key:
        return dcc.Link(name, href=f"/explore?table={key}", className="zip-link")
    kind = next((kind for start, kind in _KINDS.items() if name.startswith(start)), "not published")
    return html.Span(name, title=f"{name}: {kind}, inside a build only")
