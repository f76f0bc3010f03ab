"""`zipotify up`: everything at once."""

from __future__ import annotations

from typing import Annotated

import typer

from zipotify.cli.common import HomeOption, settings_for


def run(
    context: typer.Context,
    for_s: Annotated[
        float | None,
        typer.Option("--for", min=1, metavar="SECONDS", help="Stop so long after all runs, and judge the run."),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option("--port", min=1, max=65535, help="Of the dashboard; default: 8050 or the next free one."),
    ] = None,
    bootstrap_servers: Annotated[
        str | None, typer.Option("--bootstrap-servers", metavar="HOST:PORT", help="External Kafka instead of our own.")
    ] = None,
    home: HomeOption = None,
) -> None:
    """Run everything: Kafka, the simulator, the stream, warehouse builds, the ledger and the dashboard.

    Ctrl-C or `zipotify down` stops all of it; the next start continues. With --for, exits 0 only if every part was
    healthy and the ledger balances.

    Example: `zipotify up --for 120`
    """
    from zipotify.ops.up import run_up

    run_up(settings_for(context, home, bootstrap_servers=bootstrap_servers), for_s, port)
