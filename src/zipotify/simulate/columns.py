"""Events as Arrow columns, for Parquet: names, places and tracks stay dictionaries, so nothing is written twice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from zipotify.contracts.fields import AUTH_EVENTS, LISTEN_EVENTS, PAGE_VIEW_EVENTS
from zipotify.simulate.draws import Bools, Ints
from zipotify.simulate.events import Events
from zipotify.simulate.habits import ORIGINS, origins
from zipotify.simulate.lines import LineWriter
from zipotify.simulate.people import people


class ColumnWriter:
    """Turns events of a run into tables with the fields of the lines, in the same order."""

    def __init__(self, writer: LineWriter) -> None:
        self._writer = writer
        self._songs = writer.plan.songs
        self._status = np.array([state.status for state in writer.states.states], np.int32)
        self._tag = [plan.tag for plan in writer.directory.plans]
        self._distinct = {name: _distinct(values) for name, values in self._lists().items()}

    def table(self, topic: str, events: Events, rows: Ints) -> pa.Table:
        """Those events, one column a field."""
        some = events.part(rows)
        head = {"ts": some.ts_s * 1000, "sessionId": some.session_ids()}
        item = {"itemInSession": some.item.astype(np.int32)}
        users = self._users(some)
        if topic == PAGE_VIEW_EVENTS:
            columns = {**head, **self._state(some, "page", "auth", "method", "status", "level"), **item, **users}
            columns |= self._track(some)
        elif topic == LISTEN_EVENTS:
            columns = {**self._track(some), **head, **self._state(some, "auth", "level"), **item, **users}
        elif topic == AUTH_EVENTS:
            columns = {**head, **self._state(some, "level"), **item, **users}
            columns["success"] = self._writer.states.is_logged_in[some.state]
        else:
            columns = {**head, **self._state(some, "auth", "level"), **item, **users}
        return pa.table({**columns, **self._extras(topic, some)})

    def _lists(self) -> dict[str, Sequence[str | None]]:
        """Field -> the list that its values come from."""
        lists, states = people(), self._writer.states.states
        columns: dict[str, Sequence[str | None]] = {
            name: [getattr(state, name) for state in states] for name in ("page", "auth", "method", "level")
        }
        return columns | {
            "city": lists.places.city,
            "zip": lists.places.zip,
            "state": lists.places.state,
            "userAgent": lists.agent,
            "deviceType": lists.agent_device,
            "lastName": lists.last_name,
            "firstName": lists.first_name,
            "gender": lists.gender,
            "artist": self._songs.artist,
            "song": self._songs.title,
            "track_id": self._songs.track_id,
            "playSource": ORIGINS,
            "tag": self._tag,
        }

    def _state(self, some: Events, *names: str) -> dict[str, Any]:
        return {
            name: self._status[some.state] if name == "status" else self._dictionary(name, some.state) for name in names
        }

    def _users(self, some: Events) -> dict[str, Any]:
        """Device fields, and user fields that are null where the state hides the user."""
        lists = people()
        who, which = self._writer.directory.people_of(some.user_id)
        place = who.place[which]
        hidden = ~self._writer.states.is_shown[some.state]
        columns: dict[str, Any] = {
            "city": self._dictionary("city", place),
            "zip": self._dictionary("zip", place),
            "state": self._dictionary("state", place),
            "userAgent": self._dictionary("userAgent", who.agent[which]),
            "lon": lists.places.lon[place],
            "lat": lists.places.lat[place],
            "userId": pa.array(some.user_id, mask=hidden),
            "lastName": self._dictionary("lastName", who.last_name[which], hidden),
            "firstName": self._dictionary("firstName", who.first_name[which], hidden),
            "gender": self._dictionary("gender", who.first_name[which], hidden),
            "registration": pa.array(who.registered_s[which] * 1000, mask=hidden),
        }
        if any(self._tag):
            columns["tag"] = self._dictionary("tag", who.variant[which], hidden)
        return columns

    def _track(self, some: Events) -> dict[str, Any]:
        none = some.track < 0
        track = np.where(none, 0, some.track)
        return {
            "artist": self._dictionary("artist", track, none),
            "song": self._dictionary("song", track, none),
            "duration": pa.array(self._songs.duration_s[track], mask=none),
        }

    def _extras(self, topic: str, some: Events) -> dict[str, Any]:
        extras, found = self._writer.plan.extras, {}
        if extras.device:
            found["deviceType"] = self._dictionary("deviceType", self._writer.directory.profiles(some.user_id).agent)
        if topic == LISTEN_EVENTS and extras.track_id:
            found["track_id"] = self._dictionary("track_id", some.track)
        if topic == LISTEN_EVENTS and extras.played:
            found["played_ms"] = some.played_ms
        if topic == LISTEN_EVENTS and extras.origin:
            found["playSource"] = self._dictionary("playSource", origins(self._writer.directory.draws, some))
        return found

    def _dictionary(self, name: str, which: Ints, missing: Bools | None = None) -> pa.Array:
        """Entries of the field's list, null where missing, as a dictionary of the distinct values."""
        values, number = self._distinct[name]
        return pa.DictionaryArray.from_arrays(pa.array(number[which], mask=missing), values)


def _distinct(values: Sequence[str | None]) -> tuple[pa.Array, Ints]:
    """The distinct values, and the number of each entry's value among them."""
    encoded = pa.array(values, pa.string()).dictionary_encode()
    return encoded.dictionary, encoded.indices.fill_null(0).to_numpy().astype(np.int32)
