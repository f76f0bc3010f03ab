"""Events as lines of JSON: what is the same for a user, a state or a track was written once and is put together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson

from zipotify.contracts.fields import AUTH_EVENTS, LISTEN_EVENTS, PAGE_VIEW_EVENTS, STATUS_CHANGE_EVENTS, TOPICS
from zipotify.simulate.config import State
from zipotify.simulate.draws import Ints
from zipotify.simulate.engine import SESSION_BITS, Events, Simulation

_LINE = {
    PAGE_VIEW_EVENTS: b'{"ts":%d000,"sessionId":%d,%b,"itemInSession":%d,%b%b}',
    LISTEN_EVENTS: b'{%b,"ts":%d000,"sessionId":%d,%b,"itemInSession":%d,%b}',
    AUTH_EVENTS: b'{"ts":%d000,"sessionId":%d,%b,"itemInSession":%d,%b,"success":%b}',
    STATUS_CHANGE_EVENTS: b'{"ts":%d000,"sessionId":%d,%b,"itemInSession":%d,%b}',
}


@dataclass(frozen=True)
class Record:
    """One event as it goes to Kafka."""

    ts_s: int
    topic: str
    session_id: int
    value: bytes


class LineWriter:
    """Turns events of one simulation into lines, remembering each user's part."""

    def __init__(self, simulation: Simulation) -> None:
        self._population = simulation.population
        self._machine = simulation.plan.machine
        states = self._machine.states
        self._page_state = [_fields(s, "page", "auth", "method", "status", "level") for s in states]
        self._auth_state = [_fields(s, "auth", "level") for s in states]
        self._level_state = [_fields(s, "level") for s in states]
        self._songs = simulation.plan.songs.json
        self._tracks = [*(b"," + song for song in self._songs), b""]
        self._devices: list[bytes] = []
        self._shown: list[bytes] = []

    def rows_of(self, topic: str, events: Events) -> Ints:
        """Numbers of the page views that are also an event of that topic."""
        if topic == LISTEN_EVENTS:
            return np.flatnonzero(events.track >= 0)
        if topic == AUTH_EVENTS:
            return np.flatnonzero(events.after_login)
        if topic == STATUS_CHANGE_EVENTS:
            return np.flatnonzero(self._machine.is_status_change[events.state])
        return np.arange(len(events))

    def lines(self, topic: str, events: Events, rows: Ints) -> list[bytes]:
        """Those events as JSON objects, without line ends."""
        ts, item = events.ts_s[rows].tolist(), events.item[rows].tolist()
        state, session = events.state[rows].tolist(), self.session_ids(events, rows).tolist()
        user = self._user_parts(events, rows)
        columns: tuple[Iterable[Any], ...]
        if topic == LISTEN_EVENTS:
            songs = map(self._songs.__getitem__, events.track[rows].tolist())
            columns = (songs, ts, session, map(self._auth_state.__getitem__, state), item, user)
        elif topic == AUTH_EVENTS:
            success = (b"true" if self._machine.is_logged_in[s] else b"false" for s in state)
            columns = (ts, session, map(self._level_state.__getitem__, state), item, user, success)
        elif topic == STATUS_CHANGE_EVENTS:
            columns = (ts, session, map(self._auth_state.__getitem__, state), item, user)
        else:
            tracks = map(self._tracks.__getitem__, events.track[rows].tolist())
            columns = (ts, session, map(self._page_state.__getitem__, state), item, user, tracks)
        return list(map(_LINE[topic].__mod__, zip(*columns, strict=True)))

    def records(self, events: Events) -> Iterator[Record]:
        """All events of all topics in the order ts, user, topic, item."""
        parts = [(number, self.rows_of(topic, events)) for number, topic in enumerate(TOPICS)]
        rows = np.concatenate([part for _, part in parts])
        topics = np.concatenate([np.full(len(part), number) for number, part in parts])
        values = [line for number, part in parts for line in self.lines(TOPICS[number], events, part)]
        order = np.lexsort((rows, topics, events.user[rows], events.ts_s[rows]))
        sessions, ts = self.session_ids(events, rows), events.ts_s[rows]
        for at in order.tolist():
            yield Record(int(ts[at]), TOPICS[topics[at]], int(sessions[at]), values[at])

    def session_ids(self, events: Events, rows: Ints) -> Ints:
        """Ids of the events' sessions: a function of user and session number alone."""
        user_id = self._population.user_id[events.user[rows]]
        return np.asarray((user_id << SESSION_BITS) + events.session[rows])

    def _user_parts(self, events: Events, rows: Ints) -> Iterator[bytes]:
        for user in range(len(self._devices), len(self._population)):
            device, shown = self._population.describe(user)
            self._devices.append(device)
            self._shown.append(shown)
        users = events.user[rows].tolist()
        is_shown = self._machine.is_shown[events.state[rows]].tolist()
        devices, shown_parts = self._devices, self._shown
        return (shown_parts[u] if s else devices[u] for u, s in zip(users, is_shown, strict=True))


def _fields(state: State, *names: str) -> bytes:
    return orjson.dumps({name: getattr(state, name) for name in names})[1:-1]
