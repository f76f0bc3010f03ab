"""One call of `zipotify simulate`: which plan, where to, and how it shows its progress."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zipotify.contracts.identity import checked_source
from zipotify.contracts.wire import EventProducer
from zipotify.settings import Settings
from zipotify.simulate.batch import Progress, send_all, write_files
from zipotify.simulate.config import load_config
from zipotify.simulate.lines import Record
from zipotify.simulate.live import LiveOptions, LiveRun
from zipotify.simulate.plan import Options, Plan, Songs, make_plan


@dataclass(frozen=True)
class Job:
    """What was asked for."""

    config: Path | None
    options: Options
    tracks: Sequence[Sequence[Any]]
    """Artists, titles, durations in seconds and play weights, one entry a track."""
    output: Path = Path("output")
    kafka: bool = False
    live: LiveOptions | None = None
    source: str = "sim"


def simulate(settings: Settings, job: Job) -> None:
    """Run the job to its end; a live job runs until it is told to stop."""
    checked_source(job.source)
    config, name = load_config(job.config)
    songs = Songs(*job.tracks)
    if job.live:
        LiveRun(settings, config, name, songs, job.options, job.live).run()
        return
    plan = make_plan(config, name, songs, job.options, int(time.time()))
    with _progress() as show:
        counts = _send(settings, job, plan, show) if job.kafka else write_files(plan, job.output, show)
    where = "Kafka" if job.kafka else str(job.output)
    listed = ", ".join(f"{topic} {count:,}" for topic, count in counts.items())
    print(f"wrote {sum(counts.values()):,} events to {where}: {listed}", file=sys.stderr)


def _send(settings: Settings, job: Job, plan: Plan, show: Progress) -> dict[str, int]:
    producer = EventProducer(settings, job.source)

    def send(record: Record) -> None:
        producer.send(record.topic, record.value, record.session_id)

    counts = send_all(plan, send, show)
    producer.flush()
    return counts


@contextmanager
def _progress() -> Iterator[Progress]:
    """A progress bar on a terminal; nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda _share, _count: None
        return
    from rich.console import Console
    from rich.progress import Progress as Bar

    with Bar(console=Console(stderr=True)) as bar:
        task = bar.add_task("simulating", total=1.0)

        def show(share: float, count: int) -> None:
            bar.update(task, completed=share, description=f"{count:,} events")

        yield show
