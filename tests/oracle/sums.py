"""What the dashboard adds up, recounted: versions of users, titles and hours by day; rows by key, figures in order."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, datetime
from typing import Any

from oracle.events import Event, repaired
from oracle.facts import Facts, Play

Figures = dict[tuple[Any, ...], tuple[Any, ...]]
_PAGES = {
    "Upgrade": "offer_view_count",
    "Submit Upgrade": "order_count",
    "Cancellation Confirmation": "cancellation_count",
}
VERSION_DAY_FIGURES = (
    *("play_count", "listen_count", "heard_ms", "discovery_count", "free_view_count"),
    *_PAGES.values(),
)


def _title(play: Play) -> tuple[str, str]:
    return repaired(play.event.rest["artist"]), repaired(play.event.rest["song"])


def version_days(facts: Facts) -> Figures:
    """By user, start of the version, and day: VERSION_DAY_FIGURES."""
    rows: dict[tuple[str, datetime, date], Counter[str]] = defaultdict(Counter)

    def row(user: str, event: Event) -> Counter[str]:
        return rows[user, facts.version_at(user, event.at).valid_from, event.day]

    heard_before: set[tuple[str, tuple[str, str]]] = set()
    for play in sorted(facts.plays, key=lambda play: play.event.ts_ms):
        if play.user:
            figures = row(play.user, play.event)
            figures["play_count"] += 1
            figures["listen_count"] += play.is_listen
            figures["heard_ms"] += play.heard_ms or 0
            figures["discovery_count"] += (play.user, _title(play)) not in heard_before
            heard_before.add((play.user, _title(play)))
    for view in facts.of_topic["page_view_events"]:
        user = facts.user_of(view)
        if user:
            figures = row(user, view)
            figures["free_view_count"] += view.level == "free"
            figures[_PAGES.get(view.rest["page"], "other")] += 1
    return {key: tuple(figures[name] for name in VERSION_DAY_FIGURES) for key, figures in rows.items()}


def title_days(facts: Facts) -> Figures:
    """By day, artist and title as played, level and gender then: plays, and time heard in ms where any is known."""
    plays: dict[tuple[Any, ...], list[int | None]] = defaultdict(list)
    for play in facts.plays:
        version = facts.version_at(play.user, play.event.at) if play.user else None
        people = (version.level, version.gender) if version else (None, None)
        plays[(play.event.day, *_title(play), *people)].append(play.heard_ms)
    known = {key: [ms for ms in heard if ms is not None] for key, heard in plays.items()}
    return {key: (len(heard), sum(known[key]) if known[key] else None) for key, heard in plays.items()}


def hours(facts: Facts) -> Figures:
    """By day and UTC hour: plays."""
    counts = Counter((play.event.day, play.event.at.hour) for play in facts.plays)
    return {key: (count,) for key, count in counts.items()}
