"""Events in shared memory: what one process has simulated, the others read where it lies, without its being sent."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, fields
from multiprocessing.shared_memory import SharedMemory

import numpy as np

from zipotify.simulate.events import Events

_TYPES = {"user_id": np.int64, "ts_s": np.int64, "arrive_s": np.int64, "after_login": np.bool_, "fault": np.int8}
"""All other columns have 32 bits."""
_LEAST_ROOM = 1 << 16


@dataclass(frozen=True)
class Lent:
    """Where events lie, and how many."""

    side: int
    name: str
    room: int
    count: int


class Shelf:
    """One of a process's two places for its events: the next round's lie in the other while these are read."""

    def __init__(self, side: int) -> None:
        self._side = side
        self._memory: SharedMemory | None = None
        self._room = 0

    def lay(self, events: Events) -> Lent:
        """Copy them there; the place is made larger when they don't fit."""
        if self._memory is None or len(events) > self._room:
            self.clear()
            self._room = max(_LEAST_ROOM, 1 << len(events).bit_length())
            self._memory = SharedMemory(create=True, size=self._room * _row_bytes())
        for field, column in vars(_laid_out(self._memory, self._room, len(events))).items():
            column[:] = getattr(events, field)
        return Lent(self._side, self._memory.name, self._room, len(events))

    def clear(self) -> None:
        """Give the memory back; whoever still reads it keeps it until then."""
        if self._memory is not None:
            self._memory.close()
            self._memory.unlink()
            self._memory = None


class Readers:
    """What others have laid out, opened once."""

    def __init__(self) -> None:
        self._open: dict[tuple[int, int], SharedMemory] = {}

    def events(self, owner: int, lent: Lent) -> Events:
        """The owner's events, to read until the owner is told of the round after the next."""
        memory = self._open.get((owner, lent.side))
        if memory is None or memory.name != lent.name:
            if memory is not None:
                with suppress(BufferError):  # an array that nobody uses any more is still waiting to be collected
                    memory.close()
            memory = self._open[owner, lent.side] = SharedMemory(lent.name)
        return _laid_out(memory, lent.room, lent.count)


def _row_bytes() -> int:
    return sum(np.dtype(_TYPES.get(field.name, np.int32)).itemsize for field in fields(Events))


def _laid_out(memory: SharedMemory, room: int, count: int) -> Events:
    """The columns, one after the other, each with room for the same number of rows."""
    columns, at = {}, 0
    for field in fields(Events):
        kind = np.dtype(_TYPES.get(field.name, np.int32))
        columns[field.name] = np.ndarray(count, kind, memory.buf, at)
        at += room * kind.itemsize
    return Events(**columns)
