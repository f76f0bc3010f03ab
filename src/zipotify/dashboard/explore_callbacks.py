"""Explore's own: an address names a table or a query; running a query writes it into the address."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlencode

from dash import ALL, ClientsideFunction, Dash, Input, Output, State, no_update

from zipotify.access.identity import require
from zipotify.access.roles import Role
from zipotify.dashboard.catalogue import Catalogue
from zipotify.dashboard.components import messages
from zipotify.dashboard.pages import explore
from zipotify.dashboard.pivot import Pivot, check, pivot_sql, values_sql
from zipotify.errors import QueryError, ZipotifyError
from zipotify.settings import Settings


def register(app: Dash, settings: Settings, catalogue: Catalogue) -> None:
    """Connect the page."""
    _register_address(app, settings, catalogue)
    _register_pivot(app, catalogue)
    app.clientside_callback(
        ClientsideFunction("zipotify", "runByKey"), Output("explore-sql", "title"), Input("explore-sql", "id")
    )
    app.clientside_callback(
        ClientsideFunction("zipotify", "complete"),
        Output("explore-sql", "spellCheck"),
        Input("explore-words", "data"),
        State("explore-sql", "id"),
    )


def _register_address(app: Dash, settings: Settings, catalogue: Catalogue) -> None:
    @app.callback(  # type: ignore[untyped-decorator]
        Output("explore-list", "children"),
        Output("explore-main", "children"),
        Output("explore-sql", "value"),
        Output("explore-words", "data"),
        Input("url", "search"),
        State("url", "pathname"),
    )
    async def show(search: str, path: str) -> tuple[Any, Any, Any, Any]:
        if path != explore.PAGE.path:
            return no_update, no_update, no_update, no_update
        sql = explore.asked(search)[1]
        listed, shown = await asyncio.to_thread(explore.explored, settings, catalogue, search or "")
        return listed, shown, sql or no_update, await asyncio.to_thread(_words, catalogue)

    @app.callback(  # type: ignore[untyped-decorator]
        Output("url", "search", allow_duplicate=True),
        Input("explore-run", "n_clicks"),
        State("explore-sql", "value"),
        prevent_initial_call=True,
    )
    async def run(clicks: int | None, sql: str) -> Any:
        # A button that has just appeared counts as changed, and was not pressed.
        return f"?{urlencode({'sql': sql or ''})}" if clicks else no_update


def _words(catalogue: Catalogue) -> dict[str, list[str]]:
    """What SQL may name: tables, and the columns of each; nothing for whom SQL is not."""
    try:
        require(Role.ANALYST)
    except ZipotifyError:
        return {}
    return {table.name: [column.name for column in table.columns] for table in catalogue.queryable()}


def _register_pivot(app: Dash, catalogue: Catalogue) -> None:
    @app.callback(  # type: ignore[untyped-decorator]
        Output("url", "search", allow_duplicate=True),
        Output("pivot-problem", "children"),
        Input("pivot-show", "n_clicks"),
        State({"type": "pivot", "name": ALL}, "value"),
        State({"type": "pivot", "name": ALL}, "id"),
        State("url", "search"),
        prevent_initial_call=True,
    )
    async def show(clicks: int | None, values: list[Any], ids: list[dict[str, str]], search: str) -> Any:
        if not clicks:
            return no_update, no_update
        chosen = {each["name"]: value for each, value in zip(ids, values, strict=True)}
        try:
            key = explore.asked(search)[0]
            sql = await asyncio.to_thread(_pivoted, catalogue, key, chosen)
        except ZipotifyError as error:
            return no_update, messages.problem(error.what, error.to_do)
        return f"?{urlencode({'table': key, 'sql': sql})}", None


def _pivoted(catalogue: Catalogue, key: str, chosen: dict[str, Any]) -> str:
    """The SQL of what is chosen for a table."""
    require(Role.ANALYST)
    table = next((table for table in catalogue.queryable() if table.key == key), None)
    if table is None:
        raise QueryError("no table is chosen", "choose one of the warehouse's from the list")
    texts = {name: value or "" for name, value in chosen.items() if name != "rows"}
    pivot = Pivot(tuple(chosen.get("rows") or ()), **texts)
    check(table, pivot)
    values = catalogue.ask(values_sql(table, pivot)) if pivot.across else []
    return pivot_sql(table, pivot, [row[0] for row in values])
