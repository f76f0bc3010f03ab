"""A real PostgreSQL server for tests: its own data folder, a Unix socket beside it, nothing on the network."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_INSTALLED = Path("/usr/lib/postgresql")


@contextmanager
def running_postgres(folder: Path) -> Iterator[str]:
    """SQLAlchemy address of a server that runs meanwhile; skips where PostgreSQL is not installed."""
    programs = sorted(_INSTALLED.glob("*/bin"))
    if not programs:
        pytest.skip("PostgreSQL is not installed: run `make system`")
    data = folder / "data"
    account = _account(folder)
    _run(account, programs[-1] / "initdb", "-D", data, "-A", "trust", "-U", "zipotify", "-E", "UTF8", "--no-sync")
    options = f"-c listen_addresses='' -c unix_socket_directories='{folder}' -c fsync=off"
    _run(account, programs[-1] / "pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", options, "start")
    try:
        yield f"postgresql+psycopg://zipotify@/postgres?host={folder}"
    finally:
        _run(account, programs[-1] / "pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")


def _account(folder: Path) -> list[str]:
    """PostgreSQL does not run as root: then it runs as the account that its package made."""
    if os.getuid() != 0:
        return []
    shutil.chown(folder, "postgres")
    for parent in [folder, *folder.parents]:
        if parent.stat().st_uid == 0 and parent != Path("/") and parent.stat().st_mode & 0o001 == 0:
            parent.chmod(parent.stat().st_mode | 0o011)
    return ["runuser", "-u", "postgres", "--"]


def _run(account: list[str], *command: object) -> None:
    call = [*account, *(str(part) for part in command)]
    subprocess.run(call, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, cwd="/")
