"""`zipotify doctor`: is everything there that running needs? Looks, changes nothing, shows no secrets."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from zipotify.errors import ZipotifyError
from zipotify.ops.supervisor import Supervisor
from zipotify.runtime.jars import JarSet, jar_paths
from zipotify.runtime.java import java_home, java_version
from zipotify.runtime.ports import is_free
from zipotify.settings import Settings, cache_folder

_GIB = 2**30
_NEEDED_DISK_GIB = 5
_NEEDED_MEMORY_GIB = 6
_OLDEST, _NEWEST = (3, 11), (3, 13)


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    name: str
    good: bool
    detail: str
    to_do: str = ""
    needed: bool = True
    """What is not needed may be wrong without anything failing."""

    def as_line(self) -> str:
        """For people."""
        mark = "✓" if self.good else ("✗" if self.needed else "!")
        advice = "" if self.good or not self.to_do else f"\n    -> {self.to_do}"
        return f"{mark} {self.name}: {self.detail}{advice}"

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return vars(self)


def examine(settings: Settings) -> list[Finding]:
    """All findings, needed things first."""
    return [
        _python(),
        _packages(),
        _or_problem("JDK", _java),
        _or_problem("Kafka's jars", lambda: _jars("kafka")),
        _or_problem("Spark's jars", lambda: _jars("spark")),
        _home(settings.home.root),
        _disk(settings.home.root),
        _memory(),
        _or_problem("broker", lambda: _broker(settings)),
        _port("Kafka's port", settings.kafka_port, settings.home.broker_address() is not None),
        _port("dashboard's port", settings.dashboard_port, Supervisor(settings.home).answers()),
        _supervisor(settings),
    ]


def _python() -> Finding:
    version = ".".join(str(number) for number in sys.version_info[:3])
    good = _OLDEST <= sys.version_info[:2] <= _NEWEST
    return Finding("Python", good, f"{version} at {sys.executable}", "use Python 3.11, 3.12 or 3.13")


def _packages() -> Finding:
    """Versions of what this project asks for, as far as they are pinned exactly."""
    wrong = []
    for requirement in importlib.metadata.requires("zipotify") or []:
        name, _, version = requirement.partition(";")[0].partition("==")
        name = name.partition("[")[0].strip()
        if not version or not name:
            continue
        try:
            found = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found = "missing"
        if found != version.strip():
            wrong.append(f"{name} is {found}, not {version.strip()}")
    return Finding("packages", not wrong, "; ".join(wrong) or "as pinned", "run `make setup`")


def _java() -> Finding:
    home = java_home()
    return Finding("JDK", True, f"{java_version(home)} at {home}")


def _jars(set_name: JarSet) -> Finding:
    count = len(jar_paths(set_name))
    return Finding(f"{set_name.capitalize()}'s jars", True, f"{count}, checksums right, in {cache_folder() / 'jars'}")


def _home(root: Path) -> Finding:
    nearest = next(folder for folder in [root, *root.parents] if folder.exists())
    good = nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK)
    detail = str(root) if nearest == root else f"{root} (not there yet)"
    return Finding("home", good, detail, f"{nearest} must be a folder that you may write to, or use another --home")


def _disk(root: Path) -> Finding:
    nearest = next(folder for folder in [root, *root.parents] if folder.exists())
    free_gib = shutil.disk_usage(nearest).free / _GIB
    return Finding(
        "disk", free_gib >= _NEEDED_DISK_GIB, f"{free_gib:.0f} GiB free", f"have {_NEEDED_DISK_GIB} GiB for the demo"
    )


def _memory() -> Finding:
    free_gib = psutil.virtual_memory().available / _GIB
    to_do = f"the demo takes up to {_NEEDED_MEMORY_GIB} GiB: close other programs"
    return Finding("memory", free_gib >= _NEEDED_MEMORY_GIB, f"{free_gib:.1f} GiB available", to_do, needed=False)


def _broker(settings: Settings) -> Finding:
    """It should answer when it is somebody else's, or when ours has written its address down."""
    from zipotify.contracts.wire import require_broker

    if settings.bootstrap_servers is None and settings.home.broker_address() is None:
        return Finding("broker", True, "does not run; `zipotify up` or `zipotify broker` starts it")
    return Finding("broker", True, f"answers at {require_broker(settings)}")


def _port(name: str, port: int, ours: bool) -> Finding:
    free = is_free(port)
    detail = f"{port} is " + ("in use by this home" if ours and not free else "free" if free else "in use")
    return Finding(name, free or ours, detail, "`zipotify up` takes the next free one", needed=False)


def _supervisor(settings: Settings) -> Finding:
    states = Supervisor(settings.home).states() if settings.home.root.exists() else {}
    if not states:
        return Finding("supervisor", True, "does not run")
    wrong = [f"{name} is {process.state}" for name, process in states.items() if process.state in ("FATAL", "BACKOFF")]
    detail = "; ".join(wrong) or f"{len(states)} parts"
    return Finding("supervisor", not wrong, detail, f"see the logs in {settings.home.logs}")


def _or_problem(name: str, look: Callable[[], Finding]) -> Finding:
    try:
        return look()
    except ZipotifyError as error:
        return Finding(name, False, error.what, error.to_do)
