"""Write down what happened: a stand-up, a vote, a task's move. Each is held against the plan first."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from zipotify.errors import UsageError
from zipotify.plan.check import require_sound
from zipotify.plan.log import MoveEntry, StandupEntry, VoteEntry, append, log_path, read_log
from zipotify.plan.model import State
from zipotify.plan.workdays import outcome, standup_days
from zipotify.plan.yaml_file import PlanFile, read_plan


def record_standup(path: Path, entry: StandupEntry) -> None:
    """Record one role's report; raises UsageError for an unknown role or a day without stand-up."""
    file = _sound(path)
    _need("role", entry.role, file.plan.role_by_id)
    log = read_log(log_path(path))
    outcomes = [outcome(ballot, log.votes(ballot.id), entry.date) for ballot in file.plan.ballots]
    days = standup_days(file.plan, outcomes)
    if entry.date not in days:
        off = next((off.name for off in file.plan.days_off if off.date == entry.date), "outside the plan's days")
        raise UsageError(f"there is no stand-up on {entry.date} ({off})", _next_standup(days, entry.date))
    append(log_path(path), entry)


def _next_standup(days: list[date], after: date) -> str:
    following = next((day for day in days if day > after), None)
    return f"the next one is on {following}" if following else "name a day of the plan with --date"


def record_move(path: Path, task: str, state: State, why: str, on: date) -> None:
    """Record that a task came into a state; raises UsageError for an unknown task or a block without a reason."""
    _need("task", task, _sound(path).plan.task_by_id)
    if state == "blocked" and not why:
        raise UsageError("a blocked task needs a reason", "add --why")
    append(log_path(path), MoveEntry(date=on, task=task, state=state, why=why))


def record_vote(path: Path, vote: VoteEntry) -> None:
    """Record a role's vote; raises UsageError when there is no such ballot or role, or the ballot is closed."""
    plan = _sound(path).plan
    _need("role", vote.role, plan.role_by_id)
    ballots = {ballot.id: ballot for ballot in plan.ballots}
    _need("ballot", vote.ballot, ballots)
    if vote.date > ballots[vote.ballot].closes_on:
        raise UsageError(f"ballot {vote.ballot} closed on {ballots[vote.ballot].closes_on}", "its outcome stands")
    append(log_path(path), vote)


def _sound(path: Path) -> PlanFile:
    file = read_plan(path)
    require_sound(file)
    return file


def _need(what: str, name: str, known: object) -> None:
    names = list(known)  # type: ignore[call-overload]
    if name not in names:
        raise UsageError(f"unknown {what} '{name}'", f"known: {', '.join(names) or 'none'}")
