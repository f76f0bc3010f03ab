"""Live traffic at a rate that can be changed: what the simulator makes of a long past, sent as if it happened now."""

from __future__ import annotations

import re
import time
from threading import Event, Thread

from zipotify.catalog.playable import builtin_playable
from zipotify.contracts.wire import EventProducer
from zipotify.settings import Settings
from zipotify.simulate import Options, Songs
from zipotify.simulate.config import load_config
from zipotify.simulate.lane import Lane
from zipotify.simulate.plan import make_plan

SOURCE = "soak"
_TICK_S = 0.1
_USERS, _PAST_DAYS = 20_000, 180.0
_TS = re.compile(rb'"ts":\d+')


class Traffic:
    """Sends from a thread of its own until it is stopped; `rate` is in events per second."""

    def __init__(self, settings: Settings, rate: float, users: int = _USERS) -> None:
        self.rate = rate
        self.problem = ""
        """Why it ended by itself; empty while it has not."""
        self._settings = settings
        self._users = users
        self._round = 0
        self._stop = Event()
        self._producer: EventProducer | None = None
        self._thread = Thread(target=self._run, name="soak-traffic", daemon=True)

    @property
    def accepted_count(self) -> int:
        """Events that Kafka has acknowledged."""
        return self._producer.accepted_count if self._producer else 0

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, and wait until Kafka has taken what was sent."""
        self._stop.set()
        if self._thread.ident:
            self._thread.join()

    def _run(self) -> None:
        try:
            self._producer = EventProducer(self._settings, SOURCE)
            self._send_until_stopped(self._producer)
            self._producer.flush()
        except Exception as error:  # a thread's error would be seen by nobody
            self.problem = f"traffic ended: {error}"

    def _send_until_stopped(self, producer: EventProducer) -> None:
        lane, owed, before = self._lane(), 0.0, time.monotonic()
        while not self._stop.wait(_TICK_S):
            now = time.monotonic()
            # What a halt of the broker kept back is not made up for: the rate would be another.
            owed = min(owed + (now - before) * self.rate, self.rate)
            before = now
            while owed >= 1 and not self._stop.is_set():
                records = lane.take(time.time(), int(owed))
                if not records and lane.is_live(time.time()):
                    lane = self._lane()
                for record in records:
                    producer.send(record.topic, at_present(record.value), record.session_id)
                owed -= len(records)

    def _lane(self) -> Lane:
        """A long past of users who are new each time."""
        self._round += 1
        config, name = load_config(None)
        songs = Songs(*builtin_playable().columns)
        first = 1 + (self._round - 1) * 10 * self._users
        options = Options(n_users=self._users, from_days=_PAST_DAYS, to_days=0, seed=self._round, first_user_id=first)
        plan = make_plan(config, name, songs, options, int(time.time()))
        return Lane(SOURCE, plan)


def at_present(value: bytes) -> bytes:
    """The same event, now."""
    return _TS.sub(b'"ts":%d' % int(time.time() * 1000), value, count=1)
