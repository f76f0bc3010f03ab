"""`zipotify soak`: does it hold for hours?"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer

from zipotify.cli.common import HomeOption, settings_for


def run(
    context: typer.Context,
    hours: Annotated[float, typer.Option("--hours", min=0.01, help="How long, once all parts run.")] = 1.0,
    rate: Annotated[float, typer.Option("--rate", min=1, help="Events a second to begin with.")] = 500.0,
    fault_every: Annotated[
        float, typer.Option("--fault-every", min=1, metavar="SECONDS", help="Calm between two faults.")
    ] = 90.0,
    viewers: Annotated[int, typer.Option("--viewers", min=0, help="Who look at the dashboard meanwhile.")] = 3,
    seed: Annotated[int, typer.Option("--seed", help="Same seed, same order of faults.")] = 1,
    out: Annotated[Path | None, typer.Option("--out", help="Also write the report there, as JSON.")] = None,
    home: HomeOption = None,
) -> None:
    """Send live traffic at the highest rate that this machine sustains, for hours, while parts are killed and frozen.

    Everything runs in `soak/` in the home: warehouse builds, viewers, merging of small files. The rate rises until the
    stream falls behind. The report has memory and disk over time with their slopes. Exit code 1 when the ledger
    differs, the warehouse misses a play, or anything went wrong on the way.

    Example: `zipotify soak --hours 0.5`
    """
    from zipotify.ops.soak import SoakOptions, run_soak

    settings = settings_for(context, home)
    report = run_soak(settings, SoakOptions(hours, rate, fault_every, viewers, seed), typer.echo)
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(settings.home.root / "soak" / "soak.json", out)
    for problem in report["problems"]:
        typer.echo(f"problem: {problem}", err=True)
    memory, disk = report["memory"]["total"], report["disk"]["total"]
    typer.echo(
        f"{report['sent']:,} events, {report['mean_events_per_s']:,}/s, {len(report['deeds'])} faults and tendings; "
        f"memory up to {memory['highest_mb']:,} MB ({memory['slope_mb_per_hour']} MB/h), "
        f"disk {disk['last_mb']:,} MB ({disk['slope_mb_per_hour']} MB/h); {len(report['problems'])} problems"
    )
    raise typer.Exit(1 if report["problems"] else 0)
