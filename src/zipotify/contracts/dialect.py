"""The older Eventsim dialect: one stream of page views, from which the four events follow.

Each record is a page view; a NextSong is also a play; Submit Upgrade and Submit Downgrade also a status change;
the event after a Login, in its session, also an auth event.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from zipotify.contracts.decode import LOGGED_IN, Refusal, parse_json
from zipotify.contracts.fields import (
    AUTH_EVENTS,
    EVENTS,
    LISTEN_EVENTS,
    PAGE_VIEW_EVENTS,
    STATUS_CHANGE_EVENTS,
)

_OLD_ONLY = ("length", "location")
_STATUS_CHANGES = ("Submit Upgrade", "Submit Downgrade")


def is_old_dialect(record: Any) -> bool:
    """Whether a decoded record is of the older dialect: a page view with `length` or `location`."""
    return isinstance(record, dict) and "page" in record and any(name in record for name in _OLD_ONLY)


class OldDialect:
    """Translates records of one recording, in file order; remembers each session's last page."""

    def __init__(self) -> None:
        self._awaiting_login: set[Any] = set()

    def translate(self, raw: bytes) -> Iterator[tuple[str, bytes]]:
        """(topic, record) pairs of one raw record; what cannot be read passes as it is, to be refused downstream."""
        value = parse_json(raw)
        if isinstance(value, Refusal) or not isinstance(value, dict):
            yield PAGE_VIEW_EVENTS, raw
            return
        modern = _modern_names(value)
        yield PAGE_VIEW_EVENTS, _written(PAGE_VIEW_EVENTS, modern)
        if modern.get("page") == "NextSong":
            yield LISTEN_EVENTS, _written(LISTEN_EVENTS, modern)
        if modern.get("page") in _STATUS_CHANGES:
            yield STATUS_CHANGE_EVENTS, _written(STATUS_CHANGE_EVENTS, modern)
        if self._follows_login(modern):
            yield AUTH_EVENTS, _written(AUTH_EVENTS, {**modern, "success": modern.get("auth") == LOGGED_IN})

    def _follows_login(self, record: dict[str, Any]) -> bool:
        session = orjson.dumps(record.get("sessionId"))
        followed = session in self._awaiting_login
        if record.get("page") == "Login":
            self._awaiting_login.add(session)
        else:
            self._awaiting_login.discard(session)
        return followed


def _modern_names(record: dict[str, Any]) -> dict[str, Any]:
    modern = dict(record)
    if "length" in modern:
        modern["duration"] = modern.pop("length")
    location = modern.pop("location", None)
    if isinstance(location, str) and location:
        city, comma, state = location.rpartition(", ")
        modern["city"], modern["state"] = (city, state) if comma else (location, None)
    elif location:
        modern["city"] = location
    return modern


def _written(topic: str, record: dict[str, Any]) -> bytes:
    return orjson.dumps({f.name: record[f.name] for f in EVENTS[topic].fields if record.get(f.name) is not None})
