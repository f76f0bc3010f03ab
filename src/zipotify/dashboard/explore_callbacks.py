"""Explore's own: an address names a table or a query; running a query writes it into the address."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import quote

from dash import ClientsideFunction, Dash, Input, Output, State, no_update

from zipotify.dashboard.catalogue import Catalogue
from zipotify.dashboard.pages import explore
from zipotify.settings import Settings


def register(app: Dash, settings: Settings, catalogue: Catalogue) -> None:
    """Connect the page."""

    @app.callback(  # type: ignore[untyped-decorator]
        Output("explore-list", "children"),
        Output("explore-main", "children"),
        Output("explore-sql", "value"),
        Input("url", "search"),
        State("url", "pathname"),
    )
    async def show(search: str, path: str) -> tuple[Any, Any, Any]:
        if path != explore.PAGE.path:
            return no_update, no_update, no_update
        sql = explore.asked(search)[1]
        listed, shown = await asyncio.to_thread(explore.explored, settings, catalogue, search or "")
        return listed, shown, sql or no_update

    @app.callback(  # type: ignore[untyped-decorator]
        Output("url", "search", allow_duplicate=True),
        Input("explore-run", "n_clicks"),
        State("explore-sql", "value"),
        prevent_initial_call=True,
    )
    async def run(clicks: int | None, sql: str) -> Any:
        # A button that has just appeared counts as changed, and was not pressed.
        return f"?sql={quote(sql or '')}" if clicks else no_update

    app.clientside_callback(
        ClientsideFunction("zipotify", "runByKey"), Output("explore-sql", "title"), Input("explore-sql", "id")
    )
