"""Events as Arrow columns, for Parquet: names, places and tracks stay dictionaries, so nothing is written twice.

Arrays are made from buffers: Arrow's own ways from lists and NumPy import pandas, for half a second in each process.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from zipotify.contracts.fields import AUTH_EVENTS, LISTEN_EVENTS, PAGE_VIEW_EVENTS
from zipotify.simulate.directory import Profiles
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
        self._known: tuple[Events, Profiles, Ints] | None = None
        self._distinct = {name: _distinct(values) for name, values in self._lists().items()}

    def table(self, topic: str, events: Events, rows: Ints) -> pa.Table:
        """Those events, one column a field."""
        some = events.part(rows)
        head = {"ts": some.ts_s * 1000, "sessionId": some.session_ids()}
        item = {"itemInSession": some.item.astype(np.int32)}
        users = self._users(some, *self._people_of(events, rows))
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
        columns |= self._extras(topic, some)
        arrays = [column if isinstance(column, pa.Array) else ALL.of(column) for column in columns.values()]
        return pa.Table.from_arrays(arrays, list(columns))

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

    def _people_of(self, events: Events, rows: Ints) -> tuple[Profiles, Ints]:
        """Profiles of all users of the events, and the rows' numbers among them; kept until other events come."""
        if self._known is None or self._known[0] is not events:
            self._known = events, *self._writer.directory.people_of(events.user_id)
        return self._known[1], self._known[2][rows]

    def _users(self, some: Events, who: Profiles, which: Ints) -> dict[str, Any]:
        """Device fields, and user fields that are null where the state hides the user."""
        places = people().places
        hidden = Validity.but(~self._writer.states.is_shown[some.state])
        columns: dict[str, Any] = {
            "city": self._of_users("city", who.place, which),
            "zip": self._of_users("zip", who.place, which),
            "state": self._of_users("state", who.place, which),
            "userAgent": self._of_users("userAgent", who.agent, which),
            "lon": places.lon[who.place][which],
            "lat": places.lat[who.place][which],
            "userId": hidden.of(some.user_id),
            "lastName": self._of_users("lastName", who.last_name, which, hidden),
            "firstName": self._of_users("firstName", who.first_name, which, hidden),
            "gender": self._of_users("gender", who.first_name, which, hidden),
            "registration": hidden.of((who.registered_s * 1000)[which]),
        }
        if any(self._tag):
            columns["tag"] = self._of_users("tag", who.variant, which, hidden)
        return columns

    def _track(self, some: Events) -> dict[str, Any]:
        none = some.track < 0
        track, known = np.where(none, 0, some.track), Validity.but(none)
        return {
            "artist": self._dictionary("artist", track, known),
            "song": self._dictionary("song", track, known),
            "duration": known.of(self._songs.duration_s[track]),
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

    def _of_users(self, name: str, entry: Ints, which: Ints, known: Validity | None = None) -> pa.Array:
        """The same, for each row's user: the entry is looked up once a user."""
        values, number = self._distinct[name]
        return _as_dictionary(values, number[entry][which], known or ALL)

    def _dictionary(self, name: str, which: Ints, known: Validity | None = None) -> pa.Array:
        """Entries of the field's list, as a dictionary of the distinct values."""
        values, number = self._distinct[name]
        return _as_dictionary(values, number[which], known or ALL)


class Validity:
    """Which rows have a value, as Arrow keeps it: made once for all columns that lack it in the same rows."""

    def __init__(self, bits: pa.Buffer | None, null_count: int) -> None:
        self._bits = bits
        self._null_count = null_count

    @classmethod
    def but(cls, missing: Bools) -> Validity:
        """All rows but the missing ones."""
        null_count = int(np.count_nonzero(missing))
        return cls(pa.py_buffer(np.packbits(~missing, bitorder="little")), null_count) if null_count else ALL

    def of(self, values: npt.NDArray[Any]) -> pa.Array:
        """Those values, null in the missing rows; nothing but bools is copied."""
        laid = np.packbits(values, bitorder="little") if values.dtype == bool else np.ascontiguousarray(values)
        kind, data = pa.from_numpy_dtype(values.dtype), pa.py_buffer(laid)
        return pa.Array.from_buffers(kind, len(values), [self._bits, data], self._null_count)


ALL = Validity(None, 0)


def _as_dictionary(values: pa.Array, number: npt.NDArray[Any], known: Validity) -> pa.Array:
    """Values by their number. A few rows don't carry all values along, only those that they have."""
    if len(number) < len(values):
        used, number = np.unique(number, return_inverse=True)
        values, number = values.take(ALL.of(used)), np.asarray(number, np.int32)
    return pa.DictionaryArray.from_arrays(known.of(number), values)


def _distinct(values: Sequence[str | None]) -> tuple[pa.Array, Ints]:
    """The distinct values, and the number of each entry's value among them."""
    known = list(dict.fromkeys(value for value in values if value is not None))
    numbers: dict[str | None, int] = {value: number for number, value in enumerate(known)}
    builder = pa.lib.StringBuilder()
    builder.append_values(known)
    return builder.finish(), np.array([numbers.get(value, 0) for value in values]).astype(np.int32)
