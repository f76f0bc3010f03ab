"""`zipotify restore`: a backup becomes a home again."""

from __future__ import annotations

from typing import Annotated

import typer

from zipotify.cli.common import HomeOption, settings_for


def run(
    context: typer.Context,
    source: Annotated[str, typer.Argument(metavar="SRC", help="The backup's folder, or its s3:// or gs:// address.")],
    home: HomeOption = None,
) -> None:
    """Put a backup into a home that is not there yet; verified by hash before and by ledger after.

    Example: `zipotify restore /mnt/backups/20260101T030000Z`
    """
    from zipotify.ops.backup import restore

    settings = settings_for(context, home)
    backup = restore(source, settings.home)
    typer.echo(f"{settings.home.root}: {backup.produced_count} events of {backup.created_at}, the ledger balances")
    typer.echo(
        f"people erased after {backup.created_at} are in it: `zipotify privacy enforce REPORT...` erases them again"
    )
    if not backup.has_secrets:
        typer.echo("it came without secrets: set user_key_secret to the old key before anything is written")
