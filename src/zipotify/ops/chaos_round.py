"""One round of chaos: a home of its own, its parts, a bad network, faults that are drawn, and the comparison after it.

The truth about what was sent is known (`chaos_traffic`): at the end bronze, live rollups and warehouse must be what the
static path makes of the same events, the ledger must balance, and the dashboard must answer.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from zipotify.contracts import serving
from zipotify.errors import ZipotifyError
from zipotify.lake import ensure_tables
from zipotify.ops.chaos_parts import ChaosPart, filled
from zipotify.ops.chaos_traffic import SOURCE, Live, Recorded, Traffic
from zipotify.ops.chaos_truth import differences
from zipotify.ops.health import Health
from zipotify.ops.ledger import check
from zipotify.runtime.ports import any_free
from zipotify.runtime.processes import environment_of, zipotify_command
from zipotify.runtime.proxy import Proxy
from zipotify.settings import Settings, load_settings

_LIMIT_S = 30 * 60.0
_TICK_S = 1.0
_LONGEST_PAUSE_S = 12.0
_HOME_MAX_BYTES = 8 * 2**30


@dataclass(frozen=True)
class ChaosOptions:
    """How much of it."""

    rounds: int = 1
    seed: int = 1
    users: int = 150
    faults: int = 5
    rate: int = 150
    """Events per second that are sent."""
    with_warehouse: bool = True
    """Whether the warehouse and the dashboard run too, are hurt, and are compared."""


@dataclass
class RoundReport:
    """What was done in a round, and what did not come out right; none when all is well."""

    number: int
    seed: int
    traffic: str = "recorded"
    event_count: int = 0
    repeat_count: int = 0
    seconds: float = 0.0
    faults: list[str] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)


class Round:
    """Traffic, faults, recovery, comparison; odd rounds send recorded files, even ones simulate live."""

    def __init__(
        self, home: Path, base: Settings, options: ChaosOptions, number: int, say: Callable[[str], None]
    ) -> None:
        self._draw = random.Random(f"{options.seed}/{number}")  # noqa: S311 - a seeded run, not a secret
        self._options = options
        self._tell = say
        self._files = home / "truth"
        port, front = any_free(), any_free()
        self._settings = load_settings(
            home / "home",
            home_max_bytes=_HOME_MAX_BYTES,
            kafka_port=port,
            kafka_advertised_port=front,
            live_watermark_minutes=7 * 1440,
            max_offsets_per_trigger=2_000,
            bronze_trigger_s=1,
            build_interval_s=5,
            dashboard_port=any_free(),
            spark_driver_memory_mb=base.spark_driver_memory_mb,
            user_key_secret=base.user_key().hex(),
        )
        self._proxy = Proxy(front, port)
        self._report = RoundReport(number, options.seed, "live" if number % 2 == 0 else "recorded")
        self._traffic = self._made_traffic()
        self._parts = {
            "broker": self._part("broker"),
            "stream": self._part("stream"),
            "simulator": self._part(*self._traffic.verb),
        }
        if options.with_warehouse:
            self._parts |= {"warehouse": self._part("build", "--watch"), "dashboard": self._part("dashboard")}

    def __enter__(self) -> Round:
        return self

    def __exit__(self, *_: object) -> None:
        for name in reversed(self._parts):
            self._parts[name].stop()
        self._proxy.close()

    def run(self) -> RoundReport:
        """The whole round."""
        started = time.monotonic()
        ensure_tables(self._settings.home.lake)
        self._parts["broker"].start()
        self._wait(lambda: self._settings.home.broker_address() is not None, "the broker")
        for name, part in self._parts.items():
            if name != "broker":
                part.start()
        for _ in range(self._options.faults):
            self._keep_running(until_s=time.monotonic() + self._draw.uniform(1, _LONGEST_PAUSE_S))
            self._do_harm()
        self._wait(lambda: self._traffic.has_ended(self._parts["simulator"]), "everything to be sent")
        self._wait(self._is_taken_in, "everything to be taken in")
        if self._options.with_warehouse:
            self._wait(self._dashboard_answers, "the dashboard")
            self._parts.pop("warehouse").stop()
        self._parts["stream"].stop()
        self._compare()
        self._report.seconds = round(time.monotonic() - started, 1)
        return self._report

    def _say(self, words: str) -> None:
        self._tell(f"round {self._report.number}: {words}")

    def _made_traffic(self) -> Traffic:
        users, seed, rate = self._options.users, self._draw.randrange(2**31), self._options.rate
        if self._report.traffic == "live":
            return Live(self._files, self._settings, users, seed, rate)
        return Recorded(self._files, users, seed, rate)

    def _do_harm(self) -> None:
        """One fault, drawn."""
        name = self._draw.choice(sorted(self._parts))
        for_s = self._draw.uniform(0.5, 5)
        harm: list[tuple[str, Callable[[], None]]] = [
            (f"kill {name}", self._parts[name].kill),
            (f"freeze {name} for {for_s:.1f} s", lambda: self._parts[name].freeze(for_s)),
            (f"cut Kafka off for {for_s:.1f} s", lambda: self._proxy.cut(for_s)),
            (f"slow Kafka down for {for_s:.1f} s", lambda: self._proxy.slow(for_s, 0.05)),
            ("fill the home to its limit, until the stream gives up", self._fill_home),
        ]
        words, act = harm[self._draw.choice([0, 0, 0, 1, 1, 2, 3, 4])]
        self._say(words)
        self._report.faults.append(words)
        act()

    def _fill_home(self) -> None:
        with filled(self._settings.home, _HOME_MAX_BYTES):
            self._wait(lambda: self._parts["stream"].has_failed, "the stream to see that the home is full")

    def _is_taken_in(self) -> bool:
        """Whether nothing is on its way."""
        report = check(self._settings)
        self._report.repeat_count = report.total("repeats")
        return report.kafka == "reachable" and report.total("in_flight") == 0

    def _dashboard_answers(self) -> bool:
        engine = serving.connect(self._settings.serving_address())
        try:
            return Health(self._settings, engine, 0.0).dashboard_answers()
        finally:
            engine.dispose()

    def _compare(self) -> None:
        self._traffic.write_truth()
        self._report.event_count = sum(file.read_bytes().count(b"\n") for file in self._files.glob("*.ndjson"))
        report = check(self._settings)
        found = [f"ledger: {row}" for row in report.rows if row.difference]
        if report.total("produced") < self._report.event_count:
            found.append(f"ledger: only {report.total('produced')} produced of {self._report.event_count}")
        found += differences(self._settings, self._files, SOURCE, self._options.with_warehouse)
        self._report.differences = found
        self._say(f"{self._report.event_count} events, {self._report.repeat_count} repeats, {len(found)} differences")

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
