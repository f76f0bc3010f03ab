"""Child processes that never outlive the one that started them, and what is handed to them."""

from __future__ import annotations

import ctypes
import json
import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from multiprocessing import resource_tracker
from multiprocessing.context import ForkContext, ForkServerContext
from pathlib import Path

from pydantic import SecretStr

from zipotify.settings import ENV_PREFIX, Settings

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)


def end_with_this_parent(sent: signal.Signals, parent: int | None = None) -> None:
    """Have the kernel send the signal to this process when its parent dies, however it dies (Linux only)."""
    known = os.getppid() if parent is None else parent
    if sys.platform == "linux":
        _LIBC.prctl(_PR_SET_PDEATHSIG, int(sent))
    if os.getppid() != known:
        os._exit(1)


def end_with_parent(sent: signal.Signals = signal.SIGKILL) -> Callable[[], None]:
    """The same as a `preexec_fn` for a child."""
    return partial(end_with_this_parent, sent, os.getpid())


def forking(module: str) -> ForkContext | ForkServerContext:
    """How to make processes that have imported the module.

    Where this one has imported it and has no threads, they are forks of it, and begin at once; threads don't survive a
    fork, so otherwise they are forks of a server, which imports the module first.
    """
    if module in sys.modules and _thread_count() == 1:
        resource_tracker.ensure_running()  # one for all, so that shared memory that one made is known to the others
        return multiprocessing.get_context("fork")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([module])
    return context


def without_math_threads() -> None:
    """Keep NumPy's linear algebra, before it is imported, from starting threads: for verbs that don't do any."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def _thread_count() -> int:
    """Threads of all kinds; where that can't be known, more than one."""
    tasks = Path("/proc/self/task")
    return len(list(tasks.iterdir())) if tasks.exists() else 2


def zipotify_command(verb: str, *arguments: str) -> list[str]:
    """The call of a verb with the Python that runs now."""
    return [sys.executable, "-m", "zipotify", verb, *arguments]


def environment_of(settings: Settings, **extra: str) -> dict[str, str]:
    """The environment that gives a child these settings, flags of ours included."""
    given = {
        f"{ENV_PREFIX}{name.upper()}": _plain(getattr(settings, name))
        for name in settings.model_fields_set
        if name != "home_path" and getattr(settings, name) is not None
    }
    return {**os.environ, **given, **extra, f"{ENV_PREFIX}HOME": str(settings.home.root)}


def stop_process(process: subprocess.Popen[bytes], limit_s: float) -> int:
    """Ask it to end, and make it end when the limit has passed; returns its exit code."""
    if process.poll() is None:
        process.terminate()
    try:
        return process.wait(limit_s)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def last_lines(log: Path, count: int = 15) -> str:
    """The end of a log file, for messages; empty when there is none."""
    if not log.exists():
        return ""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 64 * 1024))
        lines = file.read().decode(errors="replace").splitlines()
    return "\n".join(lines[-count:])


def _plain(value: object) -> str:
    """The value as an environment variable spells it: tables as JSON, which is how settings read them back."""
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return json.dumps(value) if isinstance(value, dict) else str(value)
