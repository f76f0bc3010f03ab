"""`zipotify dashboard`: look at it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from zipotify.cli.common import HomeOption, settings_for
from zipotify.cli.plan import plan_file


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

    serve(settings, _plan)


def _plan() -> dict[str, Any] | None:
    """The project plan where this was started, as `plan export --format json` writes it."""
    from zipotify.plan.export import as_json
    from zipotify.plan.view import read_view

    path = plan_file(None)
    if not path.exists():
        return None
    view: dict[str, Any] = json.loads(as_json(read_view(path, datetime.now(UTC).date())))
    return view
