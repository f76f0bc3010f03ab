"""Faults on purpose: which records are spoiled and how, each a function of the seed and the event alone.

What was done is written beside the output, one line a spoiled record, so that whoever reads the output can be held
against it. `expected` says what a reader that follows the contract does: accept it, recognise it as a repeat, or refuse
it for `reason`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields
from typing import Any

import numpy as np
import orjson

from zipotify.contracts.fields import TOPICS
from zipotify.contracts.reasons import Reason
from zipotify.errors import UsageError
from zipotify.simulate import draws
from zipotify.simulate.draws import Bools, Draws, Floats, Ints, exponential
from zipotify.simulate.events import Events
from zipotify.simulate.lines import LineWriter
from zipotify.simulate.pieces import Pieces
from zipotify.simulate.plan import Faults, Plan
from zipotify.simulate.spoil import SPOILERS, changed_copy, drifted

NONE, DUPLICATE, CONFLICT, LATE, OUT_OF_ORDER, MALFORMED = range(6)
_KINDS = ("none", "duplicates", "conflicts", "late", "out_of_order", "malformed")
_PER_USER = 2**32 - 1
_SHORT_DELAY_S, _LONG_DELAY_S, _LATE_DELAY_S = 60.0, 6 * 3600.0, 4 * 3600.0
_LONG_COPY_SHARE = 0.1
_MOST_DISORDER_S = 120
_LEAST_LATE_S = 600
_MOST_SKEW_S = 12 * 3600


def parse_faults(text: str) -> Faults:
    """`duplicates=0.01,late=0.002`, or `all=0.01`; raises UsageError naming what is wrong."""
    names = [field.name for field in fields(Faults)]
    rates: dict[str, float] = {}
    for part in filter(None, text.split(",")):
        name, _, value = part.strip().partition("=")
        name = name.replace("-", "_")
        try:
            rate = float(value)
        except ValueError:
            rate = -1.0
        if name not in (*names, "all") or not 0 <= rate <= 1:
            raise UsageError(
                f"--faults: '{part}' is no fault and share", f"write NAME=SHARE; names: all, {', '.join(names)}"
            )
        rates |= dict.fromkeys(names, rate) if name == "all" else {name: rate}
    return Faults(**rates)


class Mischief:
    """Decides, when events are made, which are spoiled and when each arrives; holds back what arrives later."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._draws = Draws(plan.seed)
        self._held = Events.joined([])

    def spoil(self, events: Events, until_s: int) -> Events:
        """What arrives up to then, in the order of arrival."""
        wanted, faults = _draw(self._draws, events, self._plan.faults)
        delay = np.where(np.isin(wanted, (LATE, OUT_OF_ORDER)), faults, 0)
        copied = np.flatnonzero(np.isin(wanted, (DUPLICATE, CONFLICT)))
        originals, copies = events.part(slice(None)), events.part(copied)
        originals.fault = np.where(np.isin(wanted, (DUPLICATE, CONFLICT)), NONE, wanted)
        originals.arrive_s = self._arrival(originals.ts_s, delay)
        copies.fault = wanted[copied]
        copies.arrive_s = self._arrival(copies.ts_s, faults[copied])
        waiting = Events.joined([self._held, originals, copies])
        order = np.lexsort((waiting.fault, waiting.item, waiting.ts_s, waiting.user_id, waiting.arrival_s))  # type: ignore[arg-type]
        arrived = int(np.searchsorted(waiting.arrival_s[order], until_s, side="right"))
        self._held = waiting.part(order[arrived:])
        return waiting.part(order[:arrived])

    def snapshot(self) -> dict[str, Any]:
        """What is held back, as arrays."""
        return {f"held_{field.name}": getattr(self._held, field.name) for field in fields(Events)}

    def restore(self, saved: dict[str, Any]) -> None:
        """Hold back again what was held back of this shard's users."""
        held = Events(*(saved[f"held_{field.name}"] for field in fields(Events)))
        shard, count = self._plan.shard
        self._held = held.part(np.flatnonzero((held.user_id - self._plan.first_user_id) % count == shard))

    def _arrival(self, ts: Ints, delay: Ints) -> Ints:
        """The end of the run lets everything in."""
        return np.asarray(np.maximum(ts, np.minimum(ts + delay, self._plan.end_s)))


def _draw(numbers: Draws, events: Events, faults: Faults) -> tuple[Ints, Ints]:
    """The fault of each event, and the seconds it comes later."""
    u = numbers.uniform(draws.FAULT, events.user_id, events.session, events.item)
    rates = [faults.duplicates, faults.conflicts, faults.late, faults.out_of_order, faults.malformed]
    code = np.searchsorted(np.cumsum(rates), u[0], side="right") + 1
    code[code == len(_KINDS)] = NONE
    long = np.where(u[2] < _LONG_COPY_SHARE, exponential(u[1], _LONG_DELAY_S), exponential(u[1], _SHORT_DELAY_S))
    delay = np.select(
        [code == LATE, code == OUT_OF_ORDER],
        [_LEAST_LATE_S + exponential(u[1], _LATE_DELAY_S), 1 + u[1] * _MOST_DISORDER_S],
        1 + long,
    )
    return code, delay.astype(np.int64)


class FaultWriter(LineWriter):
    """Lines as bytes, spoiled where decided, and the truth about them."""

    def __init__(self, plans: Sequence[Plan]) -> None:
        super().__init__(plans)
        self._faults = self.plan.faults

    def lines(self, topic: str, events: Events, rows: Ints, end: bytes = b"") -> Pieces:
        """Those events as they are sent: not all of them JSON."""
        some = events.part(rows)
        some.ts_s = some.ts_s + self._skew_s(some)
        values = list(super().lines(topic, some, np.arange(len(some))))
        for at in np.flatnonzero(self._drifts(some)).tolist():
            values[at] = drifted(values[at])
        which = self._spoiler(some)
        for at in np.flatnonzero(some.fault == MALFORMED).tolist():
            values[at] = SPOILERS[which[at]].spoil(values[at])
        for at in np.flatnonzero(some.fault == CONFLICT).tolist():
            values[at] = changed_copy(values[at])
        return Pieces.of([value + end for value in values])

    def truth(self, events: Events, end: bytes = b"") -> Pieces:
        """One JSON line for each spoiled record and each thing done to it."""
        rows = [line for topic in TOPICS for line in self._truth_of(topic, events.part(self.rows_of(topic, events)))]
        ordered = sorted(rows, key=lambda row: row[0])
        return Pieces.of([line + end for _, line in ordered])

    def _truth_of(self, topic: str, some: Events) -> Iterator[tuple[int, bytes]]:
        skew, drift, which, sessions = self._skew_s(some), self._drifts(some), self._spoiler(some), some.session_ids()
        faults = np.zeros(len(some), np.int8) if some.fault is None else some.fault
        for at in np.flatnonzero((faults != NONE) | (skew != 0) | drift).tolist():
            base = {"topic": topic, "ts": int(some.ts_s[at] + skew[at]) * 1000, "sessionId": int(sessions[at])}
            base |= {"itemInSession": int(some.item[at]), "arrives": int(some.arrival_s[at]) * 1000}
            fault, arrives = int(faults[at]), int(some.arrival_s[at])
            if fault != NONE:
                yield arrives, orjson.dumps(base | {"fault": _KINDS[fault]} | _expected(fault, int(which[at])))
            if skew[at]:
                yield (
                    arrives,
                    orjson.dumps(base | {"fault": "clock_skew", "expected": "accepted", "skew_s": int(skew[at])}),
                )
            if drift[at]:
                yield arrives, orjson.dumps(base | {"fault": "schema_drift", "expected": "accepted"})

    def _skew_s(self, some: Events) -> Ints:
        """How wrong the clock of each event's user goes."""
        u = self._per_user(some)
        skew = np.round((2 * u[1] - 1) * _MOST_SKEW_S).astype(np.int64)
        return np.asarray(np.where(u[0] < self._faults.clock_skew, skew, 0))

    def _drifts(self, some: Events) -> Bools:
        """Whether the event comes from a client of the new kind, which appears half-way through the run."""
        half_s = (self.plan.start_s + self.plan.end_s) // 2
        return np.asarray((self._per_user(some)[2] < self._faults.schema_drift) & (some.ts_s > half_s))

    def _spoiler(self, some: Events) -> Ints:
        u = self.directory.draws.uniform(draws.FAULT, some.user_id, some.session, some.item)
        return np.asarray((u[3] * len(SPOILERS)).astype(np.int64))

    def _per_user(self, some: Events) -> Floats:
        return self.directory.draws.uniform(draws.FAULT, some.user_id, _PER_USER)


def _expected(fault: int, which: int) -> dict[str, str]:
    if fault == MALFORMED:
        return {"expected": "refused", "reason": SPOILERS[which].reason, "detail": SPOILERS[which].name}
    if fault == CONFLICT:
        return {"expected": "refused", "reason": Reason.CONFLICT}
    return {"expected": "repeat" if fault == DUPLICATE else "accepted"}
