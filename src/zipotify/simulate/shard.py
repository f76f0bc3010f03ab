"""Every n-th user of a run, in all variants: what one process simulates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from zipotify.simulate.draws import Ints
from zipotify.simulate.engine import Simulation, Snapshot
from zipotify.simulate.events import Events, Place
from zipotify.simulate.faults import Mischief
from zipotify.simulate.plan import Plan


class Shard:
    """Its events in the order of arrival, and all that changes as arrays."""

    def __init__(self, plans: Sequence[Plan], which: int = 0, of: int = 1) -> None:
        shard, count = plans[0].shard
        mine = [replace(plan, shard=(shard + count * which, count * of)) for plan in plans]
        self._simulations = [Simulation(plan) for plan in mine]
        self._mischief = Mischief(mine[0]) if mine[0].faults else None

    def advance(self, until_s: int, place: Place | None = None) -> Events:
        """Events up to then; at that place, if it is given and they come from one simulation as they are."""
        if len(self._simulations) == 1 and not self._mischief:
            return self._simulations[0].advance(until_s, place)
        events = Events.merged([simulation.advance(until_s) for simulation in self._simulations])
        return self._mischief.spoil(events, until_s) if self._mischief else events

    def snapshot(self) -> Snapshot:
        """With the plans, it restores the shard, or any other cut of the same users."""
        saved = {
            f"{number}/{name}": values
            for number, simulation in enumerate(self._simulations)
            for name, values in simulation.snapshot().items()
        }
        return saved | (self._mischief.snapshot() if self._mischief else {})

    def restore(self, saved: Snapshot) -> None:
        """Go on from joined snapshots."""
        for number, simulation in enumerate(self._simulations):
            prefix = f"{number}/"
            simulation.restore({k.removeprefix(prefix): v for k, v in saved.items() if k.startswith(prefix)})
        if self._mischief:
            self._mischief.restore(saved)


def joined_snapshots(parts: Sequence[Snapshot]) -> Snapshot:
    """Snapshots of disjoint shards as that of all their users, in the order of their ids."""
    joined: Snapshot = {}
    for name in parts[0]:
        values = np.concatenate([part[name] for part in parts])
        joined[name] = values[:1] if name.endswith("clock_s") else values
    return {name: values[_order(joined, name)] for name, values in joined.items()}


def _order(joined: Snapshot, name: str) -> Ints | slice:
    variant = name.partition("/")[0]
    if name.startswith("held_") or name.endswith("clock_s"):
        return slice(None)
    return np.argsort(joined[f"{variant}/user_id"], kind="stable")
