"""Events in shared memory: what one process has simulated, the others read where it lies, without its being sent."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, fields
from multiprocessing.shared_memory import SharedMemory

import numpy as np

from zipotify.simulate.events import Events

_TYPES = {"user_id": np.int64, "ts_s": np.int64, "arrive_s": np.int64, "after_login": np.bool_, "fault": np.int8}
"""All other columns have 32 bits."""
_OF_SPOILED = ("fault", "arrive_s")
"""The last columns, which are there only where a run spoils some events."""
_LEAST_ROOM = 1 << 16
SHELVES = 3
"""Of each process: whoever is first may be two rounds ahead of what the last one still reads."""


@dataclass(frozen=True)
class Lent:
    """Where events lie, and how many."""

    side: int
    name: str
    room: int
    count: int
    is_spoiled: bool


class Shelf:
    """One of a process's places for its events: the next rounds' lie in others while these are read."""

    def __init__(self, side: int) -> None:
        self._side = side
        self._memory: SharedMemory | None = None
        self._room = 0
        self._lying: Events | None = None

    def room(self, count: int, is_spoiled: bool = False) -> Events:
        """Room for so many, to be written over; the place is made larger when they don't fit."""
        self._lying = _laid_out(self._large_enough(count), self._room, count, is_spoiled)
        return self._lying

    def lay(self, events: Events) -> Lent:
        """Tell where they are, copied there unless they were made there."""
        is_spoiled, memory = events.fault is not None, self._large_enough(len(events))
        if events is not self._lying:
            for name, column in self.room(len(events), is_spoiled).columns().items():
                column[:] = getattr(events, name)
        return Lent(self._side, memory.name, self._room, len(events), is_spoiled)

    def _large_enough(self, count: int) -> SharedMemory:
        if self._memory is None or count > self._room:
            self.clear()
            self._room = max(_LEAST_ROOM, 1 << count.bit_length())
            self._memory = SharedMemory(create=True, size=self._room * _row_bytes())
        return self._memory

    def clear(self) -> None:
        """Give the memory back; whoever still reads it keeps it until then."""
        if self._memory is not None:
            self._lying = None
            self._memory.close()
            self._memory.unlink()
            self._memory = None


class Readers:
    """What others have laid out, opened once."""

    def __init__(self) -> None:
        self._open: dict[tuple[int, int], SharedMemory] = {}

    def events(self, owner: int, lent: Lent) -> Events:
        """The owner's events, to read until the owner is told of the third round after it."""
        memory = self._open.get((owner, lent.side))
        if memory is None or memory.name != lent.name:
            if memory is not None:
                with suppress(BufferError):  # an array that nobody uses any more is still waiting to be collected
                    memory.close()
            memory = self._open[owner, lent.side] = SharedMemory(lent.name)
        return _laid_out(memory, lent.room, lent.count, lent.is_spoiled)


def _row_bytes() -> int:
    return sum(np.dtype(_TYPES.get(field.name, np.int32)).itemsize for field in fields(Events))


def _laid_out(memory: SharedMemory, room: int, count: int, is_spoiled: bool) -> Events:
    """The columns, one after the other, each with room for the same number of rows."""
    columns, at = {}, 0
    for field in fields(Events)[: None if is_spoiled else -len(_OF_SPOILED)]:
        kind = np.dtype(_TYPES.get(field.name, np.int32))
        columns[field.name] = np.ndarray(count, kind, memory.buf, at)
        at += room * kind.itemsize
    return Events(**columns)
