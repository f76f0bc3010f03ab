"""`zipotify privacy`: what people may ask of us, and what we owe them unasked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from zipotify.access.audit import AuditLog, operator
from zipotify.cli.common import HomeOption, settings_for
from zipotify.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Export or erase a person's data, apply retention, renew the user key.")

SourceOption = Annotated[str | None, typer.Option("--source", help="Source of the user; needed when several know it.")]


@app.command("export")
def export(
    context: typer.Context,
    user: Annotated[str, typer.Argument(metavar="USER", help="User id, as in the events.")],
    source: SourceOption = None,
    home: HomeOption = None,
) -> None:
    """Print everything that is stored of a person as JSON.

    Example: `zipotify privacy export 46 --source recorded > 46.json`
    """
    from zipotify.contracts.erasure import USER, hasher
    from zipotify.privacy.export import export as exported

    settings = settings_for(context, home)
    found = exported(settings, user, source)
    # By the hash that reports use, not that of events: the log stays when the person is erased.
    person = hasher(settings.home).hash_of(USER, found["source"], user)
    AuditLog(settings.home).append(operator(), "exported a person", person=person)
    typer.echo(json.dumps(found, indent=2, ensure_ascii=False))


@app.command("erase")
def erase(
    context: typer.Context,
    users: Annotated[list[str], typer.Argument(metavar="USER...", help="User ids, as in the events.")],
    source: SourceOption = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask whether you are sure.")] = False,
    home: HomeOption = None,
) -> None:
    """Erase people from lake, quarantine, warehouse, serving database and snapshots, for good; print the signed report.

    They stay erased: later events of theirs are counted and dropped. `zipotify up` may run: its stream, builds and jobs
    wait meanwhile. A stream, load or build of your own makes it refuse before anything is changed.

    Example: `zipotify privacy erase 46 --source recorded --yes`
    """
    from zipotify.privacy.erase import erase as erased

    settings = settings_for(context, home)
    if not yes:
        typer.confirm(f"Erase {len(users)} from {settings.home.root}? This can't be undone.", abort=True)
    _show(settings, erased(settings, users, source))


@app.command("enforce")
def enforce(
    context: typer.Context,
    reports: Annotated[
        list[Path] | None, typer.Argument(metavar="REPORT...", help="Signed reports whose people must be on the list.")
    ] = None,
    home: HomeOption = None,
) -> None:
    """Erase again whoever is on the list of the erased: after a restore, or when an erasure was interrupted.

    Example: `zipotify privacy enforce`
    """
    from zipotify.privacy.erase import enforce as enforced
    from zipotify.privacy.report import read

    settings = settings_for(context, home)
    _show(settings, enforced(settings, [read(path) for path in reports or []]))


@app.command("verify")
def verify(
    context: typer.Context,
    report: Annotated[Path, typer.Argument(metavar="REPORT", help="A signed report of an erasure.")],
    home: HomeOption = None,
) -> None:
    """Check that a report is unchanged and was signed by this home.

    Example: `zipotify privacy verify erasure-20261124T153000-a1b2c3.json`
    """
    from zipotify.privacy.report import read, verified

    body = verified(read(report), settings_for(context, home).home)
    typer.echo(f"genuine: {body['report_id']}, {len(body['people'])} erased, finished {body['finished_at']}")


@app.command("retain")
def retain(context: typer.Context, home: HomeOption = None) -> None:
    """Remove rows that are older than `retention_days` keeps them, per table; the ledger counts them as expired.

    Example: `zipotify privacy retain`
    """
    from zipotify.privacy.retention import retain as retained

    for done in retained(settings_for(context, home)):
        typer.echo(f"{done.place}: {done.what}: {done.row_count}")


@app.command("rotate-key")
def rotate_key(context: typer.Context, home: HomeOption = None) -> None:
    """Give the home a new key of the user hash, and every stored hash with it; the warehouse is built anew.

    Goes on where it was interrupted. Stream, builds and jobs of `zipotify up` wait meanwhile.

    Example: `zipotify privacy rotate-key`
    """
    from zipotify.privacy.rotate import rotate

    settings = settings_for(context, home)
    renewed = rotate(settings)
    AuditLog(settings.home).append(operator(), "renewed the user key")
    for done in renewed:
        typer.echo(f"{done.place}: {done.what}: {done.row_count}")


def _show(settings: Settings, document: dict[str, Any]) -> None:
    """The report on standard output and, by its name, in the audit log; exit code 1 when the scan found something."""
    told = document["report"]
    AuditLog(settings.home).append(operator(), "erased", report=told["report_id"], people=len(told["people"]))
    typer.echo(json.dumps(document, indent=2, ensure_ascii=False))
    left = document["report"]["scan"]["found"]
    if left:
        typer.echo(f"zipotify: still found in {'; '.join(left[:5])}\n  -> files of your own: delete them", err=True)
        raise typer.Exit(1)
