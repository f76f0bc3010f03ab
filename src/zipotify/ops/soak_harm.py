"""What is done to a soak meanwhile: parts are killed or frozen, one at a time, and the lake is tended."""

from __future__ import annotations

import random
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event, Thread

from zipotify.contracts import serving
from zipotify.ops.chaos_parts import family_of, frozen, send
from zipotify.ops.health import Health
from zipotify.ops.parts import parts_of
from zipotify.ops.supervisor import Supervisor
from zipotify.runtime.processes import environment_of, zipotify_command
from zipotify.settings import Settings

_RECOVERY_LIMIT_S = 600.0
_LOOK_EVERY_S = 1.0
_LONGEST_FREEZE_S = 10.0
_BEFORE_S, _AFTER_S = 60.0, 60.0
"""What had begun so long before a fault, or began so soon after it, may have failed for it."""
_TEND = "tend"


@dataclass(frozen=True)
class Deed:
    """One thing that was done, and how long until all was as before."""

    at_s: float
    """Since the start of the soak."""
    what: str
    seconds: float


class Harm:
    """Does one thing after the other from a thread of its own, each once the one before is over."""

    def __init__(self, settings: Settings, seed: int, every_s: float, say: Callable[[str], None]) -> None:
        self.deeds: list[Deed] = []
        self.problems: list[str] = []
        self._settings = settings
        self._draw = random.Random(seed)  # noqa: S311 - a seeded run, not a secret
        self._every_s = every_s
        self._say = say
        self._began = time.monotonic()
        self._over_at = 0.0
        self._hurt = ""
        self._stop = Event()
        self._thread = Thread(target=self._run, name="soak-harm", daemon=True)
        self._plan: list[str] = []

    def start(self, began: float) -> None:
        """Begin; `began` is the start of the soak on the monotonic clock."""
        self._began = began
        self._thread.start()

    def stop(self) -> None:
        """End, once what was hurt last works again."""
        self._stop.set()
        if self._thread.ident:
            self._thread.join()

    def is_disturbed(self, within_s: float) -> bool:
        """Whether something is hurt, or was so lately."""
        return bool(self._hurt) or time.monotonic() - self._over_at < within_s

    def excuses(self, at_s: float) -> bool:
        """Whether what failed then, in seconds since the start of the soak, may have failed for what was done here."""
        return any(deed.at_s - _BEFORE_S <= at_s <= deed.at_s + deed.seconds + _AFTER_S for deed in self.deeds)

    def hurts(self, name: str) -> bool:
        """Whether that part is hurt now, or was the last moment."""
        return self._hurt == name or (bool(self.deeds) and name in self.deeds[-1].what and self.is_disturbed(5.0))

    def _run(self) -> None:
        while not self._stop.wait(self._every_s):
            started, which = time.monotonic(), self._next()
            self._hurt = which
            try:
                what = self._tend() if which == _TEND else self._fault(which)
                self.deeds.append(Deed(round(started - self._began, 1), what, round(time.monotonic() - started, 1)))
                self._say(f"{what}: over after {self.deeds[-1].seconds:.0f} s")
            except Exception as error:  # a thread's error would be seen by nobody
                self.problems.append(f"{which}: {error}")
            self._over_at, self._hurt = time.monotonic(), ""

    def _next(self) -> str:
        """All parts in an order that is drawn, and twice between them the lake is tended."""
        if not self._plan:
            names = [part.name for part in parts_of(self._settings)]
            self._draw.shuffle(names)
            self._plan = [
                step for at, name in enumerate(names, 1) for step in ((name, _TEND) if at % 3 == 2 else (name,))
            ]
        return self._plan.pop(0)

    def _fault(self, name: str) -> str:
        process = Supervisor(self._settings.home).states().get(name)
        family = family_of(process.pid) if process is not None and process.pid else []
        for_s = self._draw.uniform(1, _LONGEST_FREEZE_S)
        is_kill = self._draw.random() < 0.6
        what = f"{name} killed" if is_kill else f"{name} frozen for {for_s:.1f} s"
        self._say(what)
        if is_kill:
            send(family, signal.SIGKILL)
        else:
            frozen(family, for_s)
        self._await_recovery(name, time.time(), process.pid if process is not None and is_kill else 0)
        return what

    def _await_recovery(self, name: str, since_s: float, killed_pid: int = 0) -> None:
        """Until the part works again by what it does, not only by its process, which is another after a kill."""
        engine = serving.connect(self._settings.serving_address())
        client, health = Supervisor(self._settings.home), Health(self._settings, engine, since_s)
        deadline = time.monotonic() + _RECOVERY_LIMIT_S
        try:
            while not any(
                status.name == name and status.ready and status.pid != killed_pid
                for status in health.look(client.states())
            ):
                if time.monotonic() > deadline:
                    self.problems.append(f"{name} did not work again within {_RECOVERY_LIMIT_S:.0f} s")
                    return
                time.sleep(_LOOK_EVERY_S)
        finally:
            engine.dispose()

    def _tend(self) -> str:
        log = self._settings.home.logs / "soak-maintain.log"
        with log.open("ab") as out:
            done = subprocess.run(
                zipotify_command("maintain", "lake"), env=environment_of(self._settings), stdout=out, stderr=out
            )
        if done.returncode:
            self.problems.append(f"`zipotify maintain lake` ended with code {done.returncode}: see {log.name}")
        self._await_recovery("stream", time.time())
        return "the lake tended"
