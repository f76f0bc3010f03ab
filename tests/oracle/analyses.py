"""Analyses over weeks, months and whole histories, recounted with sets and loops."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from itertools import pairwise
from statistics import median

from oracle.events import Event, repaired
from oracle.facts import Facts, Play

Name = tuple[str, ...]


def week(day: date) -> date:
    return day - timedelta(days=day.weekday())


def month(day: date) -> date:
    return day.replace(day=1)


def days(facts: Facts) -> list[date]:
    """Every day from the source's first to its last."""
    seen = {action.day for action in facts.actions}
    return [min(seen) + timedelta(days=number) for number in range((max(seen) - min(seen)).days + 1)]


def active_on(facts: Facts) -> dict[date, set[str]]:
    """Users with any event, by day."""
    found: dict[date, set[str]] = {day: set() for day in days(facts)}
    for action in facts.actions:
        found[action.day] |= {user for user in [facts.user_of(action)] if user}
    return found


def active_users(facts: Facts) -> list[tuple[date, int, int, int]]:
    """(day, DAU, WAU, MAU)."""
    users = active_on(facts)

    def within(day: date, count: int) -> int:
        return len(set().union(*(users.get(day - timedelta(days=back), set()) for back in range(count))))

    return [(day, within(day, 1), within(day, 7), within(day, 30)) for day in users]


def active_weeks(facts: Facts) -> dict[date, set[str]]:
    found: dict[date, set[str]] = defaultdict(set)
    for day, users in active_on(facts).items():
        found[week(day)] |= users
    return found


def lifecycle(facts: Facts) -> list[tuple[date, int, int, int, int, int]]:
    """(week, active, new, returning, resurrected, dormant)."""
    seen: set[str] = set()
    before: set[str] = set()
    rows = []
    for monday, now in sorted(active_weeks(facts).items()):
        back = (now & seen) - before
        rows.append((monday, len(now), len(now - seen), len(now & before), len(back), len(before - now)))
        seen, before = seen | now, now
    return rows


def retention(facts: Facts) -> list[tuple[date, int, int, int]]:
    """(cohort's week, weeks since, users of the cohort, of these active)."""
    weeks = sorted(active_weeks(facts).items())
    seen: set[str] = set()
    rows = []
    for place, (monday, users) in enumerate(weeks):
        cohort = users - seen
        seen |= users
        if cohort:
            rows += [(monday, n, len(cohort), len(cohort & now)) for n, (_, now) in enumerate(weeks[place:])]
    return rows


def funnel(facts: Facts) -> list[int]:
    """Users that got to each step from free to paid, in order."""
    reached = [0, 0, 0, 0]
    views: dict[str | None, list[Event]] = defaultdict(list)
    for view in facts.of_topic["page_view_events"]:
        views[facts.user_of(view)].append(view)
    for user, versions in facts.by_user.items():
        at = next((version.valid_from for version in versions if version.level == "free"), None)
        upgrades = [b.valid_from for a, b in pairwise(versions) if a.level != b.level == "paid"]
        pages = [
            [view.at for view in views[user] if view.rest["page"] == page] for page in ("Upgrade", "Submit Upgrade")
        ]
        for step, moments in enumerate([[at] if at else [], *pages, upgrades]):
            at = min((moment for moment in moments if at is not None and moment >= at), default=None)
            reached[step] += at is not None
    return reached


def cancelled_at(facts: Facts) -> dict[str | None, datetime]:
    found: dict[str | None, datetime] = {}
    for view in facts.of_topic["page_view_events"]:
        if view.rest["page"] == "Cancellation Confirmation":
            user = facts.user_of(view)
            found[user] = min(view.at, found.get(user, view.at))
    return found


def churn(facts: Facts) -> list[tuple[date, int, int]]:
    """(month, users on paid at its start, of these lost by its end)."""
    ended = cancelled_at(facts)
    last = max(action.at for action in facts.actions)

    def paying(moment: datetime) -> set[str]:
        there = {user for user, versions in facts.by_user.items() if versions[0].valid_from <= moment}
        there = {user for user in there if user not in ended or ended[user] > moment}
        return {user for user in there if facts.level_at(user, moment) == "paid"}

    rows = []
    for first in sorted({month(day) for day in days(facts)}):
        start = datetime(first.year, first.month, 1)
        end = min(last, datetime(first.year + first.month // 12, first.month % 12 + 1, 1))
        rows.append((first, len(paying(start)), len(paying(start) - paying(end))))
    return rows


def survival(facts: Facts, level: str) -> dict[int, float]:
    """Kaplan-Meier by whole days since the first event, for users who began at a level."""
    ended, last = cancelled_at(facts), max(action.at for action in facts.actions)
    times = [
        ((ended.get(user, last) - versions[0].valid_from).days, user in ended)
        for user, versions in facts.by_user.items()
        if versions[0].level == level
    ]
    rate, curve = 1.0, {}
    for day in sorted({day for day, _ in times}):
        at_risk = sum(1 for other, _ in times if other >= day)
        rate *= 1 - sum(1 for other, is_end in times if other == day and is_end) / at_risk
        curve[day] = rate
    return curve


def artist_of(play: Play) -> str:
    return repaired(play.event.rest["artist"])


def track_of(play: Play) -> Name:
    return (artist_of(play), repaired(play.event.rest["song"]))


def plays_by_window(facts: Facts, name: Callable[[Play], object]) -> dict[tuple[str, date], Counter[object]]:
    """Plays by (kind, first day) of the window and name."""
    found: dict[tuple[str, date], Counter[object]] = defaultdict(Counter)
    first = min(play.event.day for play in facts.plays)
    for play in facts.plays:
        day = play.event.day
        for window in [("day", day), ("week", week(day)), ("month", month(day)), ("all", first)]:
            found[window][name(play)] += 1
    return found


def gini(counts: Iterable[int]) -> float:
    """Mean difference between two of them, chosen at random, over twice the mean."""
    values = sorted(counts)
    differences = sum(abs(a - b) * m * n for a, m in Counter(values).items() for b, n in Counter(values).items())
    return differences / (2 * len(values) * sum(values))


def top_share(counts: Iterable[int]) -> float:
    values = sorted(counts, reverse=True)
    return sum(values[: math.ceil(len(values) / 100)]) / sum(values)


def discoveries(facts: Facts) -> dict[date, tuple[int, int, int]]:
    """By day: first listens of a track, repeated ones, first listens of an artist."""
    tracks: set[tuple[str, Name]] = set()
    artists: set[tuple[str, str]] = set()
    found: dict[date, Counter[str]] = {day: Counter() for day in {play.event.day for play in facts.plays}}
    for play in sorted(facts.plays, key=lambda play: play.event.order):
        if not play.is_listen or play.user is None:
            continue
        counts = found[play.event.day]
        counts["repeat" if (play.user, track_of(play)) in tracks else "new"] += 1
        counts["artist"] += (play.user, artist_of(play)) not in artists
        tracks.add((play.user, track_of(play)))
        artists.add((play.user, artist_of(play)))
    return {day: (counts["new"], counts["repeat"], counts["artist"]) for day, counts in found.items()}


def baseline(figures: dict[date, int], day: date) -> tuple[int, float | None, float | None]:
    """(weeks to compare with, median, spread) of a day's weekday in the 8 weeks before."""
    earlier = [figures[d] for n in range(1, 9) if (d := day - timedelta(weeks=n)) in figures]
    if not earlier:
        return 0, None, None
    middle = median(earlier)
    return len(earlier), middle, max(1.4826 * median(abs(value - middle) for value in earlier), 1.0)
