"""Who does the work of a run: this process alone, or several beside it.

In a round, each simulates its share of the users up to the same moment; then the round's units are dealt out, and each
encodes its units from everybody's events. So no process waits for another's output, and the result is the same for any
number of them.
"""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

import numpy as np

from zipotify.errors import ZipotifyError
from zipotify.simulate.engine import Snapshot
from zipotify.simulate.events import Events
from zipotify.simulate.plan import Plan
from zipotify.simulate.shard import Shard, joined_snapshots
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


class Hands(Protocol):
    """What a run asks of those who work for it."""

    def simulate(self, until_s: int) -> int:
        """Simulate on; returns the number of page views."""

    def encode(self, unit_events: int, first_unit: int) -> list[Written]:
        """Encode what was simulated in units of about so many page views."""

    def write(self, offsets: list[dict[str, int]]) -> None:
        """Write the encoded units at those places."""

    def snapshot(self) -> Snapshot:
        """All that changes."""

    def restore(self, saved: Snapshot) -> None:
        """Go on from there."""


class Worker:
    """One process's share: some users, and some units of each round."""

    def __init__(self, work: Work, which: int = 0, of: int = 1) -> None:
        self._shard = Shard(work.plans, which, of)
        self._sink = SINKS[work.format](work.plans, work.folder)
        self._events = Events.joined([])
        self._units: list[Unit] = []

    def simulate(self, until_s: int) -> Any:
        """Simulate on; returns when each event arrives."""
        self._events = self._shard.advance(until_s)
        return self._events.arrive_s

    def cut(self, moments: Sequence[int]) -> list[Events]:
        """The events in stretches that end at those moments."""
        ends = np.searchsorted(self._events.arrive_s, np.asarray(moments, np.int64), side="right")
        starts = [0, *ends.tolist()]
        return [self._events.part(slice(a, b)) for a, b in zip(starts, ends.tolist(), strict=False)]

    def encode(self, number: int, parts: list[Events]) -> Written:
        """Make one unit and keep it until it is known where it goes."""
        unit = self._sink.encode(number, Events.merged(parts))
        self._units.append(unit)
        return Written(unit.counts, unit.sizes())

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


def cut_moments(arrive_s: Any, unit_events: int) -> list[int]:
    """Moments that cut events into units of about the same size; the same whoever simulated them."""
    ordered = np.sort(arrive_s, kind="stable")
    units = max(1, round(len(ordered) / unit_events))
    if not len(ordered):
        return []
    at = (np.arange(1, units + 1) * len(ordered)) // units - 1
    return [int(moment) for moment in np.unique(ordered[at])]


class Solo:
    """This process alone."""

    def __init__(self, work: Work) -> None:
        self._worker = Worker(work)
        self._arrive_s: Any = np.empty(0, np.int64)

    def __enter__(self) -> Hands:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        """Nothing to tidy up."""

    def simulate(self, until_s: int) -> int:
        """Simulate on; returns the number of page views."""
        self._arrive_s = self._worker.simulate(until_s)
        return len(self._arrive_s)

    def encode(self, unit_events: int, first_unit: int) -> list[Written]:
        """All units of the round."""
        parts = self._worker.cut(cut_moments(self._arrive_s, unit_events))
        return [self._worker.encode(first_unit + number, [part]) for number, part in enumerate(parts)]

    def write(self, offsets: list[dict[str, int]]) -> None:
        """Write them."""
        self._worker.write(offsets)

    def snapshot(self) -> Snapshot:
        """All that changes."""
        return self._worker.snapshot()

    def restore(self, saved: Snapshot) -> None:
        """Go on from there."""
        self._worker.restore(saved)


class Crew:
    """Several processes beside this one, which only deals out work."""

    def __init__(self, work: Work, count: int) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["zipotify.simulate.crew"])
        self._pipes: list[Connection] = []
        self._processes = []
        self._arrive_s: Any = np.empty(0, np.int64)
        self._dealt: list[int] = []
        for which in range(count):
            ours, theirs = context.Pipe()
            process = context.Process(target=_serve, args=(theirs, work, which, count), daemon=True)
            process.start()
            theirs.close()
            self._pipes.append(ours)
            self._processes.append(process)

    def __enter__(self) -> Hands:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        for pipe in self._pipes:
            pipe.close()
        for process in self._processes:
            process.join(timeout=5)
            if process.is_alive():
                process.terminate()
                process.join()

    def simulate(self, until_s: int) -> int:
        """Everybody simulates their users; returns the number of page views of all."""
        self._arrive_s = np.concatenate(self._ask_all("simulate", until_s))
        return len(self._arrive_s)

    def encode(self, unit_events: int, first_unit: int) -> list[Written]:
        """Deal the round's units out in turn: each gets everybody's events of its units."""
        shares = self._ask_all("cut", cut_moments(self._arrive_s, unit_events))
        count = len(self._pipes)
        self._dealt = [number % count for number in range(len(shares[0]))]
        # Each is sent one unit at a time and answers it before the next, so that no pipe fills up at both ends.
        written: list[Written] = []
        for first in range(0, len(self._dealt), count):
            numbers = range(first, min(first + count, len(self._dealt)))
            for number in numbers:
                self._tell(self._dealt[number], "encode", first_unit + number, [share[number] for share in shares])
            written += [self._answer(self._dealt[number]) for number in numbers]
        return written

    def write(self, offsets: list[dict[str, int]]) -> None:
        """Everybody writes their units."""
        for which in range(len(self._pipes)):
            mine = [places for places, dealt in zip(offsets, self._dealt, strict=True) if dealt == which]
            self._tell(which, "write", mine)
        for which in range(len(self._pipes)):
            self._answer(which)

    def snapshot(self) -> Snapshot:
        """Of all shards together."""
        return joined_snapshots(self._ask_all("snapshot"))

    def restore(self, saved: Snapshot) -> None:
        """Everybody takes out their users."""
        self._ask_all("restore", saved)

    def _ask_all(self, what: str, *arguments: Any) -> list[Any]:
        for which in range(len(self._pipes)):
            self._tell(which, what, *arguments)
        return [self._answer(which) for which in range(len(self._pipes))]

    def _tell(self, which: int, what: str, *arguments: Any) -> None:
        self._pipes[which].send((what, arguments))

    def _answer(self, which: int) -> Any:
        try:
            answer = self._pipes[which].recv()
        except (EOFError, ConnectionError):
            raise ZipotifyError(
                "a process of the simulator ended by itself", "see its message above; perhaps memory ran out"
            ) from None
        if isinstance(answer, BaseException):
            raise answer
        return answer


def _serve(pipe: Connection, work: Work, which: int, of: int) -> None:
    """A process of a crew: does what it is told until the pipe closes. Ctrl-C is for its parent to handle."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    worker: Worker | None = None
    while True:
        try:
            what, arguments = pipe.recv()
        except EOFError:
            return
        try:
            worker = worker or Worker(work, which, of)
            pipe.send(getattr(worker, what)(*arguments))
        except Exception as error:  # handed to the parent, which raises it
            pipe.send(error)
