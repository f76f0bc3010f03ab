"""`zipotify quarantine`: what was refused, and how it comes back."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from zipotify.cli.common import HomeOption, settings_for

if TYPE_CHECKING:
    from zipotify.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Refused records: look at them, send them through again, or give them up.")

TopicOption = Annotated[str | None, typer.Option("--topic", help="Only of this topic.")]
ReasonOption = Annotated[str | None, typer.Option("--reason", help="Only for this reason, such as WRONG_TYPE.")]
IdsArgument = Annotated[list[str] | None, typer.Argument(metavar="ID...", help="As `list` shows them.")]
AllOption = Annotated[bool, typer.Option("--all", help="All that --topic and --reason leave.")]
WaitOption = Annotated[float, typer.Option("--wait", min=0, help="Seconds to wait for a stream that runs.")]


@app.command("list")
def list_(
    context: typer.Context,
    topic: TopicOption = None,
    reason: ReasonOption = None,
    discarded: Annotated[bool, typer.Option("--discarded", help="Those that were given up.")] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many.")] = 50,
    output: Annotated[Literal["text", "json"], typer.Option("--format", help="How to print it.")] = "text",
    home: HomeOption = None,
) -> None:
    """List refused records, the oldest first: id, reason, and what exactly was wrong.

    Example: `zipotify quarantine list --reason WRONG_TYPE`
    """
    from zipotify.lake.quarantine import refused_records

    records = refused_records(settings_for(context, home).home.lake, None, topic, reason, discarded)
    if output == "json":
        typer.echo(json.dumps([record.as_dict() for record in records[:limit]], indent=2))
        return
    for record in records[:limit]:
        typer.echo(f"{record.id}  {record.reason}  {record.message}")
    typer.echo(f"{len(records)} records" + (f", {limit} shown" if len(records) > limit else ""))


@app.command("show")
def show(
    context: typer.Context,
    record: Annotated[str, typer.Argument(metavar="ID", help="As `list` shows it.")],
    home: HomeOption = None,
) -> None:
    """Write the original bytes of a record to standard output; may be personal data.

    Example: `zipotify quarantine show listen_events:0:17 > record.json`
    """
    from zipotify.lake.quarantine import value_of

    sys.stdout.buffer.write(value_of(settings_for(context, home).home.lake, record))


@app.command("replay")
def replay(
    context: typer.Context,
    ids: IdsArgument = None,
    every: AllOption = False,
    topic: TopicOption = None,
    reason: ReasonOption = None,
    repaired: Annotated[Path | None, typer.Option("--with", help="File with the repaired record, for one ID.")] = None,
    wait: WaitOption = 300.0,
    home: HomeOption = None,
) -> None:
    """Send records through again, exactly once: after a fix, or with a repaired record.

    They take their old place: the ledger moves them from refused to bronze. Exit code 1 when one is refused again.

    Example: `zipotify quarantine replay listen_events:0:17 --with repaired.json`
    """
    from zipotify.errors import MissingInputError, UsageError

    settings = settings_for(context, home)
    chosen = _chosen(settings, ids, every, topic, reason)
    values: dict[str, bytes] = {}
    if repaired is not None:
        if len(chosen) != 1:
            raise UsageError("--with repairs one record", "name exactly one ID")
        if not repaired.is_file():
            raise MissingInputError(f"no such file: {repaired}", "check the path")
        values[chosen[0]] = repaired.read_bytes().strip(b"\r\n")
    _ask(settings, "replay", chosen, values, wait)


@app.command("discard")
def discard(
    context: typer.Context,
    ids: IdsArgument = None,
    every: AllOption = False,
    topic: TopicOption = None,
    reason: ReasonOption = None,
    wait: WaitOption = 300.0,
    home: HomeOption = None,
) -> None:
    """Give records up: their content is deleted, the ledger goes on counting them as refused.

    Example: `zipotify quarantine discard --all --reason NOT_JSON`
    """
    settings = settings_for(context, home)
    _ask(settings, "discard", _chosen(settings, ids, every, topic, reason), {}, wait)


def _chosen(settings: Settings, ids: list[str] | None, every: bool, topic: str | None, reason: str | None) -> list[str]:
    """The ids meant; raises UsageError and MissingInputError."""
    from zipotify.errors import MissingInputError, UsageError
    from zipotify.lake.quarantine import refused_records

    if bool(ids) == every:
        raise UsageError("it is not clear which records are meant", "name IDs, or pass --all")
    found = [record.id for record in refused_records(settings.home.lake, ids or None, topic, reason)]
    missing = sorted(set(ids or []) - set(found))
    if missing:
        raise MissingInputError(f"no record {missing[0]} in quarantine", "`zipotify quarantine list` shows the ids")
    return found


def _ask(
    settings: Settings, action: Literal["replay", "discard"], ids: list[str], values: dict[str, bytes], wait: float
) -> None:
    from zipotify.lake.amend import summary
    from zipotify.lake.requests import Request, ask

    outcome = ask(settings, Request(action, ids, values), wait) if ids else {}
    refused = {record: end for record, end in outcome.items() if end.startswith("still refused")}
    for record, end in list(refused.items())[:20]:
        typer.echo(f"{record}  {end}", err=True)
    counted = ", ".join(f"{count} {end}" for end, count in sorted(summary(outcome).items()))
    typer.echo(f"{len(outcome)} records: {counted}" if counted else "no records")
    raise typer.Exit(1 if refused else 0)
