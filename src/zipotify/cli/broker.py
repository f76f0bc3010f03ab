"""`zipotify broker`: Kafka."""

from __future__ import annotations

from typing import Annotated

import typer

from zipotify.cli.common import HomeOption, settings_for


def run(
    context: typer.Context,
    port: Annotated[
        int | None, typer.Option("--port", min=1, max=65535, help="Listen there; default: 9092 or the next free one.")
    ] = None,
    bootstrap_servers: Annotated[
        str | None,
        typer.Option("--bootstrap-servers", metavar="HOST:PORT", help="External Kafka: only create the topics there."),
    ] = None,
    home: HomeOption = None,
) -> None:
    """Run Apache Kafka as one node on loopback, with its data in the home.

    Runs until Ctrl-C; starts again where it stopped.

    Example: `zipotify broker --port 9095`
    """
    from zipotify.broker.embedded import run_broker

    run_broker(settings_for(context, home, bootstrap_servers=bootstrap_servers), port)
