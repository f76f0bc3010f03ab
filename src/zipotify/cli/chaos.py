"""`zipotify chaos`: does it lose nothing when everything goes wrong?"""

from __future__ import annotations

from typing import Annotated

import typer

from zipotify.cli.common import HomeOption, settings_for


def run(
    context: typer.Context,
    rounds: Annotated[int, typer.Option("--rounds", min=1, help="How many; those done before are not run again.")] = 1,
    seed: Annotated[int, typer.Option("--seed", help="Same seed, same traffic and same faults.")] = 1,
    users: Annotated[int, typer.Option("--users", min=1, help="Simulated users a round.")] = 150,
    faults: Annotated[int, typer.Option("--faults", min=0, help="Faults a round.")] = 5,
    rate: Annotated[int, typer.Option("--rate", min=1, help="Events sent a second.")] = 150,
    warehouse: Annotated[
        bool, typer.Option("--warehouse/--no-warehouse", help="Also hurt and compare warehouse and dashboard.")
    ] = True,
    home: HomeOption = None,
) -> None:
    """Kill, freeze and cut off the parts of a pipeline of its own, let it recover, and compare it with the truth.

    Traffic is recorded (odd rounds) or simulated live (even ones) from the seed, so what bronze, live rollups,
    warehouse and ledger must hold is known. Any part is killed (SIGKILL) or frozen (SIGSTOP), the connection to Kafka
    is cut or slowed, the home reaches its size limit. Everything happens in `chaos/` in the home, results stay there.
    Exit code 1 when anything differs.

    Example: `zipotify chaos --rounds 3 --seed 7`
    """
    from zipotify.ops.chaos import ChaosOptions, run_chaos

    options = ChaosOptions(rounds, seed, users, faults, rate, warehouse)
    reports = run_chaos(settings_for(context, home), options, typer.echo)
    for report in reports:
        for difference in report.differences:
            typer.echo(f"round {report.number}: {difference}", err=True)
    wrong = sum(bool(report.differences) for report in reports)
    harm = sum(len(report.faults) for report in reports)
    typer.echo(f"{len(reports)} rounds, {harm} faults, {wrong} rounds with differences")
    raise typer.Exit(1 if wrong else 0)
