"""One process's part in a run: it simulates some of the users, and encodes some of each round's units."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from zipotify.simulate.draws import Ints
from zipotify.simulate.engine import Snapshot
from zipotify.simulate.events import Events
from zipotify.simulate.plan import Plan
from zipotify.simulate.shard import Shard
from zipotify.simulate.shared import SHELVES, Lent, Readers, Shelf
from zipotify.simulate.sinks import SINKS, Format, Unit


@dataclass(frozen=True)
class Work:
    """All that a process needs to know."""

    plans: list[Plan]
    folder: Path
    format: Format


@dataclass
class Written:
    """Events and bytes of one unit, by file."""

    counts: dict[str, int]
    sizes: dict[str, int]


@dataclass(frozen=True)
class Made:
    """What one process has simulated: when events arrive, in equal parts of the round, and where they lie."""

    counts: Ints
    lent: Lent | None = None


@dataclass(frozen=True)
class Stretch:
    """One unit to encode: events that arrive after `after_s`, up to `until_s`."""

    number: int
    after_s: int
    until_s: int


class Worker:
    """One process's share: some users, and some units of each round."""

    def __init__(self, work: Work, which: int = 0, of: int = 1) -> None:
        self._shard = Shard(work.plans, which, of)
        self._sink = SINKS[work.format](work.plans, work.folder)
        self._sink.get_ready()
        self._shelves = deque(Shelf(side) for side in range(SHELVES if of > 1 else 0))
        self._readers = Readers()
        self._events = Events.joined([])
        self._units: list[Unit] = []

    def simulate(self, after_s: int, until_s: int) -> Made:
        """Simulate on."""
        self._shelves.rotate()
        shelf = self._shelves[0] if self._shelves else None
        self._events = self._shard.advance(until_s, shelf.room if shelf else None)
        part = (self._events.arrival_s - after_s - 1) // _part_s(after_s, until_s)
        counts = np.bincount(np.maximum(part, 0), minlength=_PARTS)
        return Made(counts, shelf.lay(self._events) if shelf else None)

    def encode(self, stretches: list[Stretch], lent: list[Lent | None]) -> list[Written]:
        """Make units from everybody's events and keep them until it is known where they go."""
        theirs = [
            self._events if place is None else self._readers.events(owner, place) for owner, place in enumerate(lent)
        ]
        self._units = [
            self._sink.encode(stretch.number, Events.merged([_within(events, stretch) for events in theirs]))
            for stretch in stretches
        ]
        return [Written(unit.counts, unit.sizes) for unit in self._units]

    def write(self, offsets: list[dict[str, int]]) -> None:
        """Write the units that were kept."""
        for unit, places in zip(self._units, offsets, strict=True):
            self._sink.write(unit, places)
        self._units = []

    def snapshot(self) -> Snapshot:
        """Of this shard."""
        return self._shard.snapshot()

    def restore(self, saved: Snapshot) -> None:
        """From a snapshot of all shards."""
        self._shard.restore(saved)

    def close(self) -> None:
        """Give shared memory back."""
        for shelf in self._shelves:
            shelf.clear()


_UNITS_TOGETHER = 4
"""A round that is cut at all has a multiple of so many units, so that two or four processes have the same to do."""
_PARTS = 4096
"""A round's time is cut into so many parts; units end where parts do."""


def _part_s(after_s: int, until_s: int) -> int:
    return -(-(until_s - after_s) // _PARTS)


def _within(events: Events, stretch: Stretch) -> Events:
    first, end = np.searchsorted(events.arrival_s, [stretch.after_s, stretch.until_s], side="right")
    return events.part(slice(int(first), int(end)))


def stretches_of(counts: Ints, after_s: int, until_s: int, unit_events: int, first_unit: int) -> list[Stretch]:
    """The round in units of about the same size; the same whoever simulated the events."""
    so_far, part_s = np.cumsum(counts), _part_s(after_s, until_s)
    total = int(so_far[-1])
    if not total:
        return []
    units = max(1, round(total / unit_events))
    if units > 1:
        units = -(-units // _UNITS_TOGETHER) * _UNITS_TOGETHER
    at = np.unique(np.searchsorted(so_far, np.arange(1, units + 1) * total // units))
    ends = [after_s, *(min(after_s + (int(part) + 1) * part_s, until_s) for part in at)]
    return [Stretch(first_unit + number, *pair) for number, pair in enumerate(pairwise(ends))]
