"""What each tile of the dashboard must say for all time, recounted: tile -> rows in the tile's order of columns."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from oracle.days import active_by_group, day_figures, k_anonymous, user_days
from oracle.events import repaired
from oracle.facts import Facts, Play

Rows = list[tuple[Any, ...]]
HOUR_MS = 3_600_000


def _song(play: Play) -> tuple[str, str]:
    return repaired(play.event.rest["song"]), repaired(play.event.rest["artist"])


def _artist(play: Play) -> str:
    return _song(play)[1]


def key_figures(facts: Facts) -> Rows:
    changes = Counter("up" if after.level == "paid" else "down" for _, after in facts.level_changes)
    closed = sum(e.rest["page"] == "Cancellation Confirmation" for e in facts.of_topic["page_view_events"])
    hours = sum(play.heard_ms or 0 for play in facts.plays) / HOUR_MS
    users = len(facts.by_user)
    return [("now", len(facts.plays), round(hours, 6), users, users, changes["up"], changes["down"], closed)]


def days(facts: Facts) -> dict[date, tuple[int, ...]]:
    """day -> plays, listens, active users, of these paid."""
    figures = day_figures(facts)
    paid = Counter(
        day for (user, day), row in user_days(facts).items() if facts.level_at(user, row["last_at"]) == "paid"
    )
    first, last = min(figures), max(figures)
    every = [first + timedelta(days=at) for at in range((last - first).days + 1)]
    names = ("play_count", "listen_count", "active_user_count")
    return {day: (*(figures.get(day, {}).get(name, 0) for name in names), paid[day]) for day in every}


def top(facts: Facts, key: Callable[[Play], Any], count: int) -> Rows:
    """name(s), plays, distinct listeners; most first, then by name."""
    plays = Counter(key(play) for play in facts.plays)
    users: dict[Any, set[str]] = defaultdict(set)
    for play in facts.plays:
        users[key(play)] |= {play.user} if play.user else set()
    first = sorted(plays.items(), key=lambda item: (-item[1], item[0]))[:count]
    return [(*(name if isinstance(name, tuple) else (name,)), number, len(users[name])) for name, number in first]


def top_tracks(facts: Facts) -> Rows:
    return top(facts, _song, 10)


def top_artists(facts: Facts) -> Rows:
    return top(facts, _artist, 10)


def discovery(facts: Facts) -> Rows:
    seen: set[tuple[str, tuple[str, str]]] = set()
    counts: dict[date, list[int]] = defaultdict(lambda: [0, 0])
    for play in sorted(facts.plays, key=lambda play: play.event.ts_ms):
        if play.user:
            pair = (play.user, _song(play))
            counts[play.event.day][pair in seen] += 1
            seen.add(pair)
    return [(day.isoformat(), new, old) for day, (new, old) in sorted(counts.items())]


def hours_of_week(facts: Facts) -> Rows:
    counts = Counter((play.event.at.isoweekday(), play.event.at.hour) for play in facts.plays)
    return [(*key, counts[key]) for key in sorted(counts)]


def rolling(facts: Facts) -> Rows:
    active = sorted(user_days(facts))
    return [
        (day.isoformat(), *(len({u for u, on in active if 0 <= (day - on).days < width}) for width in (1, 7, 30)))
        for day in days(facts)
    ]


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _weeks(facts: Facts) -> dict[str, set[date]]:
    weeks: dict[str, set[date]] = defaultdict(set)
    for user, day in user_days(facts):
        weeks[user].add(_monday(day))
    return weeks


def retention(facts: Facts) -> Rows:
    weeks = _weeks(facts)
    sizes = Counter(min(active) for active in weeks.values())
    back = Counter((min(active), (week - min(active)).days // 7) for active in weeks.values() for week in active)
    newest = max(sizes)
    return [
        (cohort.isoformat(), sizes[cohort], number, back[cohort, number])
        for cohort, number in sorted(back)
        if (newest - cohort).days <= 7 * 11
    ]


def lifecycle(facts: Facts) -> Rows:
    weeks = _weeks(facts)
    counts: dict[date, Counter[str]] = defaultdict(Counter)
    last = max(max(active) for active in weeks.values())
    for active in weeks.values():
        for week in active:
            before, after = week - timedelta(days=7), week + timedelta(days=7)
            counts[week]["new" if week == min(active) else "kept" if before in active else "returned"] += 1
            if after not in active and week < last:
                counts[after]["lost"] += 1
    return [
        (week.isoformat(), *(counts[week][kind] for kind in ("new", "kept", "returned", "lost")))
        for week in sorted(counts)
    ]


def funnel(facts: Facts) -> Rows:
    pages: dict[str, set[str]] = defaultdict(set)
    for view in facts.of_topic["page_view_events"]:
        user = facts.user_of(view)
        if user:
            pages[view.rest["page"]].add(user)
            pages[f"level {view.level}"].add(user)
    free, seen, ordered = pages["level free"], pages["Upgrade"], pages["Submit Upgrade"]
    paid = {after.user for _, after in facts.level_changes if after.level == "paid"}
    steps = (free, free & seen, free & ordered, free & ordered & paid)
    names = ("Active on free", "Saw the offer", "Ordered", "Seen as paid")
    return [(name, len(users)) for name, users in zip(names, steps, strict=True)]


def sessions(facts: Facts) -> Rows:
    times: dict[int, list[int]] = defaultdict(list)
    for event in facts.events:
        times[event.session].append(event.ts_ms)
    ends = (60_000, 300_000, 900_000, 3_600_000, 10_800_000)
    classes = Counter(sum(max(t) - min(t) >= end for end in ends) for t in times.values())
    return sorted(classes.items())


def by_level(facts: Facts, k: int) -> Rows:
    """level, users: everybody at the level of their last active day, small groups merged."""
    last = max(day for _, day in user_days(facts))
    on = user_days(facts)
    groups = active_by_group(facts, lambda _: date.min, [last], lambda u, day: facts.level_at(u, on[u, day]["last_at"]))
    return sorted(k_anonymous(groups[last], k).items(), key=lambda item: (-item[1], item[0]))


def year_figures(facts: Facts) -> Rows:
    hours = sum(play.heard_ms or 0 for play in facts.plays) / HOUR_MS
    users = {play.user for play in facts.plays} - {None}
    heard = (len({_song(play) for play in facts.plays}), len({_artist(play) for play in facts.plays}))
    return [(len(facts.plays), round(hours, 6), *heard, len(users), len({play.event.session for play in facts.plays}))]


def year_artists(facts: Facts) -> Rows:
    """artist, plays, distinct titles of the five most played."""
    titles: dict[str, set[str]] = defaultdict(set)
    for play in facts.plays:
        title, artist = _song(play)
        titles[artist].add(title)
    return [(artist, plays, len(titles[artist])) for artist, plays, _ in top_artists(facts)[:5]]
