"""Scale the stream: the same backlog on one core and on two, and on a standalone cluster of one worker and of three.

    PYTHONPATH=tests .venv/bin/python bench/stream_scaling.py --out bench/results/stream_scaling.json

Everything is on one machine, so its cores bound what more processes can gain: what shows is the cost of dividing the
work, and that it is divided. A run on one core may use no other (Java's compilers would); the broker beside it may.
Each run is the stream as it ships, from an empty lake; runs alternate, forth and back.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil
from result import measured
from stream_drain import child, fill

from support.cluster import running_cluster
from zipotify.broker.embedded import running_broker
from zipotify.runtime.ports import any_free
from zipotify.settings import load_settings

WORKERS = {"cluster of 1 worker": 1, "cluster of 3 workers": 3}
LOCAL = {"1 core": 1, "2 cores": 2}
RUNS = (*LOCAL, *WORKERS)


@contextmanager
def on_cores(count: int) -> Iterator[None]:
    """What starts meanwhile runs on so many of the cores that this process may use."""
    this = psutil.Process()
    allowed = this.cpu_affinity()
    this.cpu_affinity(allowed[:count])
    try:
        yield
    finally:
        this.cpu_affinity(allowed)


def run(name: str, folder: Path, servers: str, per_batch: int) -> float:
    """Seconds from the queries' start to their end, in a home of their own."""
    folder.mkdir(parents=True)
    with ExitStack() as stack:
        if name in LOCAL:
            stack.enter_context(on_cores(LOCAL[name]))
            master = f"local[{LOCAL[name]}]"
        else:
            master = stack.enter_context(running_cluster(folder / "cluster", WORKERS[name])).address
        return child("full", folder, servers, per_batch, master)["seconds"]


def main() -> None:
    """Fill Kafka, run all, print and keep the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=400_000)
    parser.add_argument("--per-batch", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="zipotify-scaling-"))
    try:
        with measured(given.out) as found:
            found |= measure(folder, given.events, given.per_batch, given.rounds)
    finally:
        shutil.rmtree(folder)


def measure(folder: Path, count: int, per_batch: int, rounds: int) -> dict[str, object]:
    """Seconds of every run, medians, and what more cores or processes gain."""
    seconds: dict[str, list[float]] = {name: [] for name in RUNS}
    settings = load_settings(folder / "broker", kafka_port=any_free(), kafka_max_bytes=8 * 2**30)
    with running_broker(settings) as servers:
        fill(settings, count)
        for number in range(rounds):
            for name in RUNS if number % 2 == 0 else reversed(RUNS):
                place = folder / f"{name}-{number}".replace(" ", "-")
                seconds[name].append(round(run(name, place, servers, per_batch), 1))
                print(name, seconds[name][-1], file=sys.stderr, flush=True)
    medians = {name: statistics.median(taken) for name, taken in seconds.items()}
    return {
        "events": count,
        "events_a_batch": per_batch,
        "cores_of_the_machine": psutil.cpu_count(),
        "seconds": seconds,
        "ratios": {
            "2 cores / 1 core": round(medians["1 core"] / medians["2 cores"], 2),
            "3 workers / 1 worker": round(medians["cluster of 1 worker"] / medians["cluster of 3 workers"], 2),
            "cluster of 1 worker / 1 core": round(medians["1 core"] / medians["cluster of 1 worker"], 2),
        },
    }


if __name__ == "__main__":
    main()
