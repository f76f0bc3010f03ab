"""Quarantine: the records that were refused for one reason. Never what they held, which may be personal."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlencode

import dash_ag_grid as dag
import dash_mantine_components as dmc
import polars as pl
from dash import html
from deltalake import DeltaTable

from zipotify.contracts.tables import QUARANTINE
from zipotify.dashboard.components import messages
from zipotify.dashboard.filters import Filters
from zipotify.dashboard.pages.page import Page
from zipotify.dashboard.tile import Component
from zipotify.settings import Settings

PATH = "/health/quarantine"
SHOWN = 500
_ID = pl.coalesce(
    pl.concat_str("load_id", "load_row", separator=":"),
    pl.concat_str("topic", "kafka_partition", "kafka_offset", separator=":"),
).alias("id")
_COLUMNS = ("id", "topic", "reason", "message", "source", "produced_at", "ingested_at", "size_bytes", "discarded_at")


def refused_href(reason: str, topic: str) -> str:
    """Where the records of one reason are listed."""
    return f"{PATH}?{urlencode({'reason': reason, 'topic': topic})}"


def refused(settings: Settings, search: str) -> tuple[list[dict[str, Any]], int]:
    """The newest records of the reason and topic that an address names, and how many there are in all."""
    path = str(settings.home.lake / QUARANTINE.path)
    if not DeltaTable.is_deltatable(path):
        return [], 0
    given = parse_qs((search or "").lstrip("?"))
    rows = pl.scan_delta(path)
    for name in ("reason", "topic"):
        rows = rows.filter(pl.col(name) == given[name][0]) if name in given else rows
    count = int(rows.select(pl.len()).collect().item())
    shown = rows.select(_ID, pl.exclude("id"), pl.col("value").bin.size().alias("size_bytes")).select(_COLUMNS)
    newest = shown.sort("produced_at", descending=True).head(SHOWN).collect()
    return newest.with_columns(pl.col(pl.Datetime).dt.strftime("%Y-%m-%d %H:%M:%S")).to_dicts(), count


def listed(settings: Settings, search: str) -> Component:
    """The records, to be filtered and sorted."""
    rows, count = refused(settings, search)
    if not rows:
        return messages.empty("No record was refused for that reason.", "Health lists the reasons that there are.")
    heads = {"id": "Record", "size_bytes": "Bytes", "produced_at": "Produced (UTC)", "ingested_at": "Refused (UTC)"}
    columns = [{"field": name, "headerName": heads.get(name, name.replace("_", " ").capitalize())} for name in _COLUMNS]
    said = f"{count:,} records" if count <= SHOWN else f"the newest {SHOWN:,} of {count:,} records"
    return html.Div(
        [
            html.P(
                f"{said}. What a record held is not shown here: zipotify quarantine show RECORD does, at the machine;"
                " zipotify quarantine replay sends it again.",
                className="zip-tile-unit",
            ),
            dag.AgGrid(
                columnDefs=columns,
                rowData=rows,
                defaultColDef={"sortable": True, "resizable": True, "filter": True, "minWidth": 90, "maxWidth": 420},
                columnSize="autoSize",
                dashGridOptions={"pagination": True, "paginationPageSize": 50, "animateRows": False},
                style={"height": "520px"},
                className="zip-grid-view",
            ),
        ]
    )


def layout(_filters: Filters) -> Component:
    """A frame; the callback fills it for the address."""
    return html.Section(dmc.Skeleton(height=320), id="quarantine-records", className="zip-tile")


PAGE = Page(
    PATH, "Quarantine", "Which records were refused, and why?", layout=layout, has_filters=False, above="/health"
)
