"""Events as lines of JSON: what is the same for a user, a state or a track was written once and is put together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import orjson
import polars as pl

from zipotify.contracts.fields import AUTH_EVENTS, LISTEN_EVENTS, PAGE_VIEW_EVENTS, STATUS_CHANGE_EVENTS, TOPICS
from zipotify.simulate.config import State
from zipotify.simulate.directory import Directory
from zipotify.simulate.draws import Ints
from zipotify.simulate.events import Events
from zipotify.simulate.habits import origins
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
        self._state_json = {topic: self._states_as_json(names) for topic, names in _STATE_FIELDS.items()}

    def lines(self, topic: str, events: Events, rows: Ints, end: str = "") -> pl.Series:
        """Those events as JSON objects, each followed by `end`."""
        some = events.part(rows)
        is_shown = self.states.is_shown[some.state].astype(np.int64)
        columns = {
            "ts": some.ts_s,
            "session": some.session_ids(),
            "state": self._state_json[topic].gather(some.state),
            "item": some.item,
            "user": self.directory.json_parts(some.user_id, is_shown),
        }
        head = ['"ts":', "ts", '000,"sessionId":', "session", "state", "item", "user"]
        if topic == LISTEN_EVENTS:
            columns["song"] = self._songs(some)
            head = ["song", ",", *head]
        elif topic == PAGE_VIEW_EVENTS:
            columns["song"] = self._songs(some, after_others=True)
            head = [*head, "song"]
        elif topic == AUTH_EVENTS:
            columns["success"] = self.states.is_logged_in[some.state]
            head = [*head, ',"success":', "success"]
        extra = self._extra_fields(topic, some)
        frame = pl.DataFrame({**columns, **extra})
        parts = ["{", *head, *extra, "}" + end]
        return frame.select(pl.concat_str([pl.col(p) if p in frame.columns else pl.lit(p) for p in parts])).to_series()

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
            values += self.lines(TOPICS[number], events, part).cast(pl.Binary).to_list()
        order = np.lexsort((rows, topics, events.user_id[rows], events.ts_s[rows]))
        sessions, ts = events.part(rows).session_ids(), events.ts_s[rows]
        for at in order.tolist():
            yield Record(int(ts[at]), TOPICS[topics[at]], int(sessions[at]), values[at])

    def _songs(self, some: Events, after_others: bool = False) -> pl.Series:
        songs = self.plan.songs
        return (songs.json_after if after_others else songs.json).gather(
            np.where(some.track < 0, len(songs), some.track)
        )

    def _states_as_json(self, names: Sequence[str]) -> pl.Series:
        """What stands between the session's id and the item's number."""
        return pl.Series([f',{_fields(state, *names)},"itemInSession":' for state in self.states.states])

    def _extra_fields(self, topic: str, some: Events) -> dict[str, pl.Series]:
        """Fields that Eventsim doesn't have, each with its comma; none unless asked for."""
        extras, songs = self.plan.extras, self.plan.songs
        found: dict[str, pl.Series] = {}
        if extras.device:
            device = self.directory.profiles(some.user_id).device()
            found["device"] = _texts("deviceType", device)
        if topic == LISTEN_EVENTS and extras.track_id:
            found["track"] = _texts("track_id", songs.track_id.gather(some.track))
        if topic == LISTEN_EVENTS and extras.played:
            played = pl.Series(some.played_ms).cast(pl.String)
            found["played"] = pl.select(pl.lit(',"played_ms":') + played).to_series()
        if topic == LISTEN_EVENTS and extras.origin:
            found["origin"] = _texts("playSource", origins(self.directory.draws, some))
        return found


def _texts(name: str, values: pl.Series) -> pl.Series:
    """`,"name":"value"` for plain texts that need no escaping."""
    return pl.select(pl.lit(f',"{name}":"') + values + pl.lit('"')).to_series()


def _fields(state: State, *names: str) -> str:
    return orjson.dumps({name: getattr(state, name) for name in names})[1:-1].decode()
