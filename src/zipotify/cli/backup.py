"""`zipotify backup`: a verified copy of a home, while it runs."""

from __future__ import annotations

from typing import Annotated

import typer

from zipotify.cli.common import HomeOption, settings_for


def run(
    context: typer.Context,
    destination: Annotated[str, typer.Argument(metavar="DEST", help="Folder, s3://bucket/path or gs://bucket/path.")],
    secrets: Annotated[
        bool, typer.Option("--secrets/--no-secrets", help="Whether the keys go along; without them, set them yourself.")
    ] = True,
    home: HomeOption = None,
) -> None:
    """Copy the home into a new folder of DEST, consistent while everything runs, verified by hash and ledger.

    Example: `zipotify backup /mnt/backups`
    """
    from zipotify.ops.backup import make_backup

    backup = make_backup(settings_for(context, home), destination, secrets)
    typer.echo(
        f"{destination.rstrip('/')}/{backup.name}: {len(backup.files)} files, {backup.produced_count} events, verified"
    )
