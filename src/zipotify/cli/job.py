"""`zipotify job`: the scheduled jobs, by hand or by the clock."""

from __future__ import annotations

import json
from typing import Annotated, Literal

import typer

from zipotify.cli.common import HomeOption, settings_for, stop_on_signal
from zipotify.errors import UsageError

app = typer.Typer(no_args_is_help=True, help="Run the scheduled jobs by hand or by the clock, without Airflow.")


@app.command("list")
def list_jobs(
    form: Annotated[Literal["text", "json"], typer.Option("--format", help="For people or for programs.")] = "text",
) -> None:
    """Show every job, when it runs and what it does.

    Example: `zipotify job list`
    """
    from dataclasses import asdict

    from zipotify.ops.jobs import JOBS

    if form == "json":
        typer.echo(json.dumps([asdict(job) for job in JOBS.values()], indent=2))
        return
    for job in JOBS.values():
        typer.echo(f"{job.name:<14} {job.cron or 'on demand':<14} {job.doc}")
        for step in job.steps:
            typer.echo(f"  {step.name:<12} zipotify {' '.join(step.arguments)}")


@app.command("run")
def run_one(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Name of the job, as `zipotify job list` shows it.")],
    step: Annotated[str | None, typer.Option("--step", help="Only this step.")] = None,
    given: Annotated[list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="A parameter.")] = None,
    home: HomeOption = None,
) -> None:
    """Run one job now, once; exit code 99 when --step found nothing to do.

    Example: `zipotify job run quality`
    """
    from zipotify.ops.jobs import SKIPPED
    from zipotify.ops.jobs_run import job_named, require_good, run_job

    job = job_named(name)
    result = run_job(settings_for(context, home), job, step, _pairs(given or []), stop_on_signal())
    require_good(result, job, typer.echo)
    if step is not None and result.state == "skipped":
        raise typer.Exit(SKIPPED)


@app.command("watch")
def watch(context: typer.Context, home: HomeOption = None) -> None:
    """Run all jobs on their schedules until stopped; jobs whose part of `zipotify up` runs rest.

    Example: `zipotify job watch`
    """
    from zipotify.ops.jobs_watch import watch_jobs

    watch_jobs(settings_for(context, home), stop_on_signal(), typer.echo)


def _pairs(given: list[str]) -> dict[str, str]:
    pairs = dict(text.partition("=")[::2] for text in given)
    if not all("=" in text for text in given):
        raise UsageError("a parameter is given as --set NAME=VALUE", "for example --set paths=/data/songs")
    return pairs
