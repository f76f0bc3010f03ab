"""`zipotify dashboard`: look at it."""

from __future__ import annotations

from typing import Annotated

import typer

from zipotify.cli.common import HomeOption, settings_for


def run(
    context: typer.Context,
    host: Annotated[str | None, typer.Option("--host", help="Address to serve on; default 127.0.0.1.")] = None,
    port: Annotated[int | None, typer.Option("--port", min=1, max=65535, help="Port; default 8050.")] = None,
    home: HomeOption = None,
) -> None:
    """Serve the dashboard, its API and its metrics, until Ctrl-C.

    Example: `zipotify dashboard --port 8050`
    """
    settings = settings_for(context, home, dashboard_host=host, dashboard_port=port)
    from zipotify.dashboard.server import serve

    serve(settings)
