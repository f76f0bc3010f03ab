"""`zipotify status`: how everything does."""

from __future__ import annotations

import json
from typing import Annotated, Literal

import typer

from zipotify.cli.common import HomeOption, settings_for


def run(
    context: typer.Context,
    form: Annotated[Literal["text", "json"], typer.Option("--format", help="For people or for programs.")] = "text",
    home: HomeOption = None,
) -> None:
    """Show the parts, the newest batch and build, freshness and the ledger; exit code 1 unless all is healthy.

    Example: `zipotify status --format json`
    """
    from zipotify.ops.status import as_lines, read_status

    status = read_status(settings_for(context, home))
    typer.echo(json.dumps(status.as_dict(), indent=2) if form == "json" else "\n".join(as_lines(status)))
    if not status.healthy:
        raise typer.Exit(1)
