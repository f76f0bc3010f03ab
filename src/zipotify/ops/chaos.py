"""`zipotify chaos`: seeded traffic through real parts that are killed, frozen and cut off; then a look at the books.

One round has a home of its own. The events are simulated into files first, so the truth is known: at the end, bronze
and live rollups must be what the static path makes of the same files, and the ledger must balance.
"""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from zipotify.errors import ZipotifyError
from zipotify.lake import ensure_tables
from zipotify.ops.chaos_parts import ChaosPart
from zipotify.ops.chaos_truth import differences
from zipotify.ops.ledger import check
from zipotify.runtime.ports import any_free
from zipotify.runtime.processes import environment_of, zipotify_command
from zipotify.runtime.proxy import Proxy
from zipotify.settings import Settings, load_settings

_LIMIT_S = 30 * 60.0
_TICK_S = 1.0
_LONGEST_PAUSE_S = 12.0
_SOURCE = "chaos"


@dataclass(frozen=True)
class ChaosOptions:
    """How much of it."""

    rounds: int = 1
    seed: int = 1
    users: int = 150
    faults: int = 5
    rate: int = 150
    """Events per second that are sent."""


@dataclass
class RoundReport:
    """What was done in a round, and what did not come out right; none when all is well."""

    number: int
    seed: int
    event_count: int = 0
    repeat_count: int = 0
    faults: list[str] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)


def run_chaos(settings: Settings, options: ChaosOptions, say: Callable[[str], None]) -> list[RoundReport]:
    """Run the rounds that have no result yet; the results are in `chaos/` in the home, one file a round."""
    folder = settings.home.root / "chaos"
    folder.mkdir(parents=True, exist_ok=True)
    return [_known_or_run(folder, settings, options, number, say) for number in range(1, options.rounds + 1)]


def _known_or_run(
    folder: Path, settings: Settings, options: ChaosOptions, number: int, say: Callable[[str], None]
) -> RoundReport:
    result = folder / f"seed-{options.seed}-round-{number}.json"
    if result.exists():
        report = RoundReport(**json.loads(result.read_text()))
        say(f"round {number}: done before, {len(report.differences)} differences")
        return report
    home = folder / f"seed-{options.seed}-round-{number}"
    shutil.rmtree(home, ignore_errors=True)
    with _Round(home, settings, options, number, say) as chaos_round:
        report = chaos_round.run()
    result.write_text(json.dumps(vars(report), indent=2) + "\n")
    if not report.differences:
        shutil.rmtree(home)
    return report


class _Round:
    """One home, its parts, and the proxy between them and Kafka."""

    def __init__(
        self, home: Path, base: Settings, options: ChaosOptions, number: int, say: Callable[[str], None]
    ) -> None:
        self._draw = random.Random(f"{options.seed}/{number}")  # noqa: S311 - a seeded run, not a secret
        self._options = options
        self._say = say
        self._files = home / "truth"
        port, front = any_free(), any_free()
        self._settings = load_settings(
            home / "home",
            kafka_port=port,
            kafka_advertised_port=front,
            live_watermark_minutes=7 * 1440,
            max_offsets_per_trigger=2_000,
            bronze_trigger_s=1,
            spark_driver_memory_mb=base.spark_driver_memory_mb,
            user_key_secret=base.user_key().hex(),
        )
        self._proxy = Proxy(front, port)
        self._report = RoundReport(number, options.seed)
        self._parts = {
            "broker": self._part("broker"),
            "stream": self._part("stream"),
            "simulator": self._part("replay", str(self._files), "--source", _SOURCE, "--speed", str(options.rate)),
        }

    def __enter__(self) -> _Round:
        return self

    def __exit__(self, *_: object) -> None:
        for name in ("simulator", "stream", "broker"):
            self._parts[name].stop()
        self._proxy.close()

    def run(self) -> RoundReport:
        """Traffic, faults, recovery, comparison."""
        self._make_truth()
        ensure_tables(self._settings.home.lake)
        self._parts["broker"].start()
        self._wait(lambda: self._settings.home.broker_address() is not None, "the broker")
        for name in ("stream", "simulator"):
            self._parts[name].start()
        for _ in range(self._options.faults):
            self._keep_running(until_s=time.monotonic() + self._draw.uniform(1, _LONGEST_PAUSE_S))
            self._do_harm()
        self._wait(self._is_over, "everything to be taken in")
        self._parts["stream"].stop()
        self._compare()
        return self._report

    def _make_truth(self) -> None:
        command = zipotify_command(
            "simulate", "-n", str(self._options.users), "-f", "1", "-t", "0", "-r", str(self._draw.randrange(2**31))
        )
        subprocess.run([*command, str(self._files)], check=True, capture_output=True)
        for file in self._files.glob("*.ndjson"):
            with file.open("rb") as lines:
                self._report.event_count += sum(1 for _ in lines)
        self._say(f"round {self._report.number}: {self._report.event_count} events")

    def _do_harm(self) -> None:
        """One fault, drawn."""
        name = self._draw.choice(sorted(self._parts))
        for_s = self._draw.uniform(0.5, 5)
        harm: list[tuple[str, Callable[[], None]]] = [
            (f"kill {name}", self._parts[name].kill),
            (f"freeze {name} for {for_s:.1f} s", lambda: self._parts[name].freeze(for_s)),
            (f"cut Kafka off for {for_s:.1f} s", lambda: self._proxy.cut(for_s)),
            (f"slow Kafka down for {for_s:.1f} s", lambda: self._proxy.slow(for_s, 0.05)),
        ]
        words, act = harm[self._draw.choice([0, 0, 1, 2, 3])]
        self._say(f"round {self._report.number}: {words}")
        self._report.faults.append(words)
        act()

    def _is_over(self) -> bool:
        """Whether all was sent to the end, and nothing is on its way."""
        if not self._parts["simulator"].has_succeeded:
            return False
        report = check(self._settings)
        self._report.repeat_count = report.total("repeats")
        return report.kafka == "reachable" and report.total("in_flight") == 0

    def _compare(self) -> None:
        report = check(self._settings)
        for row in report.rows:
            if row.difference:
                self._report.differences.append(f"ledger: {row}")
        if report.total("produced") < self._report.event_count:
            self._report.differences.append(f"ledger: only {report.total('produced')} produced")
        self._report.differences += differences(self._settings, self._files, _SOURCE)
        self._say(f"round {self._report.number}: {len(self._report.differences)} differences")

    def _keep_running(self, until_s: float) -> None:
        while time.monotonic() < until_s:
            self._start_dead()
            time.sleep(_TICK_S / 4)

    def _wait(self, condition: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + _LIMIT_S
        while not condition():
            self._start_dead()
            if time.monotonic() > deadline:
                raise ZipotifyError(f"waited in vain for {what}", f"see {self._settings.home.logs}")
            time.sleep(_TICK_S)

    def _start_dead(self) -> None:
        """What `up` does: a part that ended starts again."""
        for part in self._parts.values():
            part.start_if_dead()

    def _part(self, verb: str, *arguments: str) -> ChaosPart:
        environment = environment_of(self._settings)
        return ChaosPart(verb, zipotify_command(verb, *arguments), environment, self._settings.home.logs)


def as_dict(report: RoundReport) -> dict[str, Any]:
    """For JSON."""
    return dict(vars(report))
