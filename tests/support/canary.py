"""A made-up person whose every attribute is unmistakable, and events that carry them."""

from __future__ import annotations

import json
from typing import Any

USER_ID = "canary-user-83Q7"
PRIVATE = {
    "userId": USER_ID,
    "lastName": "Zq7Kanarienvogelsen",
    "firstName": "Zq7Tweetyana",
    "zip": "Z1P-83Q7",
    "userAgent": "CanaryBrowser/83.7 (Feathers)",
    "lat": 12.345678,
    "lon": -98.765432,
    "registration": 1_612_345_678_901,
}
"""What may be in `users_private` only."""
OTHER: dict[str, Any] = {
    "userId": "other-user",
    "lastName": "Otherwise",
    "firstName": "Olga",
    "zip": "10001",
    "userAgent": "Mozilla/5.0 (X11; Linux)",
    "lat": 40.5,
    "lon": -74.25,
    "registration": 1_600_000_000_000,
}
"""Somebody else, who stays."""
SONG = "Song that only the canary plays"
"""No secret: it shows that a scan sees into each place."""
CITY = {"city": "Birdville", "state": "TX", "gender": "F"}


def texts() -> list[str]:
    """The private values as a scan looks for them."""
    return [str(value) for value in PRIVATE.values()]


def event(session_id: int, item: int, ts_ms: int, **changes: Any) -> bytes:
    """One play or page view of the canary; it has the fields of both."""
    common = {"ts": ts_ms, "sessionId": session_id, "itemInSession": item, "auth": "Logged In", "level": "free"}
    page = {"page": "NextSong", "method": "PUT", "status": 200, "artist": "The Cages", "song": SONG, "duration": 200.5}
    fields = {**common, **page, **CITY, **PRIVATE, **changes}
    return json.dumps({name: value for name, value in fields.items() if value is not None}).encode()


def events(session_id: int, ts_ms: int, **changes: Any) -> list[tuple[str, bytes]]:
    """A short session, by topic: it begins without a user, and one record of it can't be read."""
    guest: dict[str, Any] = {**dict.fromkeys(PRIVATE), "page": "Home", "auth": "Logged Out", "song": None}
    made = [("page_view_events", event(session_id, 0, ts_ms, **guest))]
    for item in range(1, 6):
        at_ms = ts_ms + item * 1000
        made += [(topic, event(session_id, item, at_ms, **changes)) for topic in ("page_view_events", "listen_events")]
    return [*made, ("page_view_events", event(session_id, 6, ts_ms, **changes)[:-1])]
