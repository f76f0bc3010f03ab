"""`zipotify ledger`: is every event accounted for?"""

from __future__ import annotations

import json
from typing import Annotated, Literal

import typer

from zipotify.cli.common import HomeOption, settings_for, stop_on_signal


def run(
    context: typer.Context,
    output: Annotated[Literal["text", "json"], typer.Option("--format", help="How to print it.")] = "text",
    watch: Annotated[bool, typer.Option("--watch", help="Check again and again, for the dashboard.")] = False,
    home: HomeOption = None,
) -> None:
    """Account for every event: produced = bronze + refused + repeats + in flight + erased + expired.

    Exit code 1 when a line does not balance.

    Example: `zipotify ledger --format json`
    """
    from zipotify.cli import _tables
    from zipotify.ops.ledger import check
    from zipotify.ops.ledger import watch as watch_ledger

    settings = settings_for(context, home)
    settings.home.require()
    if watch:
        watch_ledger(settings, stop_on_signal())
        return
    report = check(settings)
    typer.echo(json.dumps(report.as_json(), indent=2)) if output == "json" else _tables.print_ledger(report)
    raise typer.Exit(0 if report.balanced else 1)
