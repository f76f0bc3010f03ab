"""What happened: stand-ups, votes and moves of tasks, one JSON line each, in a file beside the plan.

The plan itself is not rewritten: a later line about the same thing counts instead of an earlier one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, RootModel, ValidationError

from zipotify.errors import ConfigError
from zipotify.plan.model import Plan, State


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    date: date


class StandupEntry(_Entry):
    """What one role said on one day."""

    what: Literal["standup"] = "standup"
    role: str
    yesterday: str
    today: str
    blocked: str = ""


class MoveEntry(_Entry):
    """A task that came into a state, and why."""

    what: Literal["move"] = "move"
    task: str
    state: State
    why: str = ""


class VoteEntry(_Entry):
    """A role's vote in a ballot."""

    what: Literal["vote"] = "vote"
    ballot: str
    role: str
    choice: Literal["held", "none"]


Entry: TypeAlias = StandupEntry | MoveEntry | VoteEntry


class _Line(RootModel[Annotated[Entry, Field(discriminator="what")]]):
    """One line of the log."""


def log_path(plan_path: Path) -> Path:
    """The log of a plan: `plan.yml` -> `plan.log.ndjson`."""
    return plan_path.with_suffix(".log.ndjson")


@dataclass(frozen=True)
class Log:
    """Everything that was logged, oldest first."""

    entries: tuple[Entry, ...] = ()

    def standups(self) -> dict[tuple[date, str], StandupEntry]:
        """The newest entry per day and role."""
        return {(entry.date, entry.role): entry for entry in self.entries if isinstance(entry, StandupEntry)}

    def moves(self) -> dict[str, MoveEntry]:
        """The newest move per task."""
        return {entry.task: entry for entry in self.entries if isinstance(entry, MoveEntry)}

    def votes(self, ballot_id: str) -> dict[str, str]:
        """Role -> its newest vote."""
        votes = (entry for entry in self.entries if isinstance(entry, VoteEntry) and entry.ballot == ballot_id)
        return {vote.role: vote.choice for vote in votes}

    def done_on(self, plan: Plan) -> dict[str, date]:
        """Task -> the day it was done; tasks that the plan itself calls done were so from its first day."""
        moves = self.moves()
        as_written = {task.id: plan.starts_on for task in plan.tasks if task.state == "done" and task.id not in moves}
        return as_written | {task: move.date for task, move in moves.items() if move.state == "done"}


def read_log(path: Path) -> Log:
    """Read the log; empty when there is none; raises ConfigError naming a line that is no entry."""
    if not path.exists():
        return Log()
    entries: list[Entry] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            entries.append(_Line.model_validate_json(line).root)
        except ValidationError as error:
            message = error.errors(include_url=False)[0]["msg"]
            raise ConfigError(f"{path}:{number}: {message}", "correct or remove that line") from None
    return Log(tuple(entries))


def append(path: Path, entry: Entry) -> None:
    """Add one line."""
    with path.open("a", encoding="utf-8") as file:
        file.write(entry.model_dump_json() + "\n")
