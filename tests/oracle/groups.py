"""Groups of people by period, as they may be published, recounted."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Any

from oracle.analyses import Name, month, week
from oracle.answers import Rows, by, listeners, play_figures
from oracle.days import k_anonymous, user_days
from oracle.events import Event
from oracle.facts import Facts, Play, Version, length_ms

GROUPS: dict[str, Callable[[Version], str | None]] = {
    "level": lambda version: version.level,
    "gender": lambda version: version.gender,
    "device": lambda version: version.device,
    "state": lambda version: _state_code(version.place[1]) if version.place else None,
}
TOP = 100
PERIODS = {"today": 1, "7d": 7, "28d": 28, "30d": 30, "90d": 90, "all": 100_000}


def _state_code(state: str | None) -> str | None:
    """A state, or the first of several states of one city, by its two letters."""
    return state[:2] if state and re.match(r"^[A-Z]{2}(-|$)", state) else None


def demographics(facts: Facts, k: int) -> Rows:
    """By period, dimension and group as it may be shown: users as last seen in the period, and their plays in it."""
    days = user_days(facts)
    last = max(day for _, day in days)
    rows = []
    for period, length in PERIODS.items():
        within = {name: row for name, row in days.items() if (last - name[1]).days < length}
        seen = {user: max(row["last_at"] for _, row in rows_of) for user, rows_of in _of_users(within).items()}
        plays = by((p for p in facts.plays if p.user and (last - p.event.day).days < length), lambda p: p.user)
        for dimension, group in GROUPS.items():
            grouped = by(seen, lambda user, group=group, seen=seen: group_of(facts, group, user, seen[user]))  # type: ignore[misc]
            for name, users in shown_groups(grouped, k).items():
                figures = play_figures(play for user in users for play in plays.get(user, []))
                rows.append((period, dimension, name, len(users), *figures))
    return rows


def tops_by_group(facts: Facts, k: int, name_of: Callable[[Play], Name]) -> Rows:
    """By window (week, month, all), name of its top list (artist, or artist and song), dimension and group."""
    first = min(play.event.day for play in facts.plays)
    rows: Rows = []
    for kind, start in (("week", week), ("month", month), ("all", lambda _: first)):
        seen = seen_by(facts, start)
        for began, plays in by(facts.plays, lambda play, start=start: start(play.event.day)).items():  # type: ignore[misc]
            rows += [(kind, began, *row) for row in _top_groups(facts, k, by(plays, name_of), seen[began])]
    return rows


def _top_groups(facts: Facts, k: int, named: dict[Name, list[Play]], last: dict[str, datetime]) -> Rows:
    """Who played each name of a window's top list, and how much."""
    rows: Rows = []
    for top in sorted(named, key=lambda name: (-len(named[name]), -len(listeners(named[name])), name))[:TOP]:
        own = by((play for play in named[top] if play.user), lambda play: play.user)
        for dimension, group in GROUPS.items():
            grouped = by(own, lambda user, group=group: group_of(facts, group, user, last[user]))  # type: ignore[misc]
            for value, users in shown_groups(grouped, k).items():
                figures = play_figures(play for user in users for play in own[user])
                rows.append((*top, dimension, value, len(users), *figures))
    return rows


def listening_by_group(facts: Facts, k: int) -> Rows:
    """By day, dimension and group of those who played: plays, listens, skips and whole plays."""
    days = user_days(facts)
    rows: Rows = []
    for day, plays in by((play for play in facts.plays if play.user), lambda play: play.event.day).items():
        own = by(plays, lambda play: play.user)
        for dimension, group in GROUPS.items():
            at = {user: days[user, day]["last_at"] for user in own}
            grouped = by(own, lambda user, group=group, at=at: group_of(facts, group, user, at[user]))  # type: ignore[misc]
            for value, users in shown_groups(grouped, k).items():
                listed = [play for user in users for play in own[user]]
                count, listens, _ = play_figures(listed)
                rows.append((day, dimension, value, len(users), count, listens, count - listens, _whole(listed)))
    return rows


def _whole(plays: Iterable[Play]) -> int:
    known = ((play.heard_ms, length_ms(play.event.rest["duration"])) for play in plays)
    return sum(heard is not None and length is not None and heard >= length for heard, length in known)


def sessions_by_group(facts: Facts, k: int) -> Rows:
    """By day of the session's start, dimension and group: its users as last seen on the day, and their sessions."""
    days, plays = user_days(facts), Counter(play.event.session for play in facts.plays)
    failed = Counter(view.session for view in facts.of_topic["page_view_events"] if view.rest["status"] >= 400)
    sessions: dict[date, dict[str, list[tuple[int, list[Event]]]]] = defaultdict(lambda: defaultdict(list))
    for session, events in by(facts.actions, lambda event: event.session).items():
        user = facts.session_user(session)
        if user:
            sessions[min(events, key=lambda event: event.ts_ms).day][user].append((session, events))
    rows: Rows = []
    for day, of_users in sessions.items():
        for dimension, group in GROUPS.items():
            grouped = by(
                of_users, lambda user, group=group, day=day: group_of(facts, group, user, days[user, day]["last_at"])
            )  # type: ignore[misc]
            for name, users in shown_groups(grouped, k).items():
                own = [one for user in users for one in of_users[user]]
                lengths = [max(e.ts_ms for e in events) - min(e.ts_ms for e in events) for _, events in own]
                counts = (len(own), sum(lengths), sum(len(events) for _, events in own))
                totals = (sum(plays[session] for session, _ in own), sum(failed[session] for session, _ in own))
                rows.append((day, dimension, name, len(users), *counts, *totals))
    return rows


def seen_by(facts: Facts, period: Callable[[date], date]) -> dict[date, dict[str, datetime]]:
    """By the first day of a period: when its users were last active in it."""
    found: dict[date, dict[str, datetime]] = defaultdict(dict)
    for (user, day), row in user_days(facts).items():
        moments = found[period(day)]
        moments[user] = max(row["last_at"], moments.get(user, row["last_at"]))
    return found


def group_of(facts: Facts, group: Callable[[Version], str | None], user: str, moment: datetime) -> str:
    return group(_version_at(facts, user, moment)) or "unknown"


def shown_groups(groups: dict[str, list[str]], k: int) -> dict[str, list[str]]:
    """The users of each group that may be shown, the others in 'other' where these are enough."""
    sizes = {name: len(users) for name, users in groups.items()}
    shown = {name for name, size in k_anonymous(sizes, k).items() if size >= k}
    merged = by(sizes, lambda name: name if name in shown else "other")
    return {name: [user for part in merged[name] for user in groups[part]] for name in shown}


def _of_users(days: dict[tuple[str, date], dict[str, Any]]) -> dict[str, list[Any]]:
    return by(days.items(), lambda item: item[0][0])


def _version_at(facts: Facts, user: str, moment: datetime) -> Version:
    return next(v for v in facts.by_user[user] if v.valid_to is None or moment < v.valid_to)
