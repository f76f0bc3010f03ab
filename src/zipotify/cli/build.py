"""`zipotify build`: lake -> warehouse -> published snapshot."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from zipotify.cli.common import HomeOption, settings_for
from zipotify.errors import UsageError
from zipotify.settings import Settings


def run(
    context: typer.Context,
    watch: Annotated[bool, typer.Option("--watch", help="Build again and again until stopped.")] = False,
    full: Annotated[bool, typer.Option("--full", help="Start from nothing, even if nothing changed.")] = False,
    interval_s: Annotated[
        int | None, typer.Option("--interval-s", metavar="SECONDS", help="Time from one build to the next.")
    ] = None,
    engine: Annotated[
        Literal["duckdb", "spark"], typer.Option("--engine", help="Spark makes Delta tables, which are not published.")
    ] = "duckdb",
    home: HomeOption = None,
) -> None:
    """Build the warehouse from the lake with dbt, check it, and publish it for readers.

    A failed check leaves what was published before. With `--engine spark` the same models are made by Spark, from
    nothing, as Delta tables in `warehouse/spark` of the home: for more data than one machine holds.

    Example: `zipotify build`
    """
    from zipotify.catalog.store import write_catalog
    from zipotify.warehouse.build import build
    from zipotify.warehouse.watch import describe
    from zipotify.warehouse.watch import watch as keep_building

    settings = settings_for(context, home, build_interval_s=interval_s)
    if watch and engine == "spark":
        raise UsageError("Spark builds from nothing, which is not for --watch", "run it when its tables are needed")
    write_catalog(settings.home.lake)
    if engine == "spark":
        typer.echo(_on_spark(settings))
    elif watch:
        keep_building(settings, full, typer.echo)
    else:
        typer.echo(describe(build(settings, full)))


def _on_spark(settings: Settings) -> str:
    from zipotify.stream.session import spark_session
    from zipotify.warehouse.spark import build_on_spark

    spark = spark_session(settings, "zipotify-build")
    try:
        made = build_on_spark(settings, spark)
    finally:
        spark.stop()
    counts = ", ".join(f"{count} in {schema}" for schema, count in made.table_counts.items())
    return f"made: tables and views, {counts}, in {made.folder}, in {made.duration_s:.1f} s"
