"""Explore: show me the rows. Every table of every stage, and a box for SQL; what one sees is in the address."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qs, quote

import dash_mantine_components as dmc
from dash import dcc, html

from zipotify.access.identity import require
from zipotify.access.roles import Role
from zipotify.contracts.answers import Answer
from zipotify.dashboard import wording
from zipotify.dashboard.catalogue import Catalogue, TableInfo
from zipotify.dashboard.components import messages
from zipotify.dashboard.components.autochart import autochart
from zipotify.dashboard.components.card import downloads, png_button
from zipotify.dashboard.components.datagrid import grid
from zipotify.dashboard.components.lineage import lineage
from zipotify.dashboard.components.pivot_form import pivot_form
from zipotify.dashboard.documentation import PATH
from zipotify.dashboard.filters import Filters
from zipotify.dashboard.pages.page import Page
from zipotify.dashboard.sandbox import EXPORT_ROW_LIMIT, ROW_LIMIT, TIME_LIMIT_S, run_sql
from zipotify.dashboard.tile import Component
from zipotify.errors import ForbiddenError, QueryError
from zipotify.settings import Settings

_STAGES = {
    "warehouse": "Warehouse: published marts",
    "lake": "Lake: events as they came",
    "topics": "Kafka topics: events on their way",
    "live": "Serving database: live, and the parts",
}
_EXAMPLE = "select date_day, play_count, active_user_count from agg_day order by date_day desc"


def layout(_filters: Filters) -> Component:
    """Frames; `explored` fills them for the address."""
    return html.Div(
        [
            html.Nav(dmc.Skeleton(height=300), id="explore-list", className="zip-tables", **{"aria-label": "Tables"}),
            html.Div(
                [
                    html.Section(
                        [
                            html.Label("SQL on the published marts", htmlFor="explore-sql", className="zip-tile-title"),
                            html.P(
                                f"Read-only: one SELECT, {TIME_LIMIT_S:.0f} s and {ROW_LIMIT:,} rows at most."
                                f" Ctrl+Enter runs it. Tables and columns are suggested as you type: arrows choose, Tab"
                                f" takes, Escape closes. Downloads hold up to {EXPORT_ROW_LIMIT:,} rows.",
                                className="zip-tile-unit",
                            ),
                            html.Div(
                                dcc.Textarea(
                                    id="explore-sql", value=_EXAMPLE, className="zip-sql-box", spellCheck=False
                                ),
                                className="zip-sql-place",
                            ),
                            dcc.Store(id="explore-words"),
                            dmc.Button("Run", id="explore-run", color="zip.7", size="sm", mt="xs", className="zip-run"),
                        ],
                        className="zip-tile",
                    ),
                    html.Section(
                        dmc.Skeleton(height=320),
                        id="explore-main",
                        className="zip-tile",
                        **{"aria-live": "polite", "aria-label": "Result"},
                    ),
                ],
                className="zip-explored",
            ),
        ],
        className="zip-explore",
    )


def asked(search: str) -> tuple[str, str]:
    """Table and SQL that an address names."""
    given = parse_qs((search or "").lstrip("?"))
    return given.get("table", [""])[0], given.get("sql", [""])[0]


def explored(settings: Settings, catalogue: Catalogue, search: str) -> tuple[Component, Component]:
    """The list of tables, and what was asked for."""
    try:
        require(Role.ANALYST)
    except ForbiddenError as error:
        return [], messages.problem(error.what, error.to_do)
    name, sql = asked(search)
    tables = catalogue.tables()
    listed = _listed(tables, name)
    try:
        table = next((table for table in tables if table.key == name), None)
        if sql:
            return listed, [*_grouping(table, is_open=True), *_result(sql, run_sql(settings, sql))]
        if table is None and name:
            raise QueryError(f"there is no table {name[:80]}", "choose one from the list")
        if table is None:
            return listed, _all(tables)
        return listed, _described(table, tables, catalogue)
    except QueryError as error:
        return listed, messages.problem(error.what, error.to_do)


def _listed(tables: Sequence[TableInfo], chosen: str) -> Component:
    return [
        html.Div(
            [
                html.H2(title, className="zip-stage"),
                html.Ul([_entry(table, table.key == chosen) for table in tables if table.stage == stage]),
            ]
        )
        for stage, title in _STAGES.items()
    ]


def _entry(table: TableInfo, is_chosen: bool) -> Component:
    count = "" if table.row_count is None else wording.count(table.row_count)
    look = "zip-table-link zip-active" if is_chosen else "zip-table-link"
    return html.Li(
        dcc.Link([html.Span(table.name), html.Span(count)], href=f"/explore?table={table.key}", className=look)
    )


def _all(tables: Sequence[TableInfo]) -> Component:
    """What there is, before anything is chosen: every table with what a row of it is."""
    heads = html.Thead(html.Tr([html.Th(name, scope="col") for name in ("Table", "Rows", "Columns", "What a row is")]))
    parts = [
        [html.Tr(html.Th(title, scope="colgroup", colSpan=4, className="zip-stage-row"))]
        + [_summary(table) for table in tables if table.stage == stage]
        for stage, title in _STAGES.items()
    ]
    return [
        html.H2("All tables", className="zip-tile-title"),
        html.P(
            [
                "A name leads to its columns, lineage and a sample; SQL above asks the warehouse. All models: ",
                html.A("dbt's documentation", href=PATH, target="_blank", rel="noopener", className="zip-inline-link"),
            ],
            className="zip-tile-unit",
        ),
        html.Div(
            html.Table([heads, html.Tbody([row for part in parts for row in part])], className="zip-columns"),
            className="zip-scroll",
        ),
    ]


def _summary(table: TableInfo) -> Component:
    count = wording.NOTHING if table.row_count is None else wording.exact(table.row_count)
    cells = [
        html.Td(dcc.Link(table.name, href=f"/explore?table={table.key}", className="zip-link")),
        html.Td(count, className="zip-figure"),
        html.Td(len(table.columns), className="zip-figure"),
        html.Td(table.doc),
    ]
    return html.Tr(cells)


def _described(table: TableInfo, tables: Sequence[TableInfo], catalogue: Catalogue) -> Component:
    count = "unknown" if table.row_count is None else wording.exact(table.row_count)
    head = [
        html.H2(table.name, className="zip-tile-title"),
        html.P(
            f"{table.doc or 'no description'} · made from {table.comes_from} · {count} rows", className="zip-tile-unit"
        ),
    ]
    keys = {each.name: each.key for each in tables if each.stage in ("lake", "warehouse")}
    way = lineage(table, catalogue.lineage(), keys)
    folded = {f"{len(table.columns)} columns": _columns(table), **({"Lineage": way} if way else {})}
    columns = dmc.Accordion(
        [
            dmc.AccordionItem([dmc.AccordionControl(title), dmc.AccordionPanel(content)], value=title)
            for title, content in folded.items()
        ],
        variant="separated",
        multiple=True,
        my="sm",
    )
    try:
        sample = catalogue.sample(table)
    except QueryError as error:
        return [*head, columns, messages.notice(error.what, error.to_do)]
    is_asked = table.stage == "warehouse"
    address = _query_address(f"select * from {table.name}") if is_asked else f"/api/v1/sample/{table.key}?"
    return [
        *head,
        columns,
        *_grouping(table),
        *_table(sample, address),
        html.P(f"A sample of {len(sample.rows)} rows.", className="zip-tile-foot"),
    ]


def _grouping(table: TableInfo | None, is_open: bool = False) -> list[Any]:
    """The form that needs no SQL, for tables that SQL can ask."""
    if table is None or table.stage != "warehouse":
        return []
    item = dmc.AccordionItem(
        [
            dmc.AccordionControl(f"Group, pivot and chart {table.name} without SQL"),
            dmc.AccordionPanel(pivot_form(table)),
        ],
        value="pivot",
    )
    return [dmc.Accordion(item, variant="separated", my="sm", value="pivot" if is_open else None)]


def _columns(table: TableInfo) -> Component:
    heads = html.Thead(html.Tr([html.Th(name, scope="col") for name in ("Column", "Type", "What it is")]))
    rows = [html.Tr([html.Td(c.name), html.Td(c.type), html.Td(c.doc)]) for c in table.columns]
    return html.Div(html.Table([heads, html.Tbody(rows)], className="zip-columns"), className="zip-scroll")


def _query_address(sql: str) -> str:
    return f"/api/v1/query?sql={quote(sql)}&"


def _result(sql: str, answer: Answer) -> Component:
    cut = f"first {ROW_LIMIT:,} rows; there are more" if answer.is_cut else f"{len(answer.rows):,} rows"
    return [
        html.H2("Result", className="zip-tile-title"),
        html.P(cut, className="zip-tile-unit"),
        *_table(answer, _query_address(sql)),
        autochart(answer),
    ]


def _table(answer: Answer, address: str) -> list[Any]:
    if not answer.rows:
        return [messages.empty("No rows.")]
    links = [*downloads(address, "result"), png_button("explore-main", "result")]
    return [dmc.Group([dmc.Text("Download", size="sm", fw=600), *links], gap="sm", my="xs"), grid(answer)]


PAGE = Page("/explore", "Explore", "Show me the rows.", layout=layout, has_filters=False)
