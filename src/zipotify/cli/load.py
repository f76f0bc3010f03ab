"""`zipotify load`: recorded logs -> lake, without Kafka or a JVM."""

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
    first_day: Annotated[str | None, typer.Option(metavar="DAY", help="Only events from this day on, UTC.")] = None,
    last_day: Annotated[str | None, typer.Option(metavar="DAY", help="Only events up to and with this day.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, only the summary.")] = False,
    home: HomeOption = None,
) -> None:
    """Write recorded logs straight into the lake: the same tables as through Kafka and Spark.

    Both Eventsim dialects are read. Loading a file again changes nothing but the count of repeats. Records whose time
    cannot be read belong to every range of days: they are refused and kept, as always.

    Example: `zipotify load listen_events.ndjson page_view_events.ndjson.gz`
    """
    from rich.console import Console

    from zipotify.contracts.period import period_of
    from zipotify.lake.load import LoadReport, load_files

    console = Console(stderr=True)
    shows = console.is_terminal and not quiet
    with console.status("reading ...") as status:

        def show(report: LoadReport) -> None:
            if shows:
                status.update(f"{report.read_count:,} records read")

        period = period_of(first_day, last_day)
        report = load_files(settings_for(context, home), files, source, topic, show, period)
    refused = sum(report.refused.values())
    typer.echo(
        f"read {report.read_count}: {report.bronze_count} new, {report.repeat_count} repeats, {refused} refused"
        f" (load {report.load_id})"
    )
    if report.erased_count:
        typer.echo(f"  left out: {report.erased_count} of people who were erased")
    if report.outside_count:
        typer.echo(f"  left out: {report.outside_count} of other days")
    for reason, count in sorted(report.refused.items()):
        typer.echo(f"  {reason}: {count} (kept in quarantine)")
