"""Who does the work of a run: this process alone, or several beside it.

In a round, each simulates its share of the users up to the same moment and lays the events where all can read them;
then the round's units are dealt out, and each encodes its units from everybody's events. So no process waits for
another's output, and the result is the same for any number of them.
"""

from __future__ import annotations

import multiprocessing
import signal
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Protocol

import numpy as np

from zipotify.errors import ZipotifyError
from zipotify.simulate.engine import Snapshot
from zipotify.simulate.shard import joined_snapshots
from zipotify.simulate.worker import Made, Work, Worker, Written, stretches_of


class Hands(Protocol):
    """What a run asks of those who work for it."""

    def simulate(self, after_s: int, until_s: int) -> int:
        """Simulate on; returns the number of page views."""

    def encode(self, unit_events: int, first_unit: int) -> list[Written]:
        """Encode what was simulated in units of about so many page views."""

    def write(self, offsets: list[dict[str, int]]) -> None:
        """Write the encoded units at those places."""

    def snapshot(self) -> Snapshot:
        """All that changes."""

    def restore(self, saved: Snapshot) -> None:
        """Go on from there."""


class Solo:
    """This process alone."""

    def __init__(self, work: Work) -> None:
        self._worker = Worker(work)
        self._round = (0, 0)
        self._made = Made(np.zeros(1, np.int64))

    def __enter__(self) -> Hands:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        """Nothing to tidy up."""

    def simulate(self, after_s: int, until_s: int) -> int:
        """Simulate on; returns the number of page views."""
        self._round, self._made = (after_s, until_s), self._worker.simulate(after_s, until_s)
        return int(self._made.counts.sum())

    def encode(self, unit_events: int, first_unit: int) -> list[Written]:
        """All units of the round."""
        stretches = stretches_of(self._made.counts, *self._round, unit_events, first_unit)
        return self._worker.encode(stretches, [self._made])

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
        self._round = (0, 0)
        self._made: list[Made] = []
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

    def simulate(self, after_s: int, until_s: int) -> int:
        """Everybody simulates their users; returns the number of page views of all."""
        self._round, self._made = (after_s, until_s), self._ask_all("simulate", after_s, until_s)
        return sum(int(each.counts.sum()) for each in self._made)

    def encode(self, unit_events: int, first_unit: int) -> list[Written]:
        """Deal the round's units out in turn: each gets everybody's events of its units."""
        counts = np.sum([each.counts for each in self._made], axis=0)
        stretches = stretches_of(counts, *self._round, unit_events, first_unit)
        count = len(self._pipes)
        self._dealt = [number % count for number in range(len(stretches))]
        for which in range(count):
            self._tell(which, "encode", stretches[which::count], self._made)
        answers = [iter(self._answer(which)) for which in range(count)]
        return [next(answers[which]) for which in self._dealt]

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
            if worker:
                worker.close()
            return
        try:
            worker = worker or Worker(work, which, of)
            pipe.send(getattr(worker, what)(*arguments))
        except Exception as error:  # handed to the parent, which raises it
            pipe.send(error)
