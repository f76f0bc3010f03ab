"""Traffic for a round of chaos whose truth is known: recorded files that are sent, or the live simulator.

The live simulator's events follow from its seed and the moment it began. So when it has stopped, and left its exact
checkpoint, everything that it ever sent can be made again, however often it was killed.
"""

from __future__ import annotations

import subprocess
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

from zipotify.catalog.playable import builtin_playable
from zipotify.contracts.fields import TOPICS
from zipotify.ops.chaos_parts import ChaosPart
from zipotify.runtime.processes import zipotify_command
from zipotify.settings import Settings
from zipotify.simulate import LiveOptions, Options, Songs
from zipotify.simulate.config import load_config
from zipotify.simulate.live import LiveRun

SOURCE = "chaos"
_LAUNCHED_A_USER = 200
"""Launch users per user with a past: they make live events, some each second."""


class Traffic(Protocol):
    """What a round sends."""

    @property
    def verb(self) -> tuple[str, ...]:
        """The verb that sends it, with its arguments."""

    def has_ended(self, sender: ChaosPart) -> bool:
        """Whether everything was sent; asks a sender to end that would not end by itself."""

    def write_truth(self) -> None:
        """Have `files` hold exactly what was sent."""


class Recorded:
    """Files are simulated first, then replayed at a rate."""

    def __init__(self, files: Path, users: int, seed: int, rate: int) -> None:
        self._files = files
        size = ("-n", str(users), "-f", "1", "-t", "0", "-r", str(seed))
        subprocess.run([*zipotify_command("simulate", *size), str(files)], check=True, capture_output=True)
        self.verb = ("replay", str(files), "--source", SOURCE, "--speed", str(rate))

    def has_ended(self, sender: ChaosPart) -> bool:
        """It ends by itself."""
        return sender.has_succeeded

    def write_truth(self) -> None:
        """The files are there."""


class Live:
    """A day of history, then live; the sender ends only when it is asked to, once it has left a checkpoint."""

    def __init__(self, files: Path, settings: Settings, users: int, seed: int, rate: int) -> None:
        self._files = files
        self._settings = settings
        self._options = Options(n_users=users, seed=seed, from_days=1.0)
        self._live = LiveOptions(SOURCE, users * _LAUNCHED_A_USER, rate)
        size = ("-n", str(users), "-f", "1", "-r", str(seed), "--launch-users", str(self._live.launch_users))
        pace = ("--history-rate", str(rate), "--source", SOURCE, "--catalog", "builtin", "-q")
        self.verb = ("simulate", "--continuous", *size, *pace)

    def has_ended(self, sender: ChaosPart) -> bool:
        """Whether it ended by itself after it was asked to."""
        state = self._settings.home.simulator_state / SOURCE / "state.npz"
        if not sender.has_succeeded and state.exists() and state.stat().st_mtime > sender.started_at_s:
            sender.stop()
        return sender.has_succeeded

    def write_truth(self) -> None:
        """Make it again from its seed and its beginning."""
        run = self.run()
        self._files.mkdir(parents=True)
        with ExitStack() as stack:
            files = {topic: stack.enter_context((self._files / f"{topic}.ndjson").open("wb")) for topic in TOPICS}
            for record in run.sent():
                files[record.topic].write(record.value + b"\n")

    def run(self) -> LiveRun:
        """The same run as the verb's, where its checkpoint left it."""
        config, name = load_config(None)
        songs = Songs(*builtin_playable().columns)
        return LiveRun(self._settings, config, name, songs, self._options, self._live)
