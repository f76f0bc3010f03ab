"""A small history of people with a taste: three circles, each with its own tracks; some leave, some close the account.

Its truth is known beside its files, so that whatever is worked out from it can be recounted.
"""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

FIRST_DAY, DAY_COUNT = date(2024, 3, 4), 35
"""The running day is the last one, which the analysis of churn leaves out."""
CIRCLES, PEOPLE, TRACKS = 3, 20, 30
"""Circles; people and tracks of each."""
_PLAYS_A_DAY = 5
_TRACK_S = 200


@dataclass(frozen=True)
class Heard:
    """One listen: who, what, and on which UTC day."""

    user: str
    artist: str
    song: str
    day: date


@dataclass
class Truth:
    """What happened, by the rules of the history alone."""

    listens: list[Heard]
    active: dict[str, set[date]]
    """Days with any event, by user."""
    closed: dict[str, date]
    """The day on which a user closed the account."""


def write(folder: Path) -> Truth:
    """Write the two topics of the history into the folder."""
    truth, lines = Truth([], defaultdict(set), {}), defaultdict[str, list[bytes]](list)
    for number in range(CIRCLES * PEOPLE):
        for topic, record in _life(number, truth):
            lines[topic].append(json.dumps(record).encode())
    folder.mkdir(parents=True)
    for topic, records in lines.items():
        (folder / f"{topic}.ndjson").write_bytes(b"\n".join(records) + b"\n")
    return truth


def _life(number: int, truth: Truth) -> Iterator[tuple[str, dict[str, Any]]]:
    """Everything that a user does: on every second day or so, until the day on which a third of them leave."""
    chance, user = random.Random(number), str(number)
    last = chance.randrange(8, DAY_COUNT) if number % 3 == 0 else DAY_COUNT
    days = [n for n in range(last) if chance.random() < 0.6 or n == number % 5]
    for n in days:
        day = FIRST_DAY + timedelta(days=n)
        truth.active[user].add(day)
        session = number * DAY_COUNT + n
        for item in range(_PLAYS_A_DAY):
            artist, song = _choice(chance, number % CIRCLES)
            truth.listens.append(Heard(user, artist, song, day))
            names = {"artist": artist, "song": song, "duration": float(_TRACK_S)}
            yield "listen_events", {**_common(number, session, item, day), **names}
        if number % 9 == 0 and n == days[-1]:
            truth.closed[user] = day
            page = {"page": "Cancellation Confirmation", "method": "GET", "status": 200}
            yield "page_view_events", {**_common(number, session, _PLAYS_A_DAY, day), **page}


def _choice(chance: random.Random, circle: int) -> tuple[str, str]:
    """A track of one's own circle, rarely of another; the first ones of each are heard the most."""
    of = circle if chance.random() < 0.95 else chance.randrange(CIRCLES)
    track = min(chance.randrange(TRACKS), chance.randrange(TRACKS))
    return f"Band {of}-{track % 10}", f"Song {of}-{track}"


def _common(number: int, session: int, item: int, day: date) -> dict[str, Any]:
    at = datetime(day.year, day.month, day.day, 8 + number % 12, tzinfo=UTC)
    return {
        "ts": int(at.timestamp() * 1000) + item * _TRACK_S * 1000,
        "sessionId": session,
        "itemInSession": item,
        "auth": "Logged In",
        "level": "paid" if number % 4 == 0 else "free",
        "userId": str(number),
        "gender": "FM"[number % 2],
    }
