"""What the pages of one artist and one track must say for all time, recounted."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import date

from oracle.analyses import cancelled_at
from oracle.analyses import survival as curve
from oracle.days import k_anonymous
from oracle.events import repaired
from oracle.facts import Facts, Play
from oracle.tiles import HOUR_MS, Rows, days

IsAbout = Callable[[Play], bool]


def is_of(artist: str, song: str | None = None) -> IsAbout:
    """Whether a play is of the artist, or of the artist's track."""

    def check(play: Play) -> bool:
        names = (repaired(play.event.rest["artist"]), repaired(play.event.rest["song"]))
        return names[0] == artist and song in (None, names[1])

    return check


def figures(facts: Facts, is_about: IsAbout) -> Rows:
    plays = [play for play in facts.plays if is_about(play)]
    hours = sum(play.heard_ms or 0 for play in plays) / HOUR_MS
    users = {play.user for play in plays} - {None}
    shares = (len(plays) / len(facts.plays), sum(play.is_listen for play in plays) / len(plays))
    return [("now", len(plays), round(hours, 6), len(users), *(round(share, 6) for share in shares))]


def by_day(facts: Facts, is_about: IsAbout) -> Rows:
    plays: Counter[date] = Counter()
    users: dict[date, set[str]] = defaultdict(set)
    for play in filter(is_about, facts.plays):
        plays[play.event.day] += 1
        users[play.event.day] |= {play.user} if play.user else set()
    return [(day.isoformat(), plays[day], len(users[day])) for day in days(facts)]


def audience(facts: Facts, is_about: IsAbout, k: int) -> Rows:
    """dimension, value, listeners, each as at the last play of it, small groups merged."""
    last: dict[str, Play] = {}
    for play in filter(is_about, facts.plays):
        if play.user and (play.user not in last or play.event.ts_ms > last[play.user].event.ts_ms):
            last[play.user] = play
    people = [facts.version_at(user, play.event.at) for user, play in last.items()]
    rows = []
    for dimension in ("device", "gender", "level"):
        sizes = Counter(getattr(person, dimension) or "unknown" for person in people)
        groups = k_anonymous(dict(sizes), k) if len(people) >= k else {}
        rows += [
            (dimension, value, size) for value, size in sorted(groups.items(), key=lambda item: (-item[1], item[0]))
        ]
    return rows


def survival(facts: Facts, k: int) -> Rows:
    """level, days, estimated share, for as long as enough users are left to observe."""
    ended, last = cancelled_at(facts), max(action.at for action in facts.actions)
    rows = []
    for level in ("free", "paid"):
        firsts = {u: versions[0] for u, versions in facts.by_user.items() if versions[0].level == level}
        seen = [(ended.get(user, last) - first.valid_from).days for user, first in firsts.items()]
        rates = curve(facts, level).items()
        rows += [(level, day, round(rate, 6)) for day, rate in rates if sum(1 for other in seen if other >= day) >= k]
    return rows


def arms(facts: Facts) -> dict[str, tuple[int, float]]:
    """tag -> users, mean listens per user; a user belongs to the first tag seen."""
    first: dict[str, str] = {}
    for event in sorted(facts.actions, key=lambda event: event.order):
        user = facts.user_of(event)
        if user and event.tag:
            first.setdefault(user, event.tag)
    listens = Counter(play.user for play in facts.plays if play.is_listen)
    users = {tag: [user for user, own in first.items() if own == tag] for tag in set(first.values())}
    return {tag: (len(own), round(sum(listens[user] for user in own) / len(own), 6)) for tag, own in users.items()}
