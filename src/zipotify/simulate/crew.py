"""Who does the work of a run: this process alone, or several beside it.

In a round, each simulates its share of the users up to the same moment and lays the events where all can read them;
then the round's units are dealt out, and each encodes its units from everybody's events. So no process waits for
another's output, and the result is the same for any number of them. A round is simulated before the one before it is
encoded: what a process needs of the others was made while it still had work of its own, so that it rarely waits.
"""

from __future__ import annotations

import signal
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Protocol

import numpy as np

from zipotify.errors import ZipotifyError
from zipotify.runtime.processes import forking
from zipotify.simulate.engine import Snapshot
from zipotify.simulate.shard import joined_snapshots
from zipotify.simulate.worker import Made, Work, Worker, Written, stretches_of


class Hands(Protocol):
    """What a run asks of those who work for it."""

    def begin(self, after_s: int, until_s: int) -> None:
        """Go on to simulate that round, once what was asked before is done."""

    def simulated(self) -> int:
        """Wait for the round that was begun; returns its number of page views."""

    def encode(self, unit_events: int, first_unit: int) -> None:
        """Go on to encode the round that was waited for last, in units of about so many page views."""

    def encoded(self) -> list[Written]:
        """Wait for them."""

    def write(self, offsets: list[dict[str, int]]) -> None:
        """Go on to write the encoded units at those places."""

    def written(self) -> None:
        """Wait until they are."""

    def snapshot(self) -> Snapshot:
        """All that changes, while no round is begun."""

    def restore(self, saved: Snapshot) -> None:
        """Go on from there."""


class Solo:
    """This process alone, which simulates when it is waited for, and does all else at once."""

    def __init__(self, work: Work) -> None:
        self._worker = Worker(work)
        self._begun = self._round = (0, 0)
        self._made = Made(np.zeros(1, np.int64))
        self._written: list[Written] = []

    def __enter__(self) -> Hands:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        """Nothing to tidy up."""

    def begin(self, after_s: int, until_s: int) -> None:
        """Note the round."""
        self._begun = (after_s, until_s)

    def simulated(self) -> int:
        """Simulate it; returns the number of page views."""
        self._round = self._begun
        self._made = self._worker.simulate(*self._round)
        return int(self._made.counts.sum())

    def encode(self, unit_events: int, first_unit: int) -> None:
        """Encode it."""
        stretches = stretches_of(self._made.counts, *self._round, unit_events, first_unit)
        self._written = self._worker.encode(stretches, [self._made.lent])

    def encoded(self) -> list[Written]:
        """What was encoded."""
        return self._written

    def write(self, offsets: list[dict[str, int]]) -> None:
        """Write them."""
        self._worker.write(offsets)

    def written(self) -> None:
        """They are."""

    def snapshot(self) -> Snapshot:
        """All that changes."""
        return self._worker.snapshot()

    def restore(self, saved: Snapshot) -> None:
        """Go on from there."""
        self._worker.restore(saved)


class Crew:
    """Several processes beside this one, which only deals out work."""

    def __init__(self, work: Work, count: int) -> None:
        context = forking(__name__)
        self._pipes: list[Connection] = []
        self._processes = []
        self._begun = self._round = (0, 0)
        self._made: list[Made] = []
        self._dealt: list[int] = []
        self._is_writing = False
        for which in range(count):
            ours, theirs = context.Pipe()
            self._pipes.append(ours)
            inherited = self._pipes if context.get_start_method() == "fork" else []
            process = context.Process(target=_serve, args=(theirs, inherited, work, which, count), daemon=True)
            process.start()
            theirs.close()
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

    def begin(self, after_s: int, until_s: int) -> None:
        """Everybody goes on to simulate their users."""
        self._begun = (after_s, until_s)
        self._tell_all("simulate", after_s, until_s)

    def simulated(self) -> int:
        """Wait for everybody; returns the number of page views of all."""
        self._round, self._made = self._begun, self._answers()
        return sum(int(each.counts.sum()) for each in self._made)

    def encode(self, unit_events: int, first_unit: int) -> None:
        """Deal the round's units out in turn: each gets everybody's events of its units."""
        counts = np.sum([each.counts for each in self._made], axis=0)
        stretches = stretches_of(counts, *self._round, unit_events, first_unit)
        count, lent = len(self._pipes), [each.lent for each in self._made]
        self._dealt = [number % count for number in range(len(stretches))]
        for which in range(count):
            self._tell(which, "encode", stretches[which::count], lent)

    def encoded(self) -> list[Written]:
        """Wait for them, in order; what was written before was told before."""
        self.written()
        answers = [iter(answer) for answer in self._answers()]
        return [next(answers[which]) for which in self._dealt]

    def write(self, offsets: list[dict[str, int]]) -> None:
        """Everybody goes on to write their units."""
        for which in range(len(self._pipes)):
            mine = [places for places, dealt in zip(offsets, self._dealt, strict=True) if dealt == which]
            self._tell(which, "write", mine)
        self._is_writing = True

    def written(self) -> None:
        """Wait until everybody has."""
        if self._is_writing:
            self._answers()
            self._is_writing = False

    def snapshot(self) -> Snapshot:
        """Of all shards together."""
        self._tell_all("snapshot")
        return joined_snapshots(self._answers())

    def restore(self, saved: Snapshot) -> None:
        """Everybody takes out their users."""
        self._tell_all("restore", saved)
        self._answers()

    def _tell_all(self, what: str, *arguments: Any) -> None:
        for which in range(len(self._pipes)):
            self._tell(which, what, *arguments)

    def _answers(self) -> list[Any]:
        """Of everybody, to the oldest thing told that they haven't answered."""
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


def _serve(pipe: Connection, inherited: list[Connection], work: Work, which: int, of: int) -> None:
    """A process of a crew: does what it is told until the pipe closes. Ctrl-C is for its parent to handle.

    A fork has its parent's ends of all pipes, which must be closed for the parent's closing to be noticed.
    """
    for other in inherited:
        other.close()
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
