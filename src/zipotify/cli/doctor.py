"""`zipotify doctor`: what is missing or wrong."""

from __future__ import annotations

import json
from typing import Annotated, Literal

import typer

from zipotify.cli.common import HomeOption, settings_for


def run(
    context: typer.Context,
    form: Annotated[Literal["text", "json"], typer.Option("--format", help="For people or for programs.")] = "text",
    profile: Annotated[
        str | None, typer.Option("--profile", metavar="NAME", help="Check this profile of zipotify.toml.")
    ] = None,
    home: HomeOption = None,
) -> None:
    """Check Python, packages, JDK, jars, disk, memory, ports, home, broker and supervisor, and say what to do.

    Beyond this machine: Kafka's account, the serving database, and the object store of the backups, with the rights
    that are needed there. Changes nothing and shows no secrets. Exit code 1 when something needed is wrong.

    Example: `zipotify doctor`
    """
    from zipotify.ops.doctor import examine
    from zipotify.ops.profiles import examine_profile

    settings = settings_for(context, home, profile=profile)
    findings = [*examine(settings), *examine_profile(settings)]
    if form == "json":
        typer.echo(json.dumps([finding.as_dict() for finding in findings], indent=2, ensure_ascii=False))
    else:
        typer.echo("\n".join(finding.as_line() for finding in findings))
    if any(finding.needed and not finding.good for finding in findings):
        raise typer.Exit(1)
