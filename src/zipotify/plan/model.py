"""The words of a plan. Shape only: what refers to what, and whether it fits into the days, is for `check`."""

from __future__ import annotations

from datetime import date, time
from functools import cached_property
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

Id = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
"""Short, lower-case, stable: other parts of the plan and the log refer to it."""
Text = Annotated[str, Field(min_length=1)]
Hours = Annotated[float, Field(gt=0, le=200)]
DayHours = Annotated[float, Field(ge=0, le=24)]
State = Literal["todo", "doing", "blocked", "done"]
Level = Literal["low", "medium", "high"]
StandupRule = Literal["held", "none", "ballot"]
STATES: tuple[State, ...] = ("todo", "doing", "blocked", "done")
YES, NO = "held", "none"
"""The two answers that a ballot about a stand-up can give."""

NodePath: TypeAlias = tuple[str | int, ...]
"""Where something stands in the file: keys and list positions."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Role(_Part):
    """Who does something: a role, never a person's name."""

    id: Id
    name: Text
    does: Text
    weekday_hours: DayHours = 6
    weekend_hours: DayHours = 0


class Goal(_Part):
    """What shall be true in the end, and what shows it."""

    id: Id
    goal: Text
    shown_by: Text


class Milestone(_Part):
    """A point in time by which all its tasks are done."""

    id: Id
    name: Text
    due_on: date


class DayOff(_Part):
    """A day without work; its stand-up is held, left out, or put to the vote."""

    date: date
    name: Text
    standup: StandupRule = "none"


class Standup(_Part):
    """The daily meeting."""

    at: time
    minutes: Annotated[int, Field(gt=0, le=60)] = 15


class Ballot(_Part):
    """A vote on the stand-up of one day off; without a majority the default stands."""

    id: Id
    closes_on: date
    date: date
    question: Text
    default: Literal["held", "none"]


class Task(_Part):
    """A piece of work that one role finishes; the estimate is effective hours."""

    id: Id
    title: Text
    role: Id
    kind: Literal["setup", "work"] = "work"
    milestone: Id
    starts_on: date
    due_on: date
    estimate_hours: Hours
    needs: tuple[Id, ...] = ()
    done_when: Text
    state: State = "todo"


class Risk(_Part):
    """What may go wrong, how we would notice, and who answers how."""

    id: Id
    risk: Text
    likelihood: Level
    impact: Level
    sign: Text
    owner: Id
    answer: Text


class Decision(_Part):
    """A question that is settled, or `by` when it must be."""

    id: Id
    question: Text
    owner: Id
    by: date
    choice: Text = "open"
    why: str = ""


class Plan(_Part):
    """A whole plan: `starts_on` to `ends_on` in detail, milestones up to `deliver_by`."""

    title: Text
    starts_on: date
    ends_on: date
    deliver_by: date
    standup: Standup
    roles: tuple[Role, ...] = ()
    goals: tuple[Goal, ...] = ()
    milestones: tuple[Milestone, ...] = ()
    days_off: tuple[DayOff, ...] = ()
    ballots: tuple[Ballot, ...] = ()
    tasks: tuple[Task, ...] = ()
    risks: tuple[Risk, ...] = ()
    decisions: tuple[Decision, ...] = ()

    @cached_property
    def role_by_id(self) -> dict[str, Role]:
        """Roles by their id."""
        return {role.id: role for role in self.roles}

    @cached_property
    def task_by_id(self) -> dict[str, Task]:
        """Tasks by their id."""
        return {task.id: task for task in self.tasks}
