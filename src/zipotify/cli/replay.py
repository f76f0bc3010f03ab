"""`zipotify replay`: recorded logs -> Kafka."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zipotify.cli.common import HomeOption, settings_for


def run(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Files and folders, plain or .gz.")],
    source: Annotated[str, typer.Option(help="Name of the source that the events belong to.")] = "recorded",
    topic: Annotated[str | None, typer.Option(help="Topic of all files; default: by name or content.")] = None,
    bootstrap_servers: Annotated[
        str | None, typer.Option("--bootstrap-servers", metavar="HOST:PORT", help="External Kafka.")
    ] = None,
    home: HomeOption = None,
) -> None:
    """Send recorded logs through Kafka, as they are; the stream takes them from there.

    Both Eventsim dialects are read. Sending a file again changes nothing but the count of repeats.

    Example: `zipotify replay listen_events.ndjson`
    """
    from rich.console import Console

    from zipotify.lake.refusals import keep_too_large
    from zipotify.simulate.replay import replay_files

    settings = settings_for(context, home, bootstrap_servers=bootstrap_servers)
    too_large: list[tuple[str, bytes]] = []
    with Console(stderr=True).status("sending ...") as status:
        report = replay_files(
            settings,
            files,
            source,
            topic,
            on_too_large=lambda name, value: too_large.append((name, value)),
            on_progress=lambda count: status.update(f"{count:,} records sent"),
        )
    keep_too_large(settings, source, too_large)
    typer.echo(f"sent {report.sent_count}, {report.too_large_count} too large for Kafka (kept in quarantine)")
