"""Events as lines of JSON: what is the same for a user, a state or a track was written once and is put together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import orjson

from zipotify.contracts.fields import AUTH_EVENTS, LISTEN_EVENTS, PAGE_VIEW_EVENTS, STATUS_CHANGE_EVENTS, TOPICS
from zipotify.simulate.config import State
from zipotify.simulate.directory import Directory
from zipotify.simulate.draws import Ints
from zipotify.simulate.events import Events
from zipotify.simulate.habits import ORIGINS, origins
from zipotify.simulate.identities import Identities, IdentityWriter
from zipotify.simulate.people import people
from zipotify.simulate.pieces import Book, Pieces, Slots
from zipotify.simulate.plan import Plan
from zipotify.simulate.states import States

_STATE_FIELDS = {
    PAGE_VIEW_EVENTS: ("page", "auth", "method", "status", "level"),
    LISTEN_EVENTS: ("auth", "level"),
    AUTH_EVENTS: ("level",),
    STATUS_CHANGE_EVENTS: ("auth", "level"),
}


@dataclass(frozen=True)
class Record:
    """One event as it goes to Kafka."""

    ts_s: int
    topic: str
    session_id: int
    value: bytes


class LineWriter:
    """Turns events of a run, all its variants together, into lines."""

    def __init__(self, plans: Sequence[Plan]) -> None:
        self.plan = plans[0]
        self.directory = Directory(plans)
        self.states = States([plan.machine for plan in plans])
        self._book = Book()
        self._identities = IdentityWriter(self._book, self.directory)
        self._known: tuple[Events, Identities] | None = None
        self._states_at = {topic: self._book.add(self._states_as_json(topic)) for topic in TOPICS}
        self._success_at = self._book.add([b',"success":false', b',"success":true'])
        songs = self.plan.songs.json
        self._song_first_at = self._book.add([b"{" + song + b"," for song in songs])
        self._song_last_at = self._book.add([*(b"," + song for song in songs), b""])
        self._extra_at = self._extra_pieces()

    def lines(self, topic: str, events: Events, rows: Ints, end: bytes = b"") -> Pieces:
        """Those events as JSON objects, each followed by `end`."""
        is_all, who = len(rows) == len(events), self._identities_of(events)
        some = events if is_all else events.part(rows)
        slots = Slots(self._book, len(some), who.pieces)
        if topic == LISTEN_EVENTS:
            slots.piece(self._song_first_at, some.track).text(b'"ts":')
        else:
            slots.text(b'{"ts":')
        slots.number(some.ts_s).text(b'000,"sessionId":').number(some.session_ids())
        slots.piece(self._states_at[topic], some.state).number(some.item)
        slots.own(who.which if is_all else who.which[rows])
        if topic == PAGE_VIEW_EVENTS:
            slots.piece(self._song_last_at, np.where(some.track < 0, len(self.plan.songs), some.track))
        elif topic == AUTH_EVENTS:
            slots.piece(self._success_at, self.states.is_logged_in[some.state])
        self._add_extras(slots, topic, some)
        return slots.text(b"}" + end).write()

    def _identities_of(self, events: Events) -> Identities:
        """Of all rows; the same for all topics, so they are kept until other events come."""
        if self._known is None or self._known[0] is not events:
            self._known = events, self._identities.of(events.user_id, self.states.is_shown[events.state])
        return self._known[1]

    def rows_of(self, topic: str, events: Events) -> Ints:
        """Numbers of the page views that are also an event of that topic."""
        return self.states.rows_of(topic, events)

    def records(self, events: Events) -> Iterator[Record]:
        """All events of all topics in the order ts, user, topic, item."""
        parts = [(number, self.rows_of(topic, events)) for number, topic in enumerate(TOPICS)]
        rows = np.concatenate([part for _, part in parts])
        topics = np.concatenate([np.full(len(part), number) for number, part in parts])
        values: list[bytes] = []
        for number, part in parts:
            values += self.lines(TOPICS[number], events, part)
        order = np.lexsort((rows, topics, events.user_id[rows], events.ts_s[rows]))
        sessions, ts = events.part(rows).session_ids(), events.ts_s[rows]
        for at in order.tolist():
            yield Record(int(ts[at]), TOPICS[topics[at]], int(sessions[at]), values[at])

    def _states_as_json(self, topic: str) -> list[bytes]:
        """What stands between the session's id and the item's number."""
        return [b',%b,"itemInSession":' % _fields(state, *_STATE_FIELDS[topic]) for state in self.states.states]

    def _extra_pieces(self) -> dict[str, int]:
        """Fields that Eventsim doesn't have, each with its comma: where they begin in the book, of those asked for."""
        extras, found = self.plan.extras, {}
        if extras.device:
            found["device"] = self._book.add(_texts("deviceType", people().agent_device))
        if extras.track_id:
            found["track"] = self._book.add(_texts("track_id", self.plan.songs.track_id))
        if extras.origin:
            found["origin"] = self._book.add(_texts("playSource", ORIGINS))
        return found

    def _add_extras(self, slots: Slots, topic: str, some: Events) -> None:
        if "device" in self._extra_at:
            slots.piece(self._extra_at["device"], self.directory.profiles(some.user_id).agent)
        if topic != LISTEN_EVENTS:
            return
        if "track" in self._extra_at:
            slots.piece(self._extra_at["track"], some.track)
        if self.plan.extras.played:
            slots.text(b',"played_ms":').number(some.played_ms)
        if "origin" in self._extra_at:
            slots.piece(self._extra_at["origin"], origins(self.directory.draws, some))


def _texts(name: str, values: Sequence[str]) -> list[bytes]:
    """`,"name":"value"` for each value."""
    return [b',"%b":%b' % (name.encode(), orjson.dumps(value)) for value in values]


def _fields(state: State, *names: str) -> bytes:
    return orjson.dumps({name: getattr(state, name) for name in names})[1:-1]
