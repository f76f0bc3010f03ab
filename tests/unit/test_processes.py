"""Children: what they are handed, that they end with their parent, and how they are stopped."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from support.command import wait_until
from zipotify.runtime.processes import (
    environment_of,
    last_lines,
    stop_process,
    zipotify_command,
)
from zipotify.settings import load_settings


def test_a_child_has_the_same_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Flags, secrets and changed copies included; read back as the child reads them."""
    given = {"kafka_port": 7777, "bootstrap_servers": "a:1,b:2", "serving_url": "sqlite:///x"}
    given |= {"k_anonymity": 3, "retention_days": {"quarantine": 30, "events": 365}}
    settings = load_settings(tmp_path / "home", **given).model_copy(update={"dashboard_port": 8888})
    handed = environment_of(settings, EXTRA="1")
    for name, value in handed.items():
        monkeypatch.setenv(name, value)
    assert load_settings().model_dump() == settings.model_dump()
    assert handed["EXTRA"] == "1"


def test_defaults_are_not_handed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the child still sees the home's own file."""
    monkeypatch.delenv("ZIPOTIFY_KAFKA_PORT", raising=False)
    assert "ZIPOTIFY_KAFKA_PORT" not in environment_of(load_settings(tmp_path))


def test_a_verb_runs_with_this_python() -> None:
    done = subprocess.run(zipotify_command("--version"), capture_output=True, text=True, check=True)
    assert done.stdout.startswith("zipotify 0.")


_PARENT = """\
import subprocess, sys
from zipotify.runtime.processes import end_with_parent
child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, preexec_fn=end_with_parent())
print(child.pid, flush=True)
sys.stdin.read()
"""


def test_a_child_ends_with_its_parent_however_that_dies() -> None:
    call = [sys.executable, "-c", _PARENT]
    with subprocess.Popen(call, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        assert child.is_running()
        parent.kill()
    wait_until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE, "the child to end")


def test_a_child_whose_parent_is_gone_already_does_not_start() -> None:
    """Its parent is then another one than it was told."""
    program = "import os, signal; from zipotify.runtime.processes import end_with_this_parent as end; "
    call = [sys.executable, "-c", program + "end(signal.SIGTERM, os.getpid()); print('it runs')"]
    done = subprocess.run(call, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")


_DEAF = "import signal, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); sys.stdin.read()"


_OBEDIENT = "print(1, flush=True); input()"


@pytest.mark.parametrize(("program", "code"), [(_OBEDIENT, -signal.SIGTERM), (_DEAF, -signal.SIGKILL)])
def test_stopping_asks_first_and_then_makes_it_end(program: str, code: int) -> None:
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"1\n"
        limit_s = 0.2 if program is _DEAF else 60.0
        assert stop_process(process, limit_s) == code
        assert stop_process(process, limit_s) == code


def test_the_end_of_a_log_is_shown_whatever_it_holds(tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert last_lines(log) == ""
    log.write_bytes(b"x" * 200_000 + b"\nbad \xff byte\n" + b"".join(b"%d\n" % n for n in range(20)))
    assert last_lines(log, 3) == "17\n18\n19"
    assert "bad \ufffd byte" in last_lines(log, 21)
    assert len(last_lines(log, 30)) <= 64 * 1024
