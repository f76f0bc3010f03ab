"""`zipotify maintain`: the small steps that scheduled jobs are made of."""

from __future__ import annotations

from typing import Annotated

import typer

from zipotify.cli.common import HomeOption, settings_for

app = typer.Typer(no_args_is_help=True, help="Steps of the scheduled jobs; each may be run by hand and run again.")


@app.command("stream")
def stream(context: typer.Context, home: HomeOption = None) -> None:
    """Keep the stream moving: restart one that hangs; where none runs, take in what waits in Kafka.

    Example: `zipotify maintain stream`
    """
    from zipotify.ops.maintenance import watch_stream

    typer.echo(watch_stream(settings_for(context, home)))


@app.command("news")
def news(context: typer.Context, home: HomeOption = None) -> None:
    """Say which lake tables changed since the last publication; exit code 99 when none did.

    Example: `zipotify maintain news`
    """
    from zipotify.ops.jobs import SKIPPED
    from zipotify.ops.maintenance import lake_news

    changed = lake_news(settings_for(context, home))
    typer.echo(f"changed: {', '.join(changed)}" if changed else "nothing new")
    if not changed:
        raise typer.Exit(SKIPPED)


@app.command("freshness")
def freshness(context: typer.Context, home: HomeOption = None) -> None:
    """Hold the newest freshness of each stage against `freshness_limit_s`; exit code 1 when it is above.

    Example: `zipotify maintain freshness`
    """
    from zipotify.ops.maintenance import check_freshness

    typer.echo("\n".join(check_freshness(settings_for(context, home))) or "nothing has been measured yet")


@app.command("retention")
def retention(context: typer.Context, home: HomeOption = None) -> None:
    """Remove records of builds, job runs and freshness that are older than `records_keep_days`.

    Example: `zipotify maintain retention`
    """
    from zipotify.ops.maintenance import apply_retention

    removed = apply_retention(settings_for(context, home))
    typer.echo(", ".join(f"{count} from {table}" for table, count in removed.items()))


@app.command("lake")
def lake(context: typer.Context, home: HomeOption = None) -> None:
    """Apply retention to the lake, merge small files, remove old ones. A stream of `zipotify up` waits meanwhile.

    Example: `zipotify maintain lake`
    """
    from zipotify.ops.maintenance_lake import tend_lake

    typer.echo(tend_lake(settings_for(context, home)))


@app.command("backup")
def backup(context: typer.Context, home: HomeOption = None) -> None:
    """Make a verified copy in `backup_to` and remove the oldest beyond `backup_keep_count`; exit code 99 without one.

    Example: `zipotify maintain backup`
    """
    from zipotify.ops.backup_keep import keep_backups
    from zipotify.ops.jobs import SKIPPED

    settings = settings_for(context, home)
    if settings.backup_to is None:
        typer.echo("no backup_to is set: no copy is made")
        raise typer.Exit(SKIPPED)
    typer.echo(keep_backups(settings, settings.backup_to))


@app.command("serving")
def serving(context: typer.Context, home: HomeOption = None) -> None:
    """Move the serving database from SQLite in the home to the empty one that `serving_url` names; nothing may run.

    Example: `zipotify maintain serving`
    """
    from zipotify.ops.serving_move import move_serving

    settings = settings_for(context, home)
    typer.echo(f"{move_serving(settings)} rows moved; {settings.home.serving_file} is no longer used")


@app.command("broker")
def broker(context: typer.Context, home: HomeOption = None) -> None:
    """Move the records of the home's own Kafka to the cluster that `bootstrap_servers` names; nothing may run.

    They keep their offsets, so that stream and ledger go on there. Moving again goes on where it was interrupted.

    Example: `zipotify maintain broker`
    """
    from zipotify.ops.broker_move import move_broker

    settings = settings_for(context, home)
    typer.echo(f"{move_broker(settings)} records moved to {settings.bootstrap_servers}; keep it set")


@app.command("alive")
def alive(
    context: typer.Context,
    part: Annotated[
        str | None, typer.Argument(help="Part that must say that it works; default: only the home.")
    ] = None,
    home: HomeOption = None,
) -> None:
    """Health check of a container: exit code 1 when the part says that it stopped or failed, or never spoke.

    Example: `zipotify maintain alive`
    """
    from zipotify.ops.maintenance import require_alive

    typer.echo(require_alive(settings_for(context, home), part))
