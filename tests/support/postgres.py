"""A real PostgreSQL server for tests: its own data folder, a Unix socket beside it, nothing on the network."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_INSTALLED = Path("/usr/lib/postgresql")


@contextmanager
def running_postgres() -> Iterator[str]:
    """SQLAlchemy address of a server that runs meanwhile; skips where PostgreSQL is not installed."""
    programs = sorted(_INSTALLED.glob("*/bin"))
    if not programs:
        pytest.skip("PostgreSQL is not installed: run `make system`")
    # Not below pytest's folder, which is closed to other accounts again whenever another run of tests begins.
    with tempfile.TemporaryDirectory(prefix="zipotify-postgres-") as folder:
        data = f"{folder}/data"
        account = _account(folder)
        _run(account, programs[-1] / "initdb", "-D", data, "-A", "trust", "-U", "zipotify", "-E", "UTF8", "--no-sync")
        options = f"-c listen_addresses='' -c unix_socket_directories='{folder}' -c fsync=off"
        _run(account, programs[-1] / "pg_ctl", "-D", data, "-w", "-l", f"{folder}/log", "-o", options, "start")
        try:
            yield f"postgresql+psycopg://zipotify@/postgres?host={folder}"
        finally:
            _run(account, programs[-1] / "pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")


def _account(folder: str) -> list[str]:
    """PostgreSQL does not run as root: then it runs as the account that its package made."""
    if os.getuid() != 0:
        return []
    shutil.chown(folder, "postgres")
    return ["runuser", "-u", "postgres", "--"]


def _run(account: list[str], *command: object) -> None:
    call = [*account, *(str(part) for part in command)]
    subprocess.run(call, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, cwd="/")
