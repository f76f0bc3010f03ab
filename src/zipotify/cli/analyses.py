"""`zipotify analyses`: recommendations, music heard together and churn risk, by PySpark."""

from __future__ import annotations

import json
from typing import Annotated, Literal

import typer

from zipotify.cli.common import HomeOption, settings_for


def run(
    context: typer.Context,
    again: Annotated[bool, typer.Option("--again", help="Also where nothing has changed.")] = False,
    form: Annotated[Literal["text", "json"], typer.Option("--format", help="For people or for programs.")] = "text",
    home: HomeOption = None,
) -> None:
    """Work out recommendations, tracks and artists heard together, and churn risk, from what is published.

    Results made from the same events are left as they are; the next build publishes new ones.

    Example: `zipotify analyses`
    """
    from dataclasses import asdict

    from zipotify.analyses.run import run as run_analyses
    from zipotify.stream.session import spark_session

    settings = settings_for(context, home)
    for outcome in run_analyses(settings, lambda: spark_session(settings, "zipotify-analyses"), again):
        if form == "json":
            typer.echo(json.dumps(asdict(outcome)))
        else:
            rows = ", ".join(f"{count:,} rows in {name}" for name, count in outcome.row_counts.items())
            said = f"{rows}, in {outcome.duration_s:.1f} s" if rows else "nothing has changed"
            typer.echo(f"{outcome.name}: {outcome.state}: {said}")
