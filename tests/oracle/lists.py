"""What the PySpark analyses find out, recounted from the truth of a history: pairs, lists, and who left."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from datetime import date, timedelta
from typing import Any

import pytest

from support.tastes import Truth

Track = tuple[str, str]
Row = tuple[Any, ...]


def listeners(truth: Truth, is_tracks: bool) -> dict[Any, set[str]]:
    """Who has listened to each (artist, song), or to each artist."""
    found: dict[Any, set[str]] = defaultdict(set)
    for heard in truth.listens:
        found[(heard.artist, heard.song) if is_tracks else (heard.artist,)].add(heard.user)
    return found


def nearest(listeners: dict[Any, set[str]], length: int) -> list[Row]:
    """For each item: the others by cosine, then by common listeners, then by name; with the counts behind it."""
    user_count, rows = len(set().union(*listeners.values())), []
    for item, own in listeners.items():
        near = []
        for other, theirs in listeners.items():
            both, product = len(own & theirs), len(own) * len(theirs)
            if other != item and both >= 2:
                near.append(
                    (-round(both / math.sqrt(product), 6), -both, other, len(theirs), both * user_count / product)
                )
        for rank, (cosine, both, other, count, lift) in enumerate(sorted(near)[:length], start=1):
            rows.append((*item, rank, *other, len(own), count, -both, -cosine, pytest.approx(lift, abs=1e-6)))
    return sorted(rows, key=lambda row: row[:3])


def split(truth: Truth, cut_off: date) -> tuple[dict[str, set[Track]], dict[str, set[Track]]]:
    """(tracks known before the cut-off, tracks listened to for the first time since), by user."""
    known: dict[str, set[Track]] = defaultdict(set)
    later: dict[str, set[Track]] = defaultdict(set)
    for heard in truth.listens:
        (known if heard.day < cut_off else later)[heard.user].add((heard.artist, heard.song))
    fresh = {user: tracks - known[user] for user, tracks in later.items() if user in known}
    return known, {user: tracks for user, tracks in fresh.items() if tracks}


def popular(known: dict[str, set[Track]], user: str, length: int) -> list[Track]:
    """The tracks with the most listeners that the user does not know."""
    counts = Counter(track for tracks in known.values() for track in tracks)
    return sorted((track for track in counts if track not in known[user]), key=lambda t: (-counts[t], t))[:length]


def recall(lists: dict[str, list[Track]], fresh: dict[str, set[Track]], length: int) -> float:
    shares = [len(set(lists.get(user, [])[:length]) & tracks) / len(tracks) for user, tracks in fresh.items()]
    return sum(shares) / len(shares)


def staying(truth: Truth, cut_off: date, window: timedelta) -> set[str]:
    """Users of the window up to the cut-off whose account was open then."""
    near = {user for user, days in truth.active.items() if any(cut_off - window < day <= cut_off for day in days)}
    return {user for user in near if truth.closed.get(user, date.max) > cut_off}


def gone(truth: Truth, user: str, cut_off: date, horizon: timedelta) -> bool:
    """Whether a user was not seen in the horizon after the cut-off, or closed the account in it."""
    after = {day for day in truth.active[user] if cut_off < day <= cut_off + horizon}
    return not after or truth.closed.get(user) in after
