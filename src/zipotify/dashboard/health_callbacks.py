"""Health's own: the records of one reason, for the address that names it."""

from __future__ import annotations

import asyncio
from typing import Any

from dash import Dash, Input, Output, State, no_update

from zipotify.dashboard.pages import quarantine
from zipotify.settings import Settings


def register(app: Dash, settings: Settings) -> None:
    """Connect the page."""

    @app.callback(  # type: ignore[untyped-decorator]
        Output("quarantine-records", "children"), Input("url", "search"), State("url", "pathname")
    )
    async def show(search: str, path: str) -> Any:
        if path != quarantine.PATH:
            return no_update
        return await asyncio.to_thread(quarantine.listed, settings, search or "")
