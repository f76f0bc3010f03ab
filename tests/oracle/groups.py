"""Groups of people by period, as they may be published, recounted."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from oracle.answers import Rows, by, play_figures
from oracle.days import k_anonymous, user_days
from oracle.facts import Facts, Version

GROUPS: dict[str, Callable[[Version], str | None]] = {
    "level": lambda version: version.level,
    "gender": lambda version: version.gender,
    "device": lambda version: version.device,
    "state": lambda version: _state_code(version.place[1]) if version.place else None,
}
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
            groups: dict[str, list[str]] = defaultdict(list)
            for user, moment in seen.items():
                groups[group(_version_at(facts, user, moment)) or "unknown"].append(user)
            sizes = {name: len(users) for name, users in groups.items()}
            shown = {name: size for name, size in k_anonymous(sizes, k).items() if size >= k}
            merged = by(sizes, lambda name, kept=shown: name if name in kept else "other")  # type: ignore[misc]
            for name in shown:
                users = [user for part in merged[name] for user in groups[part]]
                figures = play_figures(play for user in users for play in plays.get(user, []))
                rows.append((period, dimension, name, shown[name], *figures))
    return rows


def _of_users(days: dict[tuple[str, date], dict[str, Any]]) -> dict[str, list[Any]]:
    return by(days.items(), lambda item: item[0][0])


def _version_at(facts: Facts, user: str, moment: datetime) -> Version:
    return next(v for v in facts.by_user[user] if v.valid_to is None or moment < v.valid_to)
