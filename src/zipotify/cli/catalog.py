"""`zipotify catalog`: import Million Song data, and look at the catalogue that is used."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from zipotify.cli.common import HomeOption, settings_for

if TYPE_CHECKING:
    from zipotify.catalog.importer import Readers
    from zipotify.catalog.recognise import Found
    from zipotify.settings import Settings

app = typer.Typer(
    no_args_is_help=True,
    help="Import Million Song data, and look at the catalogue that is used.\n\n"
    "Example: `zipotify catalog import track_metadata.db train_triplets.txt.zip`",
)
_Format = Annotated[Literal["table", "json"], typer.Option("--format", help="For people or for machines.")]


@app.command("import")
def import_(
    context: typer.Context,
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Files and folders, plain, .gz or .zip.")],
    engine: Annotated[
        Literal["auto", "local", "spark"], typer.Option("--engine", help="auto: Spark from 20,000 HDF5 files on.")
    ] = "auto",
    output_format: _Format = "table",
    home: HomeOption = None,
) -> None:
    """Import Million Song data: HDF5, track_metadata.db, listen counts, unique_tracks.txt, taste-profile triplets.

    All paths of one call together become the catalogue, in the place of the one before; the simulator and the
    warehouse use it from then on. A broken file is named and skipped.

    Example: `zipotify catalog import MillionSongSubset/data train_triplets.txt.zip`
    """
    from zipotify.catalog.importer import import_catalog
    from zipotify.cli._catalog import print_import

    settings = settings_for(context, home)
    with settings.home.lock("lake"):
        report = import_catalog(settings.home.lake, paths, lambda found: _readers(settings, engine, found))
    if output_format == "json":
        typer.echo(json.dumps(report.to_dict(), indent=1))
    else:
        print_import(report)


@app.command()
def show(context: typer.Context, output_format: _Format = "table", home: HomeOption = None) -> None:
    """Say which catalogue is used, how complete it is, and what is played most.

    Example: `zipotify catalog show`
    """
    from zipotify.catalog.choose import choose_catalog
    from zipotify.catalog.search import summarise
    from zipotify.cli._catalog import print_summary, summary_to_dict

    summary = summarise(choose_catalog(settings_for(context, home).home.lake))
    if output_format == "json":
        typer.echo(json.dumps(summary_to_dict(summary), indent=1))
    else:
        print_summary(summary)


@app.command()
def search(
    context: typer.Context,
    text: Annotated[str, typer.Argument(help="Words of the artist and the title.")],
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many tracks.")] = 20,
    output_format: _Format = "table",
    home: HomeOption = None,
) -> None:
    """Find tracks by words of their artist and title, the most played first.

    Example: `zipotify catalog search "velvet river"`
    """
    from zipotify.catalog.choose import choose_catalog
    from zipotify.catalog.search import find_tracks
    from zipotify.cli._catalog import print_tracks

    found = find_tracks(choose_catalog(settings_for(context, home).home.lake), text, limit)
    if output_format == "json":
        typer.echo(json.dumps(found.to_dicts(), ensure_ascii=False))
    else:
        print_tracks(found)


def _readers(settings: Settings, engine: str, found: Found) -> Readers:
    """Spark only when it is asked for, or worth its start."""
    from zipotify.catalog.importer import SPARK_FROM_FILES, LocalReaders

    if engine == "local" or (engine == "auto" and len(found.files.get("hdf5", [])) < SPARK_FROM_FILES):
        return LocalReaders()
    from zipotify.catalog.spark import SparkReaders
    from zipotify.stream.session import spark_session

    return SparkReaders(spark_session(settings, "zipotify-catalog"))
