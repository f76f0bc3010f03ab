"""Parts that are meant to be hurt: killed as the kernel kills, frozen as a paused machine is, and started again."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from zipotify.home import Home
from zipotify.runtime.processes import end_with_parent, stop_process

_STOP_LIMIT_S = 75.0
_AGAIN_AFTER_S = 1.0


class ChaosPart:
    """One verb as a process with everything that it started."""

    def __init__(self, name: str, command: list[str], environment: dict[str, str], logs: Path) -> None:
        self._name = name
        self._command = command
        self._environment = environment
        self._logs = logs
        self._process: subprocess.Popen[bytes] | None = None
        self._died_at = 0.0
        self.started_at_s = 0.0
        """When it was started last, by the clock on the wall."""

    @property
    def has_succeeded(self) -> bool:
        """Whether it came to its end by itself, with exit code 0."""
        return self._process is not None and self._process.poll() == 0

    @property
    def has_failed(self) -> bool:
        """Whether it is not running and did not come to its end."""
        return self._process is not None and self._process.poll() not in (None, 0)

    def start(self) -> None:
        """Start it; its output goes to its log."""
        self.started_at_s = time.time()
        self._logs.mkdir(parents=True, exist_ok=True)
        with (self._logs / f"chaos-{self._name}.log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=end_with_parent(),
            )

    def start_if_dead(self) -> None:
        """Start it again a moment after it ended, unless it never ran or came to its end."""
        if self._process is None or self._process.poll() in (None, 0):
            self._died_at = time.monotonic()
        elif time.monotonic() - self._died_at > _AGAIN_AFTER_S:
            self.start()

    def kill(self) -> None:
        """SIGKILL, and all that it started with it."""
        send(self._family(), signal.SIGKILL)
        if self._process is not None:
            self._process.wait(_STOP_LIMIT_S)

    def freeze(self, for_s: float) -> None:
        """SIGSTOP for a while."""
        frozen(self._family(), for_s)

    def stop(self) -> None:
        """Ask it to end, and wait."""
        if self._process is not None:
            family = self._family()
            stop_process(self._process, _STOP_LIMIT_S)
            send(family, signal.SIGKILL)

    def _family(self) -> list[psutil.Process]:
        if self._process is None or self._process.poll() is not None:
            return []
        return family_of(self._process.pid)


def family_of(pid: int) -> list[psutil.Process]:
    """A process and all that it started; none when it is gone."""
    try:
        parent = psutil.Process(pid)
        return [parent, *parent.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def send(family: list[psutil.Process], number: signal.Signals) -> None:
    """One signal to each; to those that are gone, none."""
    for process in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(number)


def frozen(family: list[psutil.Process], for_s: float) -> None:
    """SIGSTOP, and SIGCONT after a while."""
    send(family, signal.SIGSTOP)
    time.sleep(for_s)
    send(family, signal.SIGCONT)


@contextlib.contextmanager
def filled(home: Home, size_bytes: int) -> Iterator[None]:
    """The home has so many bytes more meanwhile; in name only, for the file has a hole where its content would be."""
    ballast = home.run / "ballast"
    ballast.parent.mkdir(parents=True, exist_ok=True)
    with ballast.open("wb") as file:
        file.truncate(size_bytes)
    try:
        yield
    finally:
        ballast.unlink()
