"""The live run: history and what was missed first come, first served behind the live events, which never wait.

Two groups of users are two lanes. The early users' lane begins in the past: their history. The launch users' lane
begins now, so that live traffic is dense from the first second while the history of the few is loading beside it.
Each lane is one simulation that runs on without a seam.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from types import FrameType

from filelock import FileLock, Timeout

from zipotify.contracts.wire import EventProducer
from zipotify.errors import HomeInUseError
from zipotify.settings import Settings
from zipotify.simulate.config import EventsimConfig
from zipotify.simulate.lane import Lane
from zipotify.simulate.lines import Record
from zipotify.simulate.live_options import LiveOptions
from zipotify.simulate.plan import Options, make_plan, with_users
from zipotify.simulate.report import Reporter
from zipotify.simulate.songs import Songs
from zipotify.simulate.state import Checkpoint, describe_live, read_checkpoint, require_same_call, write_checkpoint

TICK_S = 0.2
CHECKPOINT_EVERY_S = 10.0
_NEVER = "9999-01-01"
"""End of a live run, whatever its options and configuration say."""
_SLICE = 2_000
_LAUNCH_ID_STEP = 1_000_000


class LiveRun:
    """Runs until told to stop (SIGTERM, SIGINT), then leaves an exact checkpoint."""

    def __init__(
        self, settings: Settings, config: EventsimConfig, name: str, songs: Songs, options: Options, live: LiveOptions
    ) -> None:
        self._settings = settings
        self._live = live
        self._folder = settings.home.simulator_state / live.source
        self._stopping = False
        self._allowance = 0.0
        now_s = int(time.time())
        known = read_checkpoint(self._folder)
        self._began_s = known.began_s if known else now_s
        plan = make_plan(config, name, songs, replace(options, end=_NEVER), self._began_s)
        self._call = describe_live(plan, live.launch_users, options.from_days)
        if known:
            require_same_call(known, self._call, self._folder)
        self._plan = plan
        self._known = known

    def run(self) -> None:
        """Send events until a signal comes; raises HomeInUseError when another simulator does the same."""
        self._folder.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(self._folder / "lock", timeout=0):
                self._run()
        except Timeout:
            raise HomeInUseError(
                f"another simulator already runs for source '{self._live.source}' in {self._settings.home.root}",
                "stop it with `zipotify down`, or use another --source",
            ) from None

    def sent(self) -> Iterator[Record]:
        """What a stopped run has sent, made again from the beginning: what a lake must then hold."""
        for lane in self._lanes() if self._known else ():
            yield from lane.handed_out()

    def _run(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        with Reporter(self._settings) as reporter:
            reporter.starting()
            producer = EventProducer(self._settings, self._live.source)
            lanes = self._lanes()
            self._loop(lanes, producer, reporter)
            self._checkpoint(lanes, producer)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True

    def _lanes(self) -> list[Lane]:
        """Launch users first: their events are the live ones."""
        plan, saved = self._plan, self._known.lanes if self._known else {}
        lanes = []
        if self._live.launch_users:
            first = plan.first_user_id + max(_LAUNCH_ID_STEP, 10 * plan.n_users)
            launch = with_users(plan, first, self._live.launch_users, self._began_s)
            lanes.append(Lane("launch", launch, saved.get("launch")))
        return [*lanes, Lane("early", plan, saved.get("early"))]

    def _loop(self, lanes: list[Lane], producer: EventProducer, reporter: Reporter) -> None:
        saved_at = ticked_at = time.monotonic()
        while not self._stopping:
            started = time.monotonic()
            busy = self._tick(lanes, producer, started - ticked_at)
            ticked_at = started
            reporter.show(lanes)
            if started - saved_at >= CHECKPOINT_EVERY_S:
                self._checkpoint(lanes, producer)
                saved_at = time.monotonic()
            if not busy:
                time.sleep(max(0.0, TICK_S - (time.monotonic() - started)))

    def _tick(self, lanes: list[Lane], producer: EventProducer, elapsed_s: float) -> bool:
        """Send what is due, live lanes first; returns whether more could be sent at once."""
        now_s = time.time()
        live = [lane for lane in lanes if lane.is_live(now_s)]
        behind = [lane for lane in lanes if lane not in live]
        for lane in live:
            _send(producer, lane, now_s, _SLICE)
        if not live:
            for lane in behind:
                _send(producer, lane, now_s, _SLICE)
            return True
        self._allowance = min(self._allowance + elapsed_s * self._live.history_rate, float(self._live.history_rate))
        for lane in behind:
            self._allowance -= _send(producer, lane, now_s, min(int(self._allowance), _SLICE))
        return False

    def _checkpoint(self, lanes: list[Lane], producer: EventProducer) -> None:
        producer.flush()
        write_checkpoint(
            self._folder, Checkpoint(self._call, self._began_s, {lane.name: lane.save() for lane in lanes})
        )


def _send(producer: EventProducer, lane: Lane, now_s: float, limit: int) -> int:
    records = lane.take(now_s, limit)
    for record in records:
        producer.send(record.topic, record.value, record.session_id)
    return len(records)
