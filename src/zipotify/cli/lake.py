"""`zipotify lake`: the lake's files, and its past."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated, Literal

import typer

from zipotify.cli.common import HomeOption, settings_for

app = typer.Typer(
    no_args_is_help=True, help="Merge small files, remove old ones, look at a table's past, go back to it."
)

TableOption = Annotated[str | None, typer.Option("--table", help="Only this table, such as listen_events.")]
TableArgument = Annotated[str, typer.Argument(metavar="TABLE", help="Such as listen_events.")]


@app.command("compact")
def compact(context: typer.Context, table: TableOption = None, home: HomeOption = None) -> None:
    """Merge small files into larger ones: the rows stay, queries get faster. The stream does so by itself now and then.

    Example: `zipotify lake compact`
    """
    from zipotify.lake import files

    settings = settings_for(context, home)
    chosen = files.named_tables(settings.home.lake, table)
    with settings.home.lock("lake"):
        done = files.compact(settings.home.lake, chosen)
    for one in done:
        typer.echo(f"{one.table}: {one.files_before} files became {one.files_after}")
    if not done:
        typer.echo("nothing to merge")


@app.command("vacuum")
def vacuum(
    context: typer.Context,
    table: TableOption = None,
    retain_hours: Annotated[int, typer.Option("--retain-hours", min=0, help="Keep what younger versions need.")] = 168,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say how many files would go.")] = False,
    home: HomeOption = None,
) -> None:
    """Remove files that only old versions need. A restore reaches no further back than what is retained.

    Example: `zipotify lake vacuum --retain-hours 168`
    """
    from zipotify.lake import files

    settings = settings_for(context, home)
    chosen = files.named_tables(settings.home.lake, table)
    with settings.home.lock("lake"):
        removed = files.vacuum(settings.home.lake, chosen, retain_hours, dry_run)
    for name, count in removed.items():
        typer.echo(f"{name}: {count} files {'would go' if dry_run else 'removed'}")


@app.command("history")
def history(
    context: typer.Context,
    table: TableArgument,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many versions.")] = 20,
    output: Annotated[Literal["text", "json"], typer.Option("--format", help="How to print it.")] = "text",
    home: HomeOption = None,
) -> None:
    """List a table's versions, the newest first.

    Example: `zipotify lake history listen_events`
    """
    from zipotify.lake import files

    lake = settings_for(context, home).home.lake
    (chosen,) = files.named_tables(lake, table)
    versions = files.history(lake, chosen, limit)
    if output == "json":
        typer.echo(json.dumps(versions, indent=2))
        return
    for version in versions:
        typer.echo(f"{version['version']:>6}  {version['at']}  {version['operation']}")


@app.command("restore")
def restore(
    context: typer.Context,
    table: TableArgument,
    version: Annotated[int | None, typer.Option("--version", min=0, help="Version to go back to.")] = None,
    at: Annotated[datetime | None, typer.Option("--at", help="Moment to go back to, UTC.")] = None,
    home: HomeOption = None,
) -> None:
    """Make an earlier version of a table the current one; the later ones stay in its history.

    Rows that came later are gone from the table then, and `zipotify ledger` shows by topic and hour which are missing;
    replay or load them again. Stop `zipotify up` before.

    Example: `zipotify lake restore listen_events --version 12`
    """
    from zipotify.errors import UsageError
    from zipotify.lake import files

    if (version is None) == (at is None):
        raise UsageError("it is not clear what to go back to", "pass either --version or --at")
    settings = settings_for(context, home)
    (chosen,) = files.named_tables(settings.home.lake, table)
    target = version if version is not None else at.replace(tzinfo=UTC) if at else 0
    with settings.home.lock("lake"):
        number = files.restore(settings.home.lake, chosen, target)
    typer.echo(f"{table} is as it was at {target}; that is version {number} now")


@app.command("copy")
def copy(
    context: typer.Context,
    destination: Annotated[
        str, typer.Argument(metavar="DEST", help="s3://bucket/path, gs://bucket/path, or a folder.")
    ],
    home: HomeOption = None,
) -> None:
    """Copy the lake to a place that holds nothing yet; then set `lake_url` to move it there. Stop `zipotify up` before.

    Example: `zipotify lake copy s3://my-bucket/lake`
    """
    from zipotify.lake.move import copy_lake

    settings = settings_for(context, home)
    with settings.home.lock("lake"):
        count = copy_lake(settings.home.lake, destination)
    typer.echo(f"{count} files of {settings.home.lake} are in {destination}: set lake_url, then the old ones may go")
