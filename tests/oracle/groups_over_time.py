"""Analyses by group of people, as they may be published, recounted; rows in the order of the marts' columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

from oracle.analyses import active_weeks, artist_of, cancelled_at, days, month, track_of, week
from oracle.answers import Rows, by, paid_times, play_figures
from oracle.days import user_days
from oracle.facts import Facts
from oracle.groups import GROUPS, group_of, seen_by, shown_groups
from oracle.music import Catalogue, match

NOT_LEVEL = [dimension for dimension in GROUPS if dimension != "level"]
MS = timedelta(milliseconds=1)


def by_group(
    facts: Facts,
    k: int,
    moments: Mapping[str, datetime],
    figures: Mapping[str, Iterable[int]] | None = None,
    dimensions: Iterable[str] = GROUPS,
) -> Rows:
    """(dimension, group as it may be shown, users, their figures added up), each user as at their moment."""
    rows: Rows = []
    for dimension in dimensions:
        grouped = by(moments, lambda user, of=dimension: group_of(facts, GROUPS[of], user, moments[user]))  # type: ignore[misc]
        for value, users in shown_groups(grouped, k).items():
            sums = [sum(column) for column in zip(*(figures[user] for user in users), strict=True)] if figures else []
            rows.append((dimension, value, len(users), *sums))
    return rows


def active(facts: Facts, k: int) -> Rows:
    """By day and length of the window that ends with it."""
    active_days = by(user_days(facts).items(), lambda item: item[0][1])
    rows: Rows = []
    for day in days(facts):
        for length in (1, 7, 30):
            window = [day - timedelta(days=back) for back in reversed(range(length))]
            moments = {user: row["last_at"] for on in window for (user, _), row in active_days.get(on, [])}
            rows += [(day, length, *row) for row in by_group(facts, k, moments)]
    return rows


def lifecycle(facts: Facts, k: int) -> Rows:
    """By week and state."""
    seen_in, rows = seen_by(facts, week), []
    ever: set[str] = set()
    before: set[str] = set()
    for monday, now in sorted(active_weeks(facts).items()):
        earlier = monday - timedelta(days=7)
        states = {"new": now - ever, "returning": now & before, "resurrected": (now & ever) - before}
        for state, users, at in [*((*item, monday) for item in states.items()), ("dormant", before - now, earlier)]:
            moments = {user: seen_in[at][user] for user in users}
            rows += [(monday, state, *row) for row in by_group(facts, k, moments)]
        ever, before = ever | now, now
    return rows


def retention(facts: Facts, k: int) -> Rows:
    """By cohort's week and weeks since then."""
    seen_in, weeks, rows = seen_by(facts, week), sorted(active_weeks(facts).items()), []
    ever: set[str] = set()
    for place, (monday, users) in enumerate(weeks):
        moments = {user: seen_in[monday][user] for user in users - ever}
        for number, (_, now) in enumerate(weeks[place:]):
            figures = {user: [user in now] for user in moments}
            rows += [(monday, number, *row) for row in by_group(facts, k, moments, figures)]
        ever |= users
    return rows


def funnel(facts: Facts, k: int) -> Rows:
    """By cohort ('all', or month): how many got to each step."""
    views = by(facts.of_topic["page_view_events"], facts.user_of)
    starts, reached = {}, {}
    for user, versions in facts.by_user.items():
        at = next((version.valid_from for version in versions if version.level == "free"), None)
        if at is None:
            continue
        starts[user], reached[user] = at, [0, 0, 0]
        pages = ("Upgrade", "Submit Upgrade")
        steps = [[view.at for view in views.get(user, []) if view.rest["page"] == page] for page in pages]
        steps.append([b.valid_from for a, b in pairwise(versions) if a.level != b.level == "paid"])
        for place, moments in enumerate(steps):
            at = min((moment for moment in moments if at and moment >= at), default=None)
            reached[user][place] = int(at is not None)
    cohorts = by(starts, lambda user: str(month(starts[user].date()))) | {"all": list(starts)}
    return [
        (cohort, *row)
        for cohort, users in cohorts.items()
        for row in by_group(facts, k, {user: starts[user] for user in users}, reached, NOT_LEVEL)
    ]


def activity(facts: Facts, k: int) -> Rows:
    """By month: newcomers, upgrades, downgrades, closed accounts, errors, logins, failed logins."""
    happened: Counter[tuple[str | None, date, int]] = Counter()
    for user, versions in facts.by_user.items():
        happened[user, month(versions[0].valid_from.date()), 0] += 1
    for _before, after in facts.level_changes:
        kind = 1 if after.level == "paid" else 2
        happened[after.user, month(after.valid_from.date()), kind] += 1
    for view in facts.of_topic["page_view_events"]:
        name = (facts.user_of(view), month(view.day))
        happened[*name, 3] += view.rest["page"] == "Cancellation Confirmation"
        happened[*name, 4] += view.rest["status"] >= 400
    for auth in facts.of_topic["auth_events"]:
        happened[facts.user_of(auth), month(auth.day), 5 if auth.rest["success"] else 6] += 1
    rows: Rows = []
    for first, moments in seen_by(facts, month).items():
        figures = {user: [happened[user, first, place] for place in range(7)] for user in moments}
        rows += [(first, *row) for row in by_group(facts, k, moments, figures)]
    return rows


def churn(facts: Facts, k: int) -> Rows:
    """By month: of those on paid at its start, who was lost by its end."""
    ended, last = cancelled_at(facts), max(action.at for action in facts.actions)

    def paying(moment: datetime) -> set[str]:
        there = {user for user, versions in facts.by_user.items() if versions[0].valid_from <= moment}
        there = {user for user in there if user not in ended or ended[user] > moment}
        return {user for user in there if facts.level_at(user, moment) == "paid"}

    rows: Rows = []
    for first in sorted({month(day) for day in days(facts)}):
        start = datetime(first.year, first.month, 1)
        end = min(last, datetime(first.year + first.month // 12, first.month % 12 + 1, 1))
        stayed = paying(end)
        figures = {user: [user not in stayed] for user in paying(start)}
        rows += [(first, *row) for row in by_group(facts, k, dict.fromkeys(figures, start), figures, NOT_LEVEL)]
    return rows


def values(facts: Facts, k: int) -> Rows:
    """By month of the first event: payers, ms on paid, losses."""
    last, times = max(event.at for event in facts.actions), paid_times(facts)
    firsts = {user: versions[0].valid_from for user, versions in facts.by_user.items()}
    figures = {}
    for user in firsts:
        spans = times.get(user, [])
        paid_ms = sum(((end or last) - start) // MS for start, end in spans)
        figures[user] = [bool(spans), paid_ms, sum(end is not None for _, end in spans)]
    rows: Rows = []
    for cohort, users in by(firsts, lambda user: month(firsts[user].date())).items():
        moments = {user: firsts[user] for user in users}
        rows += [(cohort, *row) for row in by_group(facts, k, moments, figures)]
    return rows


def hours_of_week(facts: Facts, k: int) -> Rows:
    """By ISO weekday and hour: those who played, as last seen."""
    known = [(play.event.at.isoweekday(), play.event.at.hour, play) for play in facts.plays if play.user]
    rows: Rows = []
    for hour, found in by(known, lambda found: found[:2]).items():
        those = [play for *_, play in found]
        own = by(those, lambda play: play.user)
        figures = {user: play_figures(listed) for user, listed in own.items()}
        rows += [(*hour, *row) for row in by_group(facts, k, dict.fromkeys(own, datetime.max), figures)]
    return rows


def discovery(facts: Facts, k: int) -> Rows:
    """By month: listens, first ones of a track, repeats, first ones of an artist."""
    known: set[Any] = set()
    counts: dict[tuple[date, str], list[int]] = {}
    for play in sorted(facts.plays, key=lambda play: play.event.order):
        if play.is_listen and play.user:
            track, artist = (play.user, track_of(play)), (play.user, artist_of(play))
            new = (1, track not in known, track in known, artist not in known)
            known |= {track, artist}
            name = (month(play.event.day), play.user)
            counts[name] = [a + b for a, b in zip(counts.get(name, [0] * 4), new, strict=True)]
    seen_in, rows = seen_by(facts, month), []
    for first, names in by(counts, lambda name: name[0]).items():
        figures = {user: counts[first, user] for _, user in names}
        moments = {user: seen_in[first][user] for user in figures}
        rows += [(first, *row) for row in by_group(facts, k, moments, figures)]
    return rows


def catalogue_months(facts: Facts, k: int, catalogue: Catalogue) -> Rows:
    """By month, kind (genre or decade) and name: those who played it."""

    def name(track: dict[str, Any], kind: str) -> str:
        if kind == "genre":
            return track.get("genre") or "unknown"
        return f"{track['year'] // 10 * 10}s" if track.get("year") else "unknown"

    matched = [(match(catalogue, play) or {}, play) for play in facts.plays if play.user]
    named = by(
        ((kind, name(track, kind), play) for track, play in matched for kind in ("genre", "decade")),
        lambda found: (month(found[2].event.day), *found[:2]),
    )
    seen_in, rows = seen_by(facts, month), []
    for (first, kind, value), those in named.items():
        own = by((play for *_, play in those), lambda play: play.user)
        figures = {user: play_figures(plays) for user, plays in own.items()}
        moments = {user: seen_in[first][user] for user in own}
        rows += [(first, kind, value, *row) for row in by_group(facts, k, moments, figures)]
    return rows
