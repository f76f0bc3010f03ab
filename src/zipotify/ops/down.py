"""`zipotify down`: stop a running `up` of one home from elsewhere."""

from __future__ import annotations

import json
import os
import signal
import time

from zipotify.errors import HomeInUseError, ZipotifyError
from zipotify.home import Home
from zipotify.ops.parts import PARTS
from zipotify.ops.supervisor import Supervisor, stop_limit_s
from zipotify.settings import Settings


def run_down(settings: Settings) -> str:
    """Stop it and wait; returns what to tell. Raises ZipotifyError when it does not end."""
    home = settings.home
    if not home.root.exists():
        return f"nothing runs: there is no home at {home.root}"
    client = Supervisor(home)
    running = _is_held(home)
    if running:
        os.kill(_holder(home), signal.SIGTERM)
    elif client.answers():
        client.shut_down()
    else:
        return f"nothing runs in {home.root}"
    deadline = time.monotonic() + stop_limit_s(PARTS)
    while _is_held(home) or client.answers():
        if time.monotonic() > deadline:
            raise ZipotifyError(f"the parts in {home.root} do not end", f"see the logs in {home.logs}")
        time.sleep(0.3)
    return f"stopped everything in {home.root}"


def _is_held(home: Home) -> bool:
    try:
        with home.lock("home"):
            return False
    except HomeInUseError:
        return True


def _holder(home: Home) -> int:
    return int(json.loads((home.run / "home.holder.json").read_text())["pid"])
