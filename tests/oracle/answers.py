"""Answers by session, hour, level and cohort, recounted; rows in the order of the marts' columns."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

from oracle.analyses import cancelled_at, month
from oracle.events import Event
from oracle.facts import Facts, Play

Rows = list[tuple[Any, ...]]
MONTH_DAYS = 30.4375


def percentile(values: Iterable[int], share: float) -> int:
    """The smallest value that at least this share of the values does not exceed."""
    listed = sorted(values)
    return listed[max(0, math.ceil(len(listed) * share) - 1)]


def play_figures(plays: Iterable[Play]) -> tuple[int, int, int]:
    """Plays, listens, time heard in ms."""
    listed = list(plays)
    return len(listed), sum(play.is_listen for play in listed), sum(play.heard_ms or 0 for play in listed)


def listeners(plays: Iterable[Play]) -> set[str]:
    return {play.user for play in plays if play.is_listen and play.user}


def by(things: Iterable[Any], name: Callable[[Any], Any]) -> dict[Any, list[Any]]:
    """The things under each name."""
    found: dict[Any, list[Any]] = defaultdict(list)
    for thing in things:
        found[name(thing)].append(thing)
    return found


def session_days(facts: Facts) -> Rows:
    """By day and level of the session's first event."""
    plays = Counter(play.event.session for play in facts.plays)
    groups: dict[tuple[date, str], list[tuple[int, list[Event]]]] = defaultdict(list)
    for session, events in by(facts.actions, lambda event: event.session).items():
        first = min(events, key=lambda event: (event.ts_ms, event.item))
        groups[first.day, first.level].append((session, events))
    rows = []
    for (day, level), sessions in groups.items():
        users = {facts.session_user(session) for session, _ in sessions} - {None}
        lengths = [max(e.ts_ms for e in events) - min(e.ts_ms for e in events) for _, events in sessions]
        depths = [plays[session] for session, _ in sessions]
        times = (sum(lengths), percentile(lengths, 0.5), percentile(lengths, 0.9))
        counts = (sum(len(events) for _, events in sessions), sum(depths), percentile(depths, 0.5), depths.count(0))
        rows.append((day, level, len(sessions), len(users), *times, *counts))
    return rows


def errors(facts: Facts) -> Rows:
    """By day, page and status."""
    failed = [view for view in facts.of_topic["page_view_events"] if view.rest["status"] >= 400]
    groups = by(failed, lambda view: (view.day, view.rest["page"], view.rest["status"]))
    return [(*name, len(views), len({view.session for view in views})) for name, views in groups.items()]


def hours_of_week(facts: Facts) -> Rows:
    """By ISO weekday and hour."""

    def hour(event: Event) -> tuple[int, int]:
        return event.at.isoweekday(), event.at.hour

    plays = by(facts.plays, lambda play: hour(play.event))
    return [
        (
            *name,
            len(events),
            len({facts.user_of(event) for event in events} - {None}),
            len({event.day for event in events}),
            *play_figures(plays.get(name, [])),
        )
        for name, events in by(facts.actions, hour).items()
    ]


def level_days(facts: Facts) -> Rows:
    """By day with an event, and level: everybody's level at its end, and what happened at that level."""
    actions = by(facts.actions, lambda event: (event.day, event.level))
    plays = by(facts.plays, lambda play: (play.event.day, play.event.level))
    rows = []
    for day in sorted({event.day for event in facts.actions}):
        ends = datetime(day.year, day.month, day.day) + timedelta(days=1)
        there = Counter(
            v.level for v in facts.versions if v.valid_from < ends and not (v.valid_to and v.valid_to < ends)
        )
        for level in sorted({event.level for event in facts.actions}):
            users = {facts.user_of(event) for event in actions.get((day, level), [])} - {None}
            figures = play_figures(plays.get((day, level), []))
            rows.append((day, level, there[level], len(users), len(actions.get((day, level), [])), *figures))
    return rows


def paid_times(facts: Facts) -> dict[str, list[tuple[datetime, datetime | None]]]:
    """Unbroken times on paid by user: closing the account ends them, and a change of city does not."""
    closed = cancelled_at(facts)
    found: dict[str, list[tuple[datetime, datetime | None]]] = defaultdict(list)
    for user, versions in facts.by_user.items():
        for version in versions:
            end = min((moment for moment in (version.valid_to, closed.get(user)) if moment), default=None)
            if version.level != "paid" or (user in closed and version.valid_from >= closed[user]):
                continue
            if found[user] and found[user][-1][1] == version.valid_from:
                found[user][-1] = (found[user][-1][0], end)
            else:
                found[user].append((version.valid_from, end))
    return found


def lifetime_values(facts: Facts, paid_month: float) -> Rows:
    """By month of the first event: users, payers, months paid, losses, revenue, per user, expected months, value."""
    last, times = max(event.at for event in facts.actions), paid_times(facts)
    rows = []
    for cohort, users in by(facts.by_user, lambda user: month(facts.by_user[user][0].valid_from.date())).items():
        spans = [span for user in users for span in times.get(user, [])]
        days = sum(((end or last) - start).total_seconds() for start, end in spans) / 86_400
        losses = sum(end is not None for _, end in spans)
        months = days / MONTH_DAYS
        paying = sum(bool(times.get(user)) for user in users)
        expected = (months / losses, months / losses * paid_month) if losses else (None, None)
        revenue = months * paid_month
        rows.append((cohort, len(users), paying, months, losses, revenue, revenue / len(users), *expected))
    return rows


def waits(facts: Facts) -> dict[int, int]:
    """Median time in ms from the step before, for steps 2 to 4 from free to paid."""
    views = by(facts.of_topic["page_view_events"], facts.user_of)
    waited: dict[int, list[int]] = defaultdict(list)
    for user, versions in facts.by_user.items():
        moments: list[list[datetime]] = [
            [view.at for view in views.get(user, []) if view.rest["page"] == page]
            for page in ("Upgrade", "Submit Upgrade")
        ]
        moments.append([b.valid_from for a, b in pairwise(versions) if a.level != b.level == "paid"])
        at = next((version.valid_from for version in versions if version.level == "free"), None)
        for step, those in enumerate(moments, start=2):
            following = min((moment for moment in those if at and moment >= at), default=None)
            if at and following:
                waited[step].append(round((following - at) / timedelta(milliseconds=1)))
            at = following
    return {step: percentile(times, 0.5) for step, times in waited.items()}
