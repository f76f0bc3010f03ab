"""A table of any size that one can filter, sort and leaf through."""

from __future__ import annotations

from typing import Any

import dash_ag_grid as dag

from zipotify.contracts.answers import Answer
from zipotify.dashboard.tile import Component


def grid(answer: Answer) -> Component:
    """Rows that can be filtered and sorted by column."""
    fields = [f"c{at}" for at in range(len(answer.columns))]
    numbers = {at for at in range(len(fields)) if any(isinstance(row[at], (int, float)) for row in answer.rows)}
    columns = [
        {
            "field": field,
            "headerName": name,
            "filter": "agNumberColumnFilter" if at in numbers else "agTextColumnFilter",
            "type": "numericColumn" if at in numbers else None,
        }
        for at, (field, name) in enumerate(zip(fields, answer.columns, strict=True))
    ]
    return dag.AgGrid(
        columnDefs=columns,
        rowData=[dict(zip(fields, map(_cell, row), strict=True)) for row in answer.rows],
        defaultColDef={"sortable": True, "resizable": True, "minWidth": 90, "maxWidth": 380},
        columnSize="autoSize",
        dashGridOptions={
            "pagination": True,
            "paginationPageSize": 50,
            "animateRows": False,
            "enableCellTextSelection": True,
        },
        style={"height": "460px"},
        className="zip-grid-view",
    )


def _cell(value: Any) -> Any:
    """Nested values as text; whole numbers beyond what a browser counts exactly too."""
    if isinstance(value, (list, dict)):
        return str(value)
    return str(value) if isinstance(value, int) and abs(value) > 2**53 else value
