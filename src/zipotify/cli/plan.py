"""`zipotify plan`: the project plan."""

from __future__ import annotations

from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import typer

from zipotify.plan.model import State

app = typer.Typer(no_args_is_help=False, rich_markup_mode="markdown")
_USUAL_PLACES = (Path("plan.yml"), Path("docs/plan/plan.yml"))

PlanOption = Annotated[
    Path | None, typer.Option("--plan", metavar="FILE", help="Default: plan.yml here, else docs/plan/plan.yml.")
]
TodayOption = Annotated[
    datetime | None, typer.Option("--today", formats=["%Y-%m-%d"], help="As of that day; default: today, UTC.")
]
RoleOption = Annotated[str, typer.Option("--role", help="Who says it: a role of the plan.")]


class Format(StrEnum):
    """What `plan export` can write."""

    ICS = "ics"
    MARKDOWN = "markdown"
    JSON = "json"


def plan_file(given: Path | None) -> Path:
    """The plan that is meant: the one given, else the first of the usual places that is there."""
    return given or next((path for path in _USUAL_PLACES if path.exists()), _USUAL_PLACES[0])


def _day(given: datetime | None) -> date:
    return (given or datetime.now(UTC)).date()


def _show(given: Path | None, today: datetime | None, *sections: str) -> None:
    from zipotify.plan import render
    from zipotify.plan.view import read_view

    view = read_view(plan_file(given), _day(today))
    console = render.console()
    console.print(render.heading(view))
    for name in sections:
        console.print()
        console.print(render.SECTIONS[name](view))


@app.callback(invoke_without_command=True)
def show(context: typer.Context, plan: PlanOption = None, today: TodayOption = None) -> None:
    """Show the plan: board, timeline, burn-down, who is on what and what is blocked.

    Example: `zipotify plan --today 2026-12-28`
    """
    if context.invoked_subcommand is None:
        _show(plan, today, "board", "timeline", "burndown", "who", "blocked")


@app.command()
def board(plan: PlanOption = None, today: TodayOption = None) -> None:
    """Show the tasks by state.

    Example: `zipotify plan board`
    """
    _show(plan, today, "board")


@app.command()
def timeline(plan: PlanOption = None, today: TodayOption = None) -> None:
    """Show the tasks as a Gantt chart, and which of them are on the longest chain.

    Example: `zipotify plan timeline`
    """
    _show(plan, today, "timeline")


@app.command()
def burndown(plan: PlanOption = None, today: TodayOption = None) -> None:
    """Show the hours left, planned and actual, per day.

    Example: `zipotify plan burndown`
    """
    _show(plan, today, "burndown")


@app.command()
def who(plan: PlanOption = None, today: TodayOption = None) -> None:
    """Show what each role is on, and what comes next.

    Example: `zipotify plan who`
    """
    _show(plan, today, "who")


@app.command()
def blocked(plan: PlanOption = None, today: TodayOption = None) -> None:
    """Show what is blocked, and why.

    Example: `zipotify plan blocked`
    """
    _show(plan, today, "blocked")


@app.command()
def check(plan: PlanOption = None, today: TodayOption = None) -> None:
    """Find circles, overload, tasks past their date, work on days off and names that nothing has.

    Exit code 1 when something is found; each finding names its line.

    Example: `zipotify plan check --today 2026-12-28`
    """
    from zipotify.plan.check import check as find
    from zipotify.plan.log import log_path, read_log
    from zipotify.plan.yaml_file import read_plan

    file = read_plan(plan_file(plan))
    findings = find(file.plan, read_log(log_path(file.path)), _day(today))
    for finding in findings:
        typer.echo(finding.as_line(file))
    typer.echo(f"{len(file.plan.tasks)} tasks, {len(findings)} findings")
    raise typer.Exit(1 if findings else 0)


@app.command()
def standup(
    role: Annotated[str | None, typer.Option("--role", help="Report for this role; without it, show the day.")] = None,
    yesterday: Annotated[str, typer.Option(help="What was done.")] = "",
    today: Annotated[str, typer.Option(help="What is next.")] = "",
    blocked: Annotated[str, typer.Option(help="What stands in the way; empty when nothing does.")] = "",
    on: Annotated[datetime | None, typer.Option("--date", formats=["%Y-%m-%d"], help="Default: today, UTC.")] = None,
    plan: PlanOption = None,
) -> None:
    """Record what a role did, does next and is blocked by; without --role, show what was said that day.

    Kept in `<plan>.log.ndjson` beside the plan. Reporting again replaces the day's report.

    Example: `zipotify plan standup --role streaming --yesterday "topics" --today "access lists" --date 2026-12-22`
    """
    from zipotify.errors import UsageError
    from zipotify.plan import render
    from zipotify.plan.log import StandupEntry
    from zipotify.plan.standup import record_standup
    from zipotify.plan.view import read_view

    path, day = plan_file(plan), _day(on)
    if role is not None:
        if not today:
            raise UsageError("a stand-up needs at least what is next", "add --today")
        record_standup(path, StandupEntry(date=day, role=role, yesterday=yesterday, today=today, blocked=blocked))
    render.console().print(render.standups(read_view(path, day), day))


@app.command()
def move(
    task: Annotated[str, typer.Argument(metavar="TASK", help="Id of the task.")],
    state: Annotated[Literal["todo", "doing", "blocked", "done"], typer.Argument(help="What it is now.")],
    why: Annotated[str, typer.Option("--why", help="Needed for blocked.")] = "",
    on: Annotated[datetime | None, typer.Option("--date", formats=["%Y-%m-%d"], help="Default: today, UTC.")] = None,
    plan: PlanOption = None,
) -> None:
    """Record that a task is now being done, blocked or done.

    Example: `zipotify plan move setup-streaming doing --date 2026-12-21`
    """
    from zipotify.plan.standup import record_move

    moved: State = state
    record_move(plan_file(plan), task, moved, why, _day(on))
    typer.echo(f"{task}: {state}")


@app.command()
def vote(
    ballot: Annotated[str, typer.Argument(metavar="BALLOT", help="Id of the ballot.")],
    choice: Annotated[Literal["held", "none"], typer.Argument(help="Hold the stand-up, or have none.")],
    role: RoleOption,
    on: Annotated[datetime | None, typer.Option("--date", formats=["%Y-%m-%d"], help="Default: today, UTC.")] = None,
    plan: PlanOption = None,
) -> None:
    """Vote on the stand-up of a day off; a role's newest vote counts, and the ballot's default where votes are even.

    Example: `zipotify plan vote christmas-day none --role warehouse --date 2026-12-21`
    """
    from zipotify.plan import render
    from zipotify.plan.log import VoteEntry
    from zipotify.plan.standup import record_vote
    from zipotify.plan.view import read_view

    path, day = plan_file(plan), _day(on)
    record_vote(path, VoteEntry(date=day, ballot=ballot, role=role, choice=choice))
    render.console().print(render.ballots(read_view(path, day)))


@app.command()
def export(
    form: Annotated[Format, typer.Option("--format", help="A calendar, a page, or data.")],
    output: Annotated[Path | None, typer.Option("-o", "--output", metavar="FILE", help="Default: print it.")] = None,
    plan: PlanOption = None,
    today: TodayOption = None,
) -> None:
    """Write the plan as a calendar file, a Markdown page or JSON.

    Example: `zipotify plan export --format ics --output plan.ics`
    """
    from zipotify.plan.export import as_calendar, as_json, as_markdown
    from zipotify.plan.view import read_view

    view = read_view(plan_file(plan), _day(today))
    if form is Format.ICS:
        content = as_calendar(view)
    else:
        content = (as_markdown(view) if form is Format.MARKDOWN else as_json(view)).encode()
    if output is None:
        typer.echo(content.decode(), nl=False)
    else:
        output.write_bytes(content)
        typer.echo(f"written: {output}")


@app.command()
def new(
    start: Annotated[
        datetime | None, typer.Option("--start", formats=["%Y-%m-%d"], help="Default: today, UTC.")
    ] = None,
    plan: Annotated[Path, typer.Option("--plan", metavar="FILE", help="File to write.")] = Path("plan.yml"),
) -> None:
    """Write a small plan of a fortnight to begin with.

    Example: `zipotify plan new --plan plan.yml --start 2027-01-18`
    """
    from zipotify.plan.starter import write_starter

    write_starter(plan, _day(start))
    typer.echo(f"written: {plan}; now see `zipotify plan check --plan {plan}`")
