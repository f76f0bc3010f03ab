"""Which days are worked, for how many hours, and on which there is a stand-up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from zipotify.plan.model import NO, YES, Ballot, Plan, Role

SATURDAY = 5


@dataclass(frozen=True)
class Outcome:
    """How a ballot stands: open until its closing day has passed; the default unless one answer has more votes."""

    ballot: Ballot
    state: Literal["open", "closed"]
    votes: dict[str, str]
    answer: str


def days_between(first: date, last: date) -> list[date]:
    """All days from `first` to `last`, both included."""
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def detail_days(plan: Plan) -> list[date]:
    """The days that the plan covers in detail."""
    return days_between(plan.starts_on, plan.ends_on)


def is_weekend(day: date) -> bool:
    """Saturday or Sunday."""
    return day.weekday() >= SATURDAY


def capacity_hours(plan: Plan, role: Role, day: date) -> float:
    """Hours that the role has on that day: none on a day off."""
    if any(off.date == day for off in plan.days_off):
        return 0.0
    return role.weekend_hours if is_weekend(day) else role.weekday_hours


def outcome(ballot: Ballot, votes: dict[str, str], today: date) -> Outcome:
    """The result so far of one ballot; `votes` by role."""
    counts = Counter(votes.values())
    answer: str = ballot.default
    if counts[YES] != counts[NO]:
        answer = YES if counts[YES] > counts[NO] else NO
    return Outcome(ballot, "open" if today <= ballot.closes_on else "closed", votes, answer)


def standup_days(plan: Plan, outcomes: Iterable[Outcome] = ()) -> list[date]:
    """Days with a stand-up, weekends included; ballots without a result count with their default."""
    answers = {ballot.date: str(ballot.default) for ballot in plan.ballots}
    answers |= {result.ballot.date: result.answer for result in outcomes}
    rules = {off.date: off.standup for off in plan.days_off}

    def held(day: date) -> bool:
        rule = rules.get(day, YES)
        return (answers.get(day, NO) if rule == "ballot" else rule) == YES

    return [day for day in detail_days(plan) if held(day)]
