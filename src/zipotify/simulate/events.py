"""Events as columns: what the engine makes and everything else reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from zipotify.simulate.draws import Bools, Ints
from zipotify.simulate.native.order import merged, taken

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
    fault: Ints
    """What is wrong with it on purpose; 0 for nothing (see `faults`)."""
    arrive_s: Ints
    """When it arrives: when it happens, unless it is spoiled."""

    def __len__(self) -> int:
        return len(self.ts_s)

    def part(self, rows: Ints | slice) -> Events:
        """Some of the rows."""
        return Events(*(getattr(self, field.name)[rows] for field in fields(self)))

    @classmethod
    def joined(cls, parts: Sequence[Events]) -> Events:
        """One after the other."""
        if not parts:
            none = np.empty(0, np.int64)
            return cls(none, none, none, none, none, none, none.astype(bool), none, none, none)
        if len(parts) == 1:
            return parts[0]
        return cls(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(cls)))

    @classmethod
    def merged(cls, parts: Sequence[Events]) -> Events:
        """Events of disjoint users in the order of arrival, then user."""
        done, *todo = parts
        for part in todo:
            order = merged(done.arrive_s, done.user_id, part.arrive_s, part.user_id)
            pairs = ((getattr(done, field.name), getattr(part, field.name)) for field in fields(cls))
            done = cls(*(taken(order, *pair) for pair in pairs))
        return done

    def session_ids(self) -> Ints:
        """Ids of the sessions: a function of user and session number alone."""
        return np.asarray((self.user_id << SESSION_BITS) + self.session)
