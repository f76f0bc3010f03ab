"""Events as columns: what the engine makes and everything else reads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any, TypeAlias

import numpy as np

from zipotify.simulate.draws import Bools, Ints
from zipotify.simulate.native.order import merge
from zipotify.simulate.native.steps import Rows

SESSION_BITS = 20
"""A session's id is its user's id, this many bits up, plus its number: below 2^53, which JavaScript can count."""


@dataclass
class Events:
    """Events in the order ts, user, item; one row a page view.

    `track` is -1 where no song starts; `state` counts through the machines of all variants.
    """

    user_id: Ints
    ts_s: Ints
    state: Ints
    session: Ints
    item: Ints
    track: Ints
    after_login: Bools
    played_ms: Ints
    """How much of the track was heard; -1 where no song starts."""
    fault: Ints | None = None
    """What is wrong with it on purpose; 0 for nothing (see `faults`). None where a run spoils nothing."""
    arrive_s: Ints | None = None
    """When it arrives, where a run spoils some."""

    def __len__(self) -> int:
        return len(self.ts_s)

    @property
    def arrival_s(self) -> Ints:
        """When it arrives: when it happens, unless it is spoiled."""
        return self.ts_s if self.arrive_s is None else self.arrive_s

    def columns(self) -> dict[str, Any]:
        """By name, those that there are."""
        return {name: column for name, column in vars(self).items() if column is not None}

    def part(self, rows: Ints | slice) -> Events:
        """Some of the rows."""
        return Events(**{name: column[rows] for name, column in self.columns().items()})

    def laid(self, rows: Ints, into: Events) -> Events:
        """Some of the rows, written into others."""
        for name, column in into.columns().items():
            # Any mode but "raise" writes there directly.
            np.take(getattr(self, name), rows, out=column, mode="clip")
        return into

    @classmethod
    def joined(cls, parts: Sequence[Events]) -> Events:
        """One after the other."""
        if not parts:
            none = np.empty(0, np.int64)
            return cls(**{field.name: none for field in fields(cls)} | {"after_login": none.astype(bool)})
        if len(parts) == 1:
            return parts[0]
        return cls(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in parts[0].columns()})

    @classmethod
    def merged(cls, parts: Sequence[Events]) -> Events:
        """Events of disjoint users in the order of arrival, then user."""
        if len(parts) > 1 and any(part.fault is not None for part in parts):
            joined = cls.joined(parts)
            return joined.part(np.lexsort((joined.user_id, joined.arrival_s)))  # a stable order
        done, *todo = parts
        for part in todo:
            done = done._merged_with(part)
        return done

    def _merged_with(self, other: Events) -> Events:
        mine, theirs = self._rows(), other._rows()
        room = Rows(*(np.empty(len(self) + len(other), column.dtype) for column in mine))
        merge(mine, theirs, room)
        return Events(**room._asdict())

    def _rows(self) -> Rows:
        return Rows(*(getattr(self, name) for name in Rows._fields))

    def session_ids(self) -> Ints:
        """Ids of the sessions: a function of user and session number alone."""
        return np.asarray((self.user_id << SESSION_BITS) + self.session)


Place: TypeAlias = Callable[[int], Events]
"""Gives room for so many events that nothing spoils, to be written over."""
