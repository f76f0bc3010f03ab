"""How old are events when they are seen? Everything runs, a steady rate comes in, and the home's own figures are read.

    .venv/bin/python bench/freshness.py --rate 1000 --minutes 10 --out bench/results/freshness.json

Broker, stream, warehouse builds, ledger and dashboard run as under `zipotify up`; this process sends page views and
listens whose time is now. The pipeline measures by itself, from the producer's clock to a live tile, to bronze, and to
the published warehouse. A rate is sustained when, at the end, no more than a few batches' worth is on its way; halve
`--rate` until it is. Memory is read every ten seconds, of each part with all that it started, and its slope told.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import psutil
from result import measured
from sqlalchemy import select
from stream_drain import events

from zipotify.contracts import serving
from zipotify.contracts.fields import LISTEN_EVENTS, PAGE_VIEW_EVENTS
from zipotify.contracts.wire import EventProducer
from zipotify.lake import ensure_tables
from zipotify.ops.chaos_parts import ChaosPart
from zipotify.ops.ledger import check
from zipotify.ops.memory import tree_bytes
from zipotify.ops.soak_figures import slope_mb_per_hour
from zipotify.runtime.ports import any_free
from zipotify.runtime.processes import environment_of, zipotify_command
from zipotify.settings import Settings, load_settings

VERBS = (("broker",), ("stream",), ("build", "--watch"), ("ledger", "--watch"), ("dashboard",))
STAGES = ("live", "bronze", "warehouse")
SAMPLE_S = 10
IN_FLIGHT_S = 30
"""A rate counts as sustained when no more than what came in this long is on its way at the end."""


def send(settings: Settings, rate: int, for_s: float) -> int:
    """Send at the rate; two thirds page views, one third listens, all with the present time."""
    producer = EventProducer(settings, "bench")
    started = time.monotonic()
    for number, (session, value) in enumerate(events(int(rate * for_s))):
        ahead = number / rate - (time.monotonic() - started)
        if ahead > 0:
            time.sleep(ahead)
        event = {**orjson.loads(value), "ts": int(time.time() * 1000)}
        if number % 3:
            event |= {"page": "NextSong", "method": "PUT", "status": 200}
        producer.send(PAGE_VIEW_EVENTS if number % 3 else LISTEN_EVENTS, orjson.dumps(event), session)
    producer.flush()
    return producer.accepted_count


def figures(settings: Settings, since_ms: int) -> dict[str, Any]:
    """Per stage, the median of the measured p50 and p99, and the worst p99."""
    engine = serving.connect(settings.serving_address())
    with engine.connect() as connection:
        rows = connection.execute(select(serving.freshness).where(serving.freshness.c.measured_at_ms >= since_ms)).all()
    engine.dispose()
    found: dict[str, Any] = {}
    for stage in STAGES:
        mine = [row for row in rows if row.stage == stage]
        if mine:
            found[stage] = {
                "measurements": len(mine),
                "p50_s": round(statistics.median(row.p50_ms for row in mine) / 1000, 1),
                "p99_s": round(statistics.median(row.p99_ms for row in mine) / 1000, 1),
                "worst_p99_s": round(max(row.p99_ms for row in mine) / 1000, 1),
            }
    return found


Samples = list[tuple[float, dict[str, int]]]
"""Seconds of a clock, and bytes by part."""


@contextmanager
def sampled_memory() -> Iterator[Samples]:
    """What each child of this process takes, now and then until the end of the block."""
    samples: Samples = []
    ended = threading.Event()

    def sample() -> None:
        while not ended.wait(SAMPLE_S):
            children = {verb: pid for verb, pid in map(_verb_and_pid, psutil.Process().children()) if verb}
            samples.append((time.monotonic(), {verb: tree_bytes(pid) for verb, pid in children.items()}))

    thread = threading.Thread(target=sample)
    thread.start()
    try:
        yield samples
    finally:
        ended.set()
        thread.join()


def _verb_and_pid(process: psutil.Process) -> tuple[str, int]:
    try:
        return next((word for word in process.cmdline() if (word,) in {v[:1] for v in VERBS}), ""), process.pid
    except psutil.NoSuchProcess:
        return "", 0


def memory_of(samples: Samples) -> dict[str, Any]:
    """Highest, last and slope, in all and by part."""
    sizes = {"total": [sum(by_part.values()) for _, by_part in samples]}
    sizes |= {verb: [by_part.get(verb, 0) for _, by_part in samples] for (verb, *_) in VERBS}
    at_s = [at for at, _ in samples]
    return {
        name: {
            "highest_mb": round(max(values) / 2**20),
            "last_mb": round(values[-1] / 2**20),
            "slope_mb_per_hour": slope_mb_per_hour(at_s, values),
        }
        for name, values in sizes.items()
    }


def measure(settings: Settings, rate: int, warm_up_s: float, for_s: float) -> dict[str, Any]:
    """Start everything, warm up, send, read."""
    ensure_tables(settings.home.lake)
    parts = [
        ChaosPart(verb[0], zipotify_command(*verb), environment_of(settings), settings.home.logs) for verb in VERBS
    ]
    try:
        parts[0].start()
        while settings.home.broker_address() is None:
            time.sleep(0.5)
        for part in parts[1:]:
            part.start()
        send(settings, max(rate // 10, 1), warm_up_s)
        since_ms = int(time.time() * 1000)
        with sampled_memory() as samples:
            sent = send(settings, rate, for_s)
        in_flight = check(settings).total("in_flight")
        return {
            "rate": rate,
            "seconds": for_s,
            "sent": sent,
            "in_flight_at_the_end": in_flight,
            "is_sustained": in_flight <= rate * IN_FLIGHT_S,
            "stages": figures(settings, since_ms),
            "memory": memory_of(samples),
        }
    finally:
        for part in reversed(parts):
            part.stop()


def main() -> None:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=int, default=1000)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--warm-up-minutes", type=float, default=3)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="zipotify-freshness-"))
    settings = load_settings(folder / "home", kafka_port=any_free(), dashboard_port=any_free())
    with measured(given.out) as found:
        try:
            found |= measure(settings, given.rate, given.warm_up_minutes * 60, given.minutes * 60)
        finally:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
