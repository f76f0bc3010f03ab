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
    speed: Annotated[
        str, typer.Option(metavar="max|N", help="As fast as it goes, or at most N records a second.")
    ] = "max",
    bootstrap_servers: Annotated[
        str | None, typer.Option("--bootstrap-servers", metavar="HOST:PORT", help="External Kafka.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, only the summary.")] = False,
    home: HomeOption = None,
) -> None:
    """Send recorded logs to Kafka as they are; the stream takes them from there.

    Both Eventsim dialects are read. Sending a file again changes nothing but the count of repeats.

    Example: `zipotify replay listen_events.ndjson page_view_events.ndjson.gz`
    """
    from rich.console import Console

    from zipotify.simulate.replay import rate_of, replay_files

    settings = settings_for(context, home, bootstrap_servers=bootstrap_servers)
    console = Console(stderr=True)
    shows = console.is_terminal and not quiet
    with console.status("reading ...") as status:

        def show(count: int) -> None:
            if shows:
                status.update(f"{count:,} records sent")

        report = replay_files(settings, files, source, topic, rate_of(speed), show)
    listed = ", ".join(f"{name} {count}" for name, count in sorted(report.sent.items()))
    typer.echo(f"sent {report.sent_count} records: {listed}")
    if report.too_large_count:
        typer.echo(
            f"  TOO_LARGE: {report.too_large_count} (kept in {settings.home.outbox}, on their way to quarantine)"
        )
