"""The form that groups and pivots a table without SQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import html

from zipotify.dashboard.catalogue import TableInfo
from zipotify.dashboard.pivot import MEASURES, MOST_ACROSS

FIELDS = ("rows", "across", "measure", "of", "where", "equals")
_NUMBERS = ("integer", "bigint", "double", "hugeint", "smallint", "tinyint", "float", "decimal")


def pivot_form(table: TableInfo) -> Any:
    """What to put into rows, columns and cells; remembered while the browser is open."""
    names = [column.name for column in table.columns]
    numbers = [column.name for column in table.columns if column.type.split("(")[0] in _NUMBERS]
    kept = {"persistence": table.key, "persistence_type": "session"}
    return html.Div(
        [
            html.P(
                f"Rows are grouped by the columns chosen; the {MOST_ACROSS} most frequent values of a column can stand"
                " across. Instants are grouped by their UTC day. The result is drawn, and its SQL can be changed.",
                className="zip-tile-unit",
            ),
            html.Div(
                [
                    dmc.MultiSelect(**_field("rows", "Rows: group by", names), searchable=True, clearable=True, **kept),
                    dmc.Select(**_field("across", "Columns: across", names), searchable=True, clearable=True, **kept),
                    dmc.Select(
                        id=_id("measure"),
                        label="Cells: measure",
                        data=[{"value": name, "label": label} for name, label in MEASURES.items()],
                        value="rows",
                        allowDeselect=False,
                        size="sm",
                        **kept,
                    ),
                    dmc.Select(**_field("of", "of column", numbers or names), searchable=True, clearable=True, **kept),
                    dmc.Select(**_field("where", "Only where", names), searchable=True, clearable=True, **kept),
                    dmc.TextInput(id=_id("equals"), label="is", size="sm", value="", **kept),
                ],
                className="zip-form",
            ),
            dmc.Button("Show", id="pivot-show", size="sm", mt="sm", variant="light"),
            html.Div(id="pivot-problem"),
        ]
    )


def _field(name: str, label: str, data: Sequence[str]) -> dict[str, Any]:
    return {"id": _id(name), "label": label, "data": list(data), "size": "sm", "comboboxProps": {"withinPortal": True}}


def _id(name: str) -> dict[str, str]:
    return {"type": "pivot", "name": name}
