"""What the lake needs every night, by itself: retention, small files merged, old ones removed."""

from __future__ import annotations

import subprocess

from zipotify.errors import ZipotifyError
from zipotify.ops.pausing import let_finish, paused, require_rest
from zipotify.runtime.processes import environment_of, zipotify_command
from zipotify.settings import Settings

_VERBS = (("privacy", "retain"), ("lake", "compact"), ("lake", "vacuum"))
"""Retention first, so that what it removes is not merged; vacuum last, so that it takes what both left behind."""


def tend_lake(settings: Settings) -> str:
    """Run each verb while the stream waits.

    Raises ZipotifyError when one fails, for example since something else holds the lake.
    """
    with paused(settings, "stream") as stopped:
        let_finish(settings, stopped)
        require_rest(settings)
        for verb in _VERBS:
            done = subprocess.run(zipotify_command(*verb), env=environment_of(settings), stdin=subprocess.DEVNULL)
            if done.returncode:
                raise ZipotifyError(f"`zipotify {' '.join(verb)}` ended with code {done.returncode}", "see above")
    return "the lake is tended" + ("; the stream waited and goes on" if stopped else "")
