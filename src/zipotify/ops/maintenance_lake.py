"""Work that needs the lake alone: a stream of `zipotify up` is stopped for it, and started again, come what may."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from zipotify.errors import ZipotifyError
from zipotify.ops.supervisor import ALIVE, Supervisor
from zipotify.runtime.processes import environment_of, zipotify_command
from zipotify.settings import Settings

_STREAM = "stream"
_VERBS = (("privacy", "retain"), ("lake", "compact"), ("lake", "vacuum"))
"""Retention first, so that what it removes is not merged; vacuum last, so that it takes what both left behind."""


def tend_lake(settings: Settings) -> str:
    """Run each verb; raises ZipotifyError when one fails, for example since something else holds the lake."""
    with _stream_paused(settings) as was_running:
        for verb in _VERBS:
            done = subprocess.run(zipotify_command(*verb), env=environment_of(settings), stdin=subprocess.DEVNULL)
            if done.returncode:
                raise ZipotifyError(f"`zipotify {' '.join(verb)}` ended with code {done.returncode}", "see above")
    return "the lake is tended" + ("; the stream waited and goes on" if was_running else "")


@contextmanager
def _stream_paused(settings: Settings) -> Iterator[bool]:
    """Whether there was a stream of ours to stop; it starts where it stopped."""
    client = Supervisor(settings.home)
    process = client.states().get(_STREAM)
    runs = process is not None and process.state in ALIVE
    if runs:
        client.stop_and_wait(_STREAM)
    try:
        yield runs
    finally:
        if runs:
            client.start_part(_STREAM)
