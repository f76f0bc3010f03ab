"""`zipotify build`: lake -> warehouse -> published snapshot."""

from __future__ import annotations

from typing import Annotated

import typer

from zipotify.cli.common import HomeOption, settings_for


def run(
    context: typer.Context,
    watch: Annotated[bool, typer.Option("--watch", help="Build again and again until stopped.")] = False,
    full: Annotated[bool, typer.Option("--full", help="Start from nothing, even if nothing changed.")] = False,
    interval_s: Annotated[
        int | None, typer.Option("--interval-s", metavar="SECONDS", help="Time from one build to the next.")
    ] = None,
    home: HomeOption = None,
) -> None:
    """Build the warehouse from the lake with dbt, check it, and publish it for readers.

    A failed check leaves what was published before.

    Example: `zipotify build`
    """
    from zipotify.catalog import write_catalog
    from zipotify.warehouse.build import build
    from zipotify.warehouse.watch import describe
    from zipotify.warehouse.watch import watch as keep_building

    settings = settings_for(context, home, build_interval_s=interval_s)
    write_catalog(settings.home.lake)
    if watch:
        keep_building(settings, full, typer.echo)
    else:
        typer.echo(describe(build(settings, full)))
