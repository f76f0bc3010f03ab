"""`zipotify report`: the figures as one file for mail."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zipotify.cli.common import HomeOption, settings_for


def run(
    context: typer.Context,
    period: Annotated[
        str, typer.Option("--period", help="today, 7d, 28d, 90d, all, or two days: 2018-11-01..2018-11-15")
    ] = "7d",
    out: Annotated[Path, typer.Option("--out", help="File to write.")] = Path("report.html"),
    source: Annotated[str, typer.Option("--source", help="Source; default: the one with the newest event.")] = "",
    home: HomeOption = None,
) -> None:
    """Write a report of the published figures: one HTML file, with nothing to load.

    Example: `zipotify report --period 7d --out report.html`
    """
    from zipotify.dashboard.filters import Filters, checked
    from zipotify.dashboard.report import write_report

    written = write_report(settings_for(context, home), checked(Filters(source=source, period=period)), out)
    typer.echo(f"wrote {written}")
