"""`zipotify stream`: Kafka -> lake and live rollups."""

from __future__ import annotations

from typing import Annotated

import typer

from zipotify.cli.common import HomeOption, settings_for


def run(
    context: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="Stop when all that Kafka has now is in the lake.")] = False,
    bootstrap_servers: Annotated[
        str | None, typer.Option("--bootstrap-servers", metavar="HOST:PORT", help="External Kafka.")
    ] = None,
    home: HomeOption = None,
) -> None:
    """Take events from Kafka into the lake, and roll recent ones up for the live tiles.

    Runs until Ctrl-C; starts again where it stopped.

    Example: `zipotify stream --once`
    """
    from zipotify.lake import ensure_tables
    from zipotify.lake.housekeeping import Housekeeper
    from zipotify.stream.app import run_stream

    settings = settings_for(context, home, bootstrap_servers=bootstrap_servers)
    ensure_tables(settings.home.lake)
    run_stream(settings, once, Housekeeper(settings))
