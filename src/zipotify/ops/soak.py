"""`zipotify soak`: hours of live traffic at the rate that the machine sustains, looked at, built, tended and hurt.

Everything runs under `zipotify up` in a home of its own. At the end the ledger must account for every event that Kafka
took, the published warehouse must hold every play of the lake, and nothing may have gone wrong on the way.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from zipotify.contracts import serving
from zipotify.errors import BrokerUnreachableError, ZipotifyError
from zipotify.ops.health import Health, dashboard_address
from zipotify.ops.maintenance_lag import waiting_count
from zipotify.ops.memory import tree_bytes
from zipotify.ops.soak_books import settled_books, work_done
from zipotify.ops.soak_figures import Sample, disk_of, summary
from zipotify.ops.soak_harm import Harm
from zipotify.ops.soak_pace import Governor
from zipotify.ops.soak_traffic import SOURCE, Traffic
from zipotify.ops.soak_viewers import Viewers
from zipotify.ops.supervisor import Supervisor
from zipotify.runtime.machine import calibration
from zipotify.runtime.ports import any_free
from zipotify.runtime.processes import end_with_parent, environment_of, last_lines, stop_process, zipotify_command
from zipotify.settings import Settings, load_settings

_READY_LIMIT_S, _STOP_LIMIT_S = 15 * 60.0, 8 * 60.0
_SAMPLE_EVERY_S, _STEP_S = 10.0, 30.0
_CALM_AGAIN_S = 60.0
_SEARCH_SHARE = 0.4
"""So much of the time may be spent on looking for the rate."""


@dataclass(frozen=True)
class SoakOptions:
    """How long and how much of it."""

    hours: float = 1.0
    first_rate: float = 500.0
    """Events per second at first."""
    fault_every_s: float = 90.0
    viewers: int = 3
    seed: int = 1


def run_soak(settings: Settings, options: SoakOptions, say: Callable[[str], None]) -> dict[str, Any]:
    """Run it in `soak/` in the home, and leave the report there; the home of a soak without problems is removed."""
    folder = settings.home.root / "soak"
    shutil.rmtree(folder / "home", ignore_errors=True)
    (folder / "home").mkdir(parents=True)
    report = Soak(folder / "home", settings, options, say).run()
    (folder / "soak.json").write_text(json.dumps(report, indent=1) + "\n")
    if not report["problems"]:
        shutil.rmtree(folder / "home")
    return report


class Soak:
    """One soak in an empty home of its own."""

    def __init__(self, home: Path, base: Settings, options: SoakOptions, say: Callable[[str], None]) -> None:
        self._options, self._say = options, say
        self._settings = load_settings(
            home,
            kafka_port=any_free(),
            dashboard_port=any_free(),
            demo_history_days=1,
            spark_driver_memory_mb=base.spark_driver_memory_mb,
        )
        self._engine = serving.connect(self._settings.serving_address())
        self._client = Supervisor(self._settings.home)
        self._samples: list[Sample] = []
        self._problems: list[str] = []
        self._governor = Governor(options.first_rate)
        self._traffic = Traffic(self._settings, options.first_rate)
        self._harm = Harm(self._settings, options.seed, options.fault_every_s, say)
        address = dashboard_address(self._settings)
        self._viewers = Viewers(address, lambda: self._harm.hurts("dashboard"), options.viewers)
        self._log = home / "soak-up.log"

    def run(self) -> dict[str, Any]:
        """The whole of it; `problems` in the report says what was wrong."""
        before, up = calibration(), self._started()
        try:
            self._await_ready(up)
            self._soak(up)
            self._client.stop_part("simulator")
            books = settled_books(self._settings, {SOURCE: self._traffic.accepted_count}, self._problems)
            books |= work_done(self._engine, lambda at_s: self._harm.excuses(at_s - self._began_at_s), self._problems)
        finally:
            for part in (self._harm, self._viewers, self._traffic):
                part.stop()
            code = stop_process(up, _STOP_LIMIT_S)
            self._engine.dispose()
        if code:
            self._problems.append(f"`zipotify up` ended with code {code}: {last_lines(self._log, 3)}")
        return self._report(before, books)

    def _started(self) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as log:
            return subprocess.Popen(
                zipotify_command("up"),
                env=environment_of(self._settings),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=end_with_parent(),
            )

    def _await_ready(self, up: subprocess.Popen[bytes]) -> None:
        health, deadline = Health(self._settings, self._engine, time.time()), time.monotonic() + _READY_LIMIT_S
        while not all(status.ready for status in health.look(self._client.states())):
            if up.poll() is not None or time.monotonic() > deadline:
                raise ZipotifyError(f"not all parts came up:\n{last_lines(self._log)}", f"see {self._log}")
            time.sleep(1.0)
        self._say("all parts run")

    def _soak(self, up: subprocess.Popen[bytes]) -> None:
        """Samples, steps of the rate, and from when that is found on faults, until the time is over."""
        began, self._began_at_s = time.monotonic(), time.time()
        self._traffic.start()
        self._viewers.start()
        length_s, step_at, is_hurt = self._options.hours * 3600, _STEP_S, False
        while (at_s := time.monotonic() - began) < length_s and self._goes_on(up):
            self._sample(at_s)
            if at_s >= step_at:
                step_at += _STEP_S
                self._step()
            if not is_hurt and (self._governor.sustained is not None or at_s > _SEARCH_SHARE * length_s):
                is_hurt = True
                self._governor.settle()
                self._traffic.rate = self._governor.rate
                self._say(f"{self._governor.rate:,.0f} events/s from here on; faults begin")
                self._harm.start(began)
            time.sleep(_SAMPLE_EVERY_S)
        self._seconds = time.monotonic() - began
        self._harm.stop()
        self._viewers.stop()
        self._traffic.stop()
        self._problems += [*self._harm.problems, *self._viewers.problems]
        if self._traffic.problem:
            self._problems.append(self._traffic.problem)

    def _goes_on(self, up: subprocess.Popen[bytes]) -> bool:
        if up.poll() is not None:
            self._problems.append(f"`zipotify up` ended: {last_lines(self._log, 5)}")
        return up.poll() is None and not self._traffic.problem

    def _waiting(self) -> int | None:
        try:
            return waiting_count(self._settings)
        except BrokerUnreachableError:
            return None

    def _step(self) -> None:
        now = self._samples[-1]
        is_disturbed = self._harm.is_disturbed(_CALM_AGAIN_S)
        self._traffic.rate = self._governor.note(now.at_s, now.waiting, is_disturbed)
        words = "unknown" if now.waiting is None else f"{now.waiting:,}"
        self._say(f"{now.at_s:.0f} s: {now.sent:,} sent, {words} wait, {self._traffic.rate:,.0f} events/s")

    def _sample(self, at_s: float) -> None:
        states = self._client.states().values()
        self._samples.append(
            Sample(
                at_s=round(at_s, 1),
                rate=round(self._traffic.rate, 1),
                sent=self._traffic.accepted_count,
                waiting=self._waiting(),
                memory={state.name: tree_bytes(state.pid) for state in states if state.pid},
                disk=disk_of(self._settings.home),
            )
        )

    def _report(self, before: dict[str, object], books: dict[str, Any]) -> dict[str, Any]:
        hurt_from_s = self._harm.deeds[0].at_s if self._harm.deeds else 0.0
        now = datetime.now(UTC)
        hours, rate = self._seconds / 3600, round(self._traffic.accepted_count / self._seconds)
        lost = "all accounted for" if not self._problems else f"{len(self._problems)} problems"
        return {
            "measured_at": now.isoformat(timespec="seconds"),
            "headline": {
                "what": f"soak, {hours:.1f} hours, {len(self._harm.deeds)} faults and tendings",
                "figure": f"{self._traffic.accepted_count:,} live events, {rate:,} a second, {lost}",
                "when": f"{now:%Y-%m-%d}",
            },
            "machine": {"before": before, "after": calibration()},
            "options": asdict(self._options),
            "seconds": round(self._seconds, 1),
            "sustained_events_per_s": self._governor.sustained and round(self._governor.sustained),
            "mean_events_per_s": round(self._traffic.accepted_count / self._seconds),
            "sent": self._traffic.accepted_count,
            **books,
            "viewers": self._viewers.figures(),
            "deeds": [asdict(deed) for deed in self._harm.deeds],
            "problems": self._problems,
            **summary(self._samples, hurt_from_s),
        }
