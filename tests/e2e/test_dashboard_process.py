"""The dashboard as a process: it answers on an empty home, and ends well when it is asked to."""

from __future__ import annotations

import signal
import subprocess
import urllib.request
from pathlib import Path

import pytest

from support.command import GENEROUS_S, command, environment, wait_until
from zipotify.runtime.ports import any_free

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_being_asked_to_stop_is_no_failure(tmp_path: Path, number: signal.Signals) -> None:
    port = any_free()
    process = subprocess.Popen(command(tmp_path / "home", "dashboard", "--port", str(port)), env=environment())

    def answers() -> bool:
        assert process.poll() is None
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}", timeout=30) as page:
                return bool(page.status == 200)
        except OSError:
            return False

    try:
        wait_until(answers, "the dashboard's first page")
    finally:
        process.send_signal(number)
    assert process.wait(GENEROUS_S) == 0
