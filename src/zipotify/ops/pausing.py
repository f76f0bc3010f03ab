"""Work that needs lake or warehouse alone: parts of `zipotify up` stop for it and start again, come what may."""

from __future__ import annotations

import signal
import subprocess
import threading
import xmlrpc.client
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from types import FrameType

from zipotify.errors import ZipotifyError
from zipotify.lake.requests import stream_rests
from zipotify.ops.parts import PartName
from zipotify.ops.supervisor import ALIVE, Supervisor
from zipotify.runtime.processes import environment_of, zipotify_command
from zipotify.settings import Settings


@contextmanager
def paused(settings: Settings, *names: PartName) -> Iterator[list[PartName]]:
    """Those of the parts that run are stopped one after the other, meanwhile; none where no `zipotify up` runs.

    SIGTERM ends the work like an exception, so that the parts start again.
    """
    client, stopped = Supervisor(settings.home), list[PartName]()
    with _raising_at_end():
        try:
            for name in names:
                # Asked for each: what ends with one part may have stopped another, and starts it again.
                process = client.states().get(name)
                if process is not None and process.state in ALIVE:
                    stopped.append(name)
                    with suppress(xmlrpc.client.Fault):  # it ended meanwhile
                        client.stop_and_wait(name)
            yield stopped
        finally:
            for name in reversed(stopped):
                if client.answers():
                    client.start_part(name)


def catch_up(settings: Settings) -> None:
    """One pass of the stream takes in what waits in Kafka; raises ZipotifyError when it fails."""
    nothing = subprocess.DEVNULL  # standard output is the caller's: an erasure prints its report there
    command = zipotify_command("stream", "--once")
    done = subprocess.run(command, env=environment_of(settings), stdin=nothing, stdout=nothing)
    if done.returncode:
        raise ZipotifyError(f"`zipotify stream --once` ended with code {done.returncode}", "see its output above")


def let_finish(settings: Settings, stopped: Sequence[PartName]) -> None:
    """Have a batch finished that was cut off since our stream was stopped; the lake must be free."""
    if "stream" in stopped and not stream_rests(settings.home):
        catch_up(settings)


def require_rest(settings: Settings) -> None:
    """Raise ZipotifyError while the stream has a batch begun: what that becomes depends on bronze as it was before."""
    if not stream_rests(settings.home):
        raise ZipotifyError(
            "the stream has a batch that it did not finish, and nobody else may change its tables before it has",
            "let it: `zipotify stream --once`, or wait a moment while `zipotify up` runs; then ask again",
        )


@contextmanager
def _raising_at_end() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _end(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)
