"""`zipotify down`: stop what `up` started."""

from __future__ import annotations

import typer

from zipotify.cli.common import HomeOption, settings_for


def run(context: typer.Context, home: HomeOption = None) -> None:
    """Stop the `zipotify up` of this home and wait until all its parts have ended.

    Example: `zipotify down --home .zipotify`
    """
    from zipotify.ops.down import run_down

    typer.echo(run_down(settings_for(context, home)))
