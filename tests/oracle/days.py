"""Figures by day, recounted."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import Any

from oracle.facts import Facts, Play


def day_figures(facts: Facts) -> dict[date, dict[str, int]]:
    """What agg_day says, by day."""
    figures: dict[date, Counter[str]] = defaultdict(Counter)
    users: dict[date, set[str]] = defaultdict(set)
    listeners: dict[date, set[str]] = defaultdict(set)
    for action in facts.actions:
        figures[action.day]["event_count"] += 1
        users[action.day] |= {facts.user_of(action)} - {None}  # type: ignore[arg-type]
    for play in facts.plays:
        _add_play(figures[play.event.day], play)
        if play.is_listen and play.user:
            listeners[play.event.day].add(play.user)
    _add_page_views(facts, figures)
    _add_users(facts, figures)
    for day, counts in figures.items():
        counts["active_user_count"] = len(users[day])
        counts["listener_count"] = len(listeners[day])
    return {day: dict(counts) for day, counts in figures.items()}


def _add_play(counts: Counter[str], play: Play) -> None:
    counts["play_count"] += 1
    counts["listen_count"] += play.is_listen
    counts["heard_ms"] += play.heard_ms or 0


def _add_page_views(facts: Facts, figures: dict[date, Counter[str]]) -> None:
    for view in facts.of_topic["page_view_events"]:
        figures[view.day]["page_view_count"] += 1
        figures[view.day]["error_count"] += view.rest["status"] >= 400
        figures[view.day]["cancellation_count"] += view.rest["page"] == "Cancellation Confirmation"
    for auth in facts.of_topic["auth_events"]:
        figures[auth.day]["login_count" if auth.rest["success"] else "failed_login_count"] += 1


def _add_users(facts: Facts, figures: dict[date, Counter[str]]) -> None:
    starts: dict[int, date] = {}
    for action in facts.actions:
        starts[action.session] = min(action.day, starts.get(action.session, action.day))
    for day in starts.values():
        figures[day]["session_count"] += 1
    for versions in facts.by_user.values():
        figures[versions[0].valid_from.date()]["new_user_count"] += 1
    for before, after in facts.level_changes:
        kind = "upgrade" if after.level == "paid" else "downgrade" if before.level == "paid" else "other"
        figures[after.valid_from.date()][f"{kind}_count"] += 1


def user_days(facts: Facts) -> dict[tuple[str, date], dict[str, Any]]:
    """What fct_user_days says, by user and day."""
    rows: dict[tuple[str, date], dict[str, Any]] = {}
    for action in sorted(facts.actions, key=lambda event: event.order):
        user = facts.user_of(action)
        if user is None:
            continue
        row = rows.setdefault((user, action.day), {"event_count": 0, "sessions": set(), "play_count": 0, "heard_ms": 0})
        row["event_count"] += 1
        row["sessions"].add(action.session)
        row["last_at"] = action.at
    for play in facts.plays:
        if play.user:
            rows[play.user, play.event.day]["play_count"] += 1
            rows[play.user, play.event.day]["heard_ms"] += play.heard_ms or 0
    return rows


def k_anonymous(groups: dict[str, int], k: int) -> dict[str, int]:
    """Group sizes as they may be shown: small ones are one 'other', which others join until it has k people."""
    if min(groups.values(), default=k) >= k:
        return groups
    shown = dict(groups)
    other = 0
    for name, size in sorted(groups.items(), key=lambda group: (group[1], group[0])):
        if size < k or other < k:
            other += shown.pop(name)
    if other >= k:
        shown["other"] = shown.get("other", 0) + other
    return shown


def active_by_group(
    facts: Facts, first: Callable[[date], date], days: Iterable[date], group: Callable[[str, date], str]
) -> dict[date, dict[str, int]]:
    """Distinct users active from `first(day)` to `day`, by the group they were in on their last active day of it."""
    active = sorted(user_days(facts))
    found: dict[date, dict[str, int]] = {}
    for day in days:
        last: dict[str, date] = {}
        for user, on in active:
            if first(day) <= on <= day:
                last[user] = max(on, last.get(user, on))
        found[day] = dict(Counter(group(user, on) for user, on in last.items()))
    return found


def each_day(first: date, last: date) -> list[date]:
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]
