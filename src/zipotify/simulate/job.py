"""One call of `zipotify simulate`: which plans, where to, and how it shows its progress."""

from __future__ import annotations

import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from zipotify.contracts.identity import checked_source
from zipotify.errors import UsageError
from zipotify.settings import Settings
from zipotify.simulate.batch import BatchRun, records
from zipotify.simulate.config import EventsimConfig, load_config
from zipotify.simulate.experiment import Variant, plan_variants
from zipotify.simulate.fitting import require_fitting
from zipotify.simulate.live_options import LiveOptions
from zipotify.simulate.pace import AT_ONCE, Pace
from zipotify.simulate.plan import Options, Plan, make_plan
from zipotify.simulate.progress import ProgressStyle, show_progress
from zipotify.simulate.sinks import TRUTH, Format
from zipotify.simulate.songs import Songs
from zipotify.simulate.worker import Work


@dataclass(frozen=True)
class Job:
    """What was asked for."""

    config: Path | None
    options: Options
    songs: Songs
    output: Path = Path("output")
    format: Format = "ndjson"
    processes: int = 1
    resume: bool = False
    variants: tuple[Variant, ...] = ()
    kafka: bool = False
    lake: bool = False
    """The files of `output` are only on their way into the lake."""
    pace: Pace = AT_ONCE
    live: LiveOptions | None = None
    source: str = "sim"
    progress: ProgressStyle = "auto"


@dataclass(frozen=True)
class Outcome:
    """What a run wrote, and whether it reached its end."""

    counts: dict[str, int]
    where: str
    is_finished: bool = True

    def sentence(self) -> str:
        """In one line."""
        listed = ", ".join(f"{name} {count:,}" for name, count in self.counts.items() if name != TRUTH)
        total = sum(count for name, count in self.counts.items() if name != TRUTH)
        return f"wrote {total:,} events to {self.where}: {listed}"


def simulate(settings: Settings, job: Job) -> Outcome | None:
    """Run the job to its end, or to a signal; a live job, which runs until then, has no outcome."""
    checked_source(job.source)
    config, name = load_config(job.config)
    require_fitting(job)
    if job.live:
        from zipotify.simulate.live import LiveRun  # its parts take half a second to import

        LiveRun(settings, config, name, job.songs, job.options, job.live).run()
        return None
    plans = plans_of(job, config, name)
    if job.kafka:
        return _send(settings, job, plans)
    return _write(job, plans)


def plans_of(job: Job, config: EventsimConfig, name: str) -> list[Plan]:
    """The plan of each variant; without an experiment there is one."""
    plan = make_plan(config, name, job.songs, job.options, int(time.time()))
    return plan_variants(plan, job.variants, job.options)


def _write(job: Job, plans: list[Plan]) -> Outcome:
    if plans[0].faults and not job.format.startswith("ndjson"):
        raise UsageError(f"--faults can't be written as {job.format}", "use --format ndjson, .gz or .zst, or Kafka")
    with _Stopping() as stopping, show_progress(job.progress) as progress:
        run = BatchRun(Work(plans, job.output, job.format), job.processes, progress, stopping)
        counts = run.run(job.resume)
    where = "nowhere" if job.format == "none" else str(job.output)
    return Outcome(counts, where, run.is_finished)


def _send(settings: Settings, job: Job, plans: list[Plan]) -> Outcome:
    """In order, at the pace that was asked for; stopped, it ends between two events."""
    from zipotify.contracts.wire import EventProducer

    producer, counts = EventProducer(settings, job.source), Counter[str]()
    clock = job.pace.clock(plans[0].start_s)
    with ExitStack() as stack:
        stopping = stack.enter_context(_Stopping())
        progress = stack.enter_context(show_progress(job.progress))
        truth = _truth_file(stack, job) if plans[0].faults else (lambda _line: None)
        for record in records(plans, progress, truth):
            if not clock.wait_for(record.ts_s, stopping):
                break
            producer.send(record.topic, record.value, record.session_id)
            counts[record.topic] += 1
        producer.flush()
        return Outcome(dict(counts), "Kafka", not stopping())


def _truth_file(stack: ExitStack, job: Job) -> Callable[[bytes], object]:
    job.output.mkdir(parents=True, exist_ok=True)
    file = stack.enter_context((job.output / TRUTH).open("wb"))
    return lambda line: file.write(line + b"\n")


class _Stopping:
    """Turns true at the first SIGINT or SIGTERM; a second one is not caught."""

    def __init__(self) -> None:
        self._is_asked = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> _Stopping:
        for number in (signal.SIGTERM, signal.SIGINT):
            self._before[number] = signal.signal(number, self._ask)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def __call__(self) -> bool:
        return self._is_asked

    def _ask(self, number: int, _frame: FrameType | None) -> None:
        self._is_asked = True
        signal.signal(number, signal.SIG_DFL)
        print("stopping ...", file=sys.stderr)
