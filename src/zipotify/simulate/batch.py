"""A whole run, as fast as it goes: rounds of about the same number of events, whoever makes them.

A run that is stopped leaves a checkpoint in its output folder and can be resumed to the same bytes.
"""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from zipotify.errors import ContractError, UsageError
from zipotify.simulate.crew import Crew, Hands, Solo
from zipotify.simulate.engine import Snapshot
from zipotify.simulate.faults import FaultWriter
from zipotify.simulate.lines import LineWriter, Record
from zipotify.simulate.plan import DAY_S, Plan
from zipotify.simulate.shard import Shard
from zipotify.simulate.sinks import LINE_UNIT_EVENTS, SINKS
from zipotify.simulate.state import describe_run
from zipotify.simulate.worker import Work

ROUND_EVENTS = 200_000
"""Page views of a round, about, when a unit has `LINE_UNIT_EVENTS`; in proportion for others."""
CHECKPOINT = ".simulation.npz"
CHECKPOINT_EVERY_S = 20.0
_FIRST_ROUND_S = 2 * DAY_S
_PAGE_VIEWS_A_DAY = 4
"""Of a user, about: only for the first round, whose length nobody knows better."""


@dataclass(frozen=True)
class Step:
    """How far a run has come."""

    share: float
    """0 to 1."""
    clock_s: int
    """Simulated time."""
    event_count: int


Progress = Callable[[Step], None]
Stop = Callable[[], bool]


def first_width_s(plan: Plan, wanted: int = ROUND_EVENTS) -> int:
    """Simulated time of the first round; shorter for many users."""
    return max(60, min(_FIRST_ROUND_S, wanted * DAY_S // (_PAGE_VIEWS_A_DAY * max(plan.n_users, 1))))


def next_width_s(width_s: int, count: int, wanted: int) -> int:
    """Simulated time of the next round, from how many page views the last one had."""
    return max(60, min(4 * width_s, int(width_s * wanted / max(count, 1))))


class BatchRun:
    """A run into files, by one process or several."""

    def __init__(self, work: Work, processes: int, progress: Progress, stop: Stop = lambda: False) -> None:
        self._work = work
        self._plan = work.plans[0]
        self._processes = processes
        self._progress = progress
        self._stop = stop
        self._counts: Counter[str] = Counter()
        self._sizes: Counter[str] = Counter()
        self._units = 0
        self._clock_s = self._plan.start_s
        self._unit_events = SINKS[work.format](work.plans, work.folder).unit_events
        self._round_events = ROUND_EVENTS * self._unit_events // LINE_UNIT_EVENTS
        self._width_s = first_width_s(self._plan, self._round_events)

    def run(self, resume: bool = False) -> dict[str, int]:
        """Write everything, or go on; returns the number of events of each file. Stopped, it leaves a checkpoint."""
        saved = self._read_checkpoint() if resume else None
        self._prepare()
        with self._hands() as hands:
            if saved is not None:
                hands.restore(saved)
            self._rounds(hands)
        return dict(self._counts)

    @property
    def is_finished(self) -> bool:
        """Whether the end was reached."""
        return self._clock_s >= self._plan.end_s

    def _hands(self) -> Solo | Crew:
        return Solo(self._work) if self._processes == 1 else Crew(self._work, self._processes)

    def _rounds(self, hands: Hands) -> None:
        while not self.is_finished and not self._stop():
            self._rounds_until(hands, time.monotonic() + CHECKPOINT_EVERY_S)
            if not self.is_finished and not self._stop():
                self._write_checkpoint(hands.snapshot())
        if self.is_finished:
            self._checkpoint.unlink(missing_ok=True)
        else:
            self._write_checkpoint(hands.snapshot())

    def _rounds_until(self, hands: Hands, moment_s: float) -> None:
        """Rounds up to then, to the end or to a stop; each is begun before the one before it is encoded."""
        hands.begin(*self._next_round())
        goes_on = self._simulated(hands, moment_s)
        hands.encode(self._unit_events, self._units)
        while goes_on:
            goes_on = self._simulated(hands, moment_s)
            self._write(hands)
            hands.encode(self._unit_events, self._units)
        self._write(hands)
        hands.written()

    def _simulated(self, hands: Hands, moment_s: float) -> bool:
        """Wait for the round that was begun, and begin the next; returns whether there is one."""
        count = hands.simulated()
        self._clock_s, self._width_s = self._next_round()[1], next_width_s(self._width_s, count, self._round_events)
        goes_on = not self.is_finished and not self._stop() and time.monotonic() < moment_s
        if goes_on:
            hands.begin(*self._next_round())
        return goes_on

    def _next_round(self) -> tuple[int, int]:
        return self._clock_s, min(self._clock_s + self._width_s, self._plan.end_s)

    def _write(self, hands: Hands) -> None:
        offsets = []
        for written in hands.encoded():
            offsets.append(dict(self._sizes))
            self._sizes.update(written.sizes)
            self._counts.update(written.counts)
        hands.write(offsets)
        self._units += len(offsets)
        done = (self._clock_s - self._plan.start_s) / (self._plan.end_s - self._plan.start_s)
        self._progress(Step(done, self._clock_s, self._counts.total()))

    def _prepare(self) -> None:
        try:
            SINKS[self._work.format](self._work.plans, self._work.folder).prepare(self._sizes, self._units)
        except OSError as error:
            raise UsageError(
                f"cannot write to {self._work.folder}: {error.strerror}", "name another output folder"
            ) from None

    @property
    def _checkpoint(self) -> Path:
        return self._work.folder / CHECKPOINT

    def _call(self) -> dict[str, Any]:
        return describe_run(self._work.plans) | {"--format": self._work.format}

    def _write_checkpoint(self, snapshot: Snapshot) -> None:
        if self._work.format == "none":
            return
        meta = {
            "call": self._call(),
            "counts": self._counts,
            "sizes": self._sizes,
            "units": self._units,
            "clock_s": self._clock_s,
            "width_s": self._width_s,
        }
        waiting = self._checkpoint.with_suffix(".new")
        with waiting.open("wb") as file:
            np.savez(file, allow_pickle=False, meta=np.frombuffer(json.dumps(meta).encode(), np.uint8), **snapshot)
            file.flush()
            os.fsync(file.fileno())
        waiting.replace(self._checkpoint)

    def _read_checkpoint(self) -> Snapshot:
        """What a stopped run left; raises UsageError when there is nothing, or it was another run."""
        if not self._checkpoint.exists():
            raise UsageError(f"nothing to resume in {self._work.folder}", "start the run without --resume")
        try:
            with np.load(self._checkpoint) as file:
                arrays = {key: file[key] for key in file.files}
            meta = json.loads(arrays.pop("meta").tobytes())
        except (OSError, ValueError, KeyError) as error:
            raise ContractError(
                f"{self._checkpoint} can't be read: {error}", "start the run anew, without --resume"
            ) from None
        changed = [name for name, value in self._call().items() if meta["call"].get(name) != value]
        if changed:
            raise UsageError(
                f"the run in {self._work.folder} was begun with another {', '.join(changed)}",
                "call it as before, or start anew without --resume",
            )
        self._counts, self._sizes = Counter(meta["counts"]), Counter(meta["sizes"])
        self._units, self._clock_s, self._width_s = meta["units"], meta["clock_s"], meta["width_s"]
        return arrays


def records(plans: list[Plan], progress: Progress, truth: Callable[[bytes], object]) -> Iterator[Record]:
    """A whole run's events of all topics in the order of arrival, for Kafka; spoiled ones are told to `truth`."""
    plan, shard = plans[0], Shard(plans)
    faults = FaultWriter(plans) if plan.faults else None
    writer = faults or LineWriter(plans)
    clock_s, width_s, count = plan.start_s, first_width_s(plan), 0
    while clock_s < plan.end_s:
        clock_s = min(clock_s + width_s, plan.end_s)
        events = shard.advance(clock_s)
        width_s = next_width_s(width_s, len(events), ROUND_EVENTS // 4)
        if faults:
            for line in faults.truth(events):
                truth(line)
        for record in writer.records(events):
            count += 1
            yield record
        progress(Step((clock_s - plan.start_s) / (plan.end_s - plan.start_s), clock_s, count))
