"""Sessions, plays, users' versions and level changes, recounted."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import pairwise

from oracle.events import Event

LISTEN_MS = 30_000


@dataclass(frozen=True)
class Play:
    """One listen event and what follows from its session."""

    event: Event
    user: str | None
    position: int
    heard_ms: int | None
    is_estimated: bool
    is_listen: bool


@dataclass(frozen=True)
class Version:
    """A user's state from an instant on, until the next version's."""

    user: str
    valid_from: datetime
    valid_to: datetime | None
    level: str
    gender: str | None
    place: tuple[str | None, str | None] | None
    device: str | None


class Facts:
    """All facts of one source."""

    def __init__(self, events: list[Event]) -> None:
        self.source = events[0].source
        self.events = events
        self.of_topic: dict[str, list[Event]] = defaultdict(list)
        for event in events:
            self.of_topic[event.topic].append(event)
        self._session_users = _session_users(events)
        self.actions = self._actions()
        self.plays = self._plays()
        self.versions = self._versions()

    def user_of(self, event: Event) -> str | None:
        """The user that the event shows, else its session's one user."""
        return event.user or self._session_users[event.session]

    def session_user(self, session: int) -> str | None:
        return self._session_users[session]

    def _actions(self) -> list[Event]:
        """One event for each action of a client: a play is a listen event and a page view."""
        seen: dict[tuple[int, int, int, str | None], Event] = {}
        for event in self.events:
            seen.setdefault((event.session, event.item, event.ts_ms, self.user_of(event)), event)
        return list(seen.values())

    def _plays(self) -> list[Play]:
        sessions: dict[int, list[Event]] = defaultdict(list)
        for event in self.events:
            ends = event.topic == "page_view_events" and event.rest["page"] in ("Logout", "Cancel")
            if ends or event.topic == "listen_events":
                sessions[event.session].append(event)
        return [play for moments in sessions.values() for play in self._session_plays(moments)]

    def _session_plays(self, moments: list[Event]) -> Iterable[Play]:
        moments.sort(key=lambda event: (event.ts_ms, event.item, event.topic != "listen_events"))
        position = 0
        for event, following in zip(moments, [*moments[1:], None], strict=True):
            if event.topic == "listen_events":
                position += 1
                yield self._play(event, following, position)

    def _play(self, event: Event, following: Event | None, position: int) -> Play:
        duration_s, measured = event.rest.get("duration"), event.rest.get("played_ms")
        length = length_ms(duration_s)
        heard = measured
        if measured is None:
            known = [length] if following is None else [length, following.ts_ms - event.ts_ms]
            heard = min((ms for ms in known if ms is not None), default=None)
        whole = following is None and measured is None
        counts = whole or (heard is not None and (heard >= LISTEN_MS or (length is not None and heard >= length)))
        return Play(event, self.user_of(event), position, heard, measured is None, counts)

    def _versions(self) -> list[Version]:
        by_user: dict[str, list[Event]] = defaultdict(list)
        for event in self.actions:
            user = self.user_of(event)
            if user is not None:
                by_user[user].append(event)
        return [version for user, events in by_user.items() for version in _versions_of(user, events)]

    def level_at(self, user: str, moment: datetime) -> str:
        """The user's level at an instant."""
        return self.version_at(user, moment).level

    def version_at(self, user: str, moment: datetime) -> Version:
        """The user's version at an instant."""
        return next(v for v in self.by_user[user] if v.valid_to is None or moment < v.valid_to)

    @cached_property
    def by_user(self) -> dict[str, list[Version]]:
        found: dict[str, list[Version]] = defaultdict(list)
        for version in self.versions:
            found[version.user].append(version)
        return found

    @cached_property
    def level_changes(self) -> list[tuple[Version, Version]]:
        """(version before, version with the other level)."""
        pairs = [pair for versions in self.by_user.values() for pair in pairwise(versions)]
        return [(before, after) for before, after in pairs if before.level != after.level]


def length_ms(duration_s: float | None) -> int | None:
    """Whole ms, halves rounded up; None for a length that is none."""
    return math.floor(duration_s * 1000 + 0.5) if duration_s and duration_s > 0 else None


def _session_users(events: list[Event]) -> dict[int, str | None]:
    shown: dict[int, set[str]] = defaultdict(set)
    for event in events:
        shown[event.session] |= {event.user} if event.user else set()
    return {session: next(iter(users)) if len(users) == 1 else None for session, users in shown.items()}


def _versions_of(user: str, events: list[Event]) -> list[Version]:
    """Walk through the user's events; what one hides is as it was last shown, or first shown when that is later."""
    events.sort(key=lambda event: event.order)
    gender = next((event.gender for event in events if event.gender), None)
    device = next((event.device for event in events if event.device), None)
    place = next((event.place for event in events if event.place), None)
    states: dict[datetime, tuple[str, str | None, tuple[str | None, str | None] | None, str | None]] = {}
    for event in events:
        gender, device, place = event.gender or gender, event.device or device, event.place or place
        states[event.at] = (event.level, gender, place, device)
    starts = [
        moment for moment, before in _with_before(list(states)) if before is None or states[moment] != states[before]
    ]
    ends = [*starts[1:], None]
    return [Version(user, start, end, *states[start]) for start, end in zip(starts, ends, strict=True)]


def _with_before(moments: list[datetime]) -> list[tuple[datetime, datetime | None]]:
    return list(zip(moments, [None, *moments[:-1]], strict=True))
