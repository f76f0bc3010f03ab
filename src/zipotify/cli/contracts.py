"""`zipotify contracts`: what events must look like, and what a change would do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zipotify.cli.common import HomeOption, settings_for

if TYPE_CHECKING:
    from zipotify.contracts.versions import Document

app = typer.Typer(
    no_args_is_help=True,
    help="What events must look like, and what a change would do.",
)


@app.command()
def show(
    context: typer.Context,
    which: Annotated[
        str, typer.Argument(metavar="current|lake|FILE", help="Of this version, of the lake, or a kept one.")
    ] = "current",
    home: HomeOption = None,
) -> None:
    """Print a contract as JSON: per topic and field its type, its column in the lake, whether it is required.

    Example: `zipotify contracts show > contract-1.0.json`
    """
    typer.echo(json.dumps(_read(context, home, which), indent=2))


@app.command()
def diff(
    context: typer.Context,
    old: Annotated[str, typer.Argument(metavar="A", help="current, lake, or a file that `show` wrote.")],
    new: Annotated[str, typer.Argument(metavar="B", help="The same.")],
    home: HomeOption = None,
) -> None:
    """Say what differs from contract A to contract B, and whether stored data and old producers stay right.

    Exit code 1 when a change is breaking: what starts with such a contract on such a lake refuses to.

    Example: `zipotify contracts diff contract-1.0.json current`
    """
    from zipotify.contracts.versions import compare

    changes = compare(_read(context, home, old), _read(context, home, new))
    for change in changes:
        typer.echo(change.as_line())
    if not changes:
        typer.echo("no difference")
    raise typer.Exit(0 if all(change.fits for change in changes) else 1)


def _read(context: typer.Context, home: Path | None, which: str) -> Document:
    from zipotify.contracts.versions import document
    from zipotify.errors import MissingInputError, UsageError
    from zipotify.lake.tables import stored_contract

    if which == "current":
        return document()
    if which == "lake":
        lake = settings_for(context, home).home.lake
        stored = stored_contract(lake)
        if stored is None:
            raise MissingInputError(f"there is no lake at {lake}", "load or stream something first, or use --home")
        return stored
    path = Path(which)
    if not path.is_file():
        raise MissingInputError(f"no such contract: {which}", "give current, lake, or a file that `show` wrote")
    try:
        found: Document = json.loads(path.read_text())
        _ = [field["type"] for event in found["events"].values() for field in event.values()]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UsageError(f"{which} is no contract", "`zipotify contracts show` writes one") from None
    return found
