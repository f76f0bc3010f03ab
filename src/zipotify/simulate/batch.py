"""A whole run, as fast as it goes: into four NDJSON files, or into Kafka."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

from zipotify.contracts.fields import TOPICS
from zipotify.errors import UsageError
from zipotify.simulate.engine import Events, Simulation
from zipotify.simulate.lines import LineWriter, Record
from zipotify.simulate.plan import Plan

_WINDOW_EVENTS = 200_000
_FIRST_WINDOW_S = 6 * 3600
Progress = Callable[[float, int], None]
"""Told the share done (0 to 1) and the events written so far, after every window."""


def windows(simulation: Simulation) -> Iterator[Events]:
    """The run in windows of about the same number of events."""
    width_s = _FIRST_WINDOW_S
    while simulation.clock_s < simulation.plan.end_s:
        events = simulation.advance(min(simulation.clock_s + width_s, simulation.plan.end_s))
        yield events
        width_s = max(60, min(4 * width_s, int(width_s * _WINDOW_EVENTS / max(len(events), 1))))


def write_files(plan: Plan, folder: Path, progress: Progress) -> dict[str, int]:
    """Write `<topic>.ndjson` files into the folder; returns the number of lines of each topic."""
    counts = dict.fromkeys(TOPICS, 0)
    simulation = Simulation(plan)
    writer = LineWriter(simulation)
    with ExitStack() as stack:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            files = {t: stack.enter_context((folder / f"{t}.ndjson").open("wb")) for t in TOPICS}
        except OSError as error:
            raise UsageError(f"cannot write to {folder}: {error.strerror}", "name another output folder") from None
        for events in windows(simulation):
            for topic, file in files.items():
                lines = writer.lines(topic, events, writer.rows_of(topic, events))
                file.write(b"\n".join([*lines, b""]))
                counts[topic] += len(lines)
            progress(_share_done(simulation), sum(counts.values()))
    return counts


def send_all(plan: Plan, send: Callable[[Record], None], progress: Progress) -> dict[str, int]:
    """Hand every event over in order; returns the number of events of each topic."""
    counts = dict.fromkeys(TOPICS, 0)
    simulation = Simulation(plan)
    writer = LineWriter(simulation)
    for events in windows(simulation):
        for record in writer.records(events):
            send(record)
            counts[record.topic] += 1
        progress(_share_done(simulation), sum(counts.values()))
    return counts


def _share_done(simulation: Simulation) -> float:
    plan = simulation.plan
    return (simulation.clock_s - plan.start_s) / (plan.end_s - plan.start_s)
