"""The audit log: one line of JSON an event, each with the hash of the line before, in a file that is only appended to.

A line that was changed or taken out breaks the chain, and `verify` says where. What was cut off at the end can only be
noticed by comparing with a hash kept elsewhere, so `verify` returns the last one.
"""

from __future__ import annotations

import getpass
import hashlib
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from filelock import FileLock

from zipotify.errors import ZipotifyError
from zipotify.home import Home

_START = "0" * 64
_LONGEST_TEXT_CHARS = 500
_TAIL_BYTES = 16 * 2**10


def operator() -> str:
    """Who uses the command line here, as the log names them."""
    return f"shell:{getpass.getuser()}"


class AuditLog:
    """The log of one home."""

    def __init__(self, home: Home) -> None:
        self.path: Path = home.audit_file
        self._lock = FileLock(str(self.path) + ".lock")

    def append(self, actor: str, action: str, **detail: Any) -> None:
        """Write one line; on disk before this returns."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        told = {name: _short(value) for name, value in detail.items()}
        at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        with self._lock:
            row = {"at": at, "actor": _short(actor), "action": action, **told, "previous": self._last_hash()}
            handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(orjson.dumps(row) + b"\n")
                file.flush()
                os.fsync(file.fileno())

    def _last_hash(self) -> str:
        if not self.path.exists() or not self.path.stat().st_size:
            return _START
        with self.path.open("rb") as file:
            file.seek(max(0, self.path.stat().st_size - _TAIL_BYTES))
            return _hash(file.read().rstrip(b"\n").rpartition(b"\n")[2])

    def rows(self) -> list[dict[str, Any]]:
        """All lines, oldest first."""
        return [orjson.loads(line) for line in self.path.read_bytes().splitlines()] if self.path.exists() else []

    def verify(self) -> tuple[int, str]:
        """Number of lines and the last one's hash; raises ZipotifyError where the chain is broken."""
        previous = _START
        lines = self.path.read_bytes().splitlines() if self.path.exists() else []
        for number, line in enumerate(lines, start=1):
            try:
                told = orjson.loads(line)["previous"]
            except (orjson.JSONDecodeError, KeyError, TypeError):
                told = ""
            if told != previous:
                raise ZipotifyError(
                    f"{self.path} was changed before line {number}", "compare it with a copy from a backup"
                )
            previous = _hash(line)
        return len(lines), previous


def _hash(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest()


def _short(value: Any) -> Any:
    """Lines stay short; JSON escapes whatever would break them."""
    return value[:_LONGEST_TEXT_CHARS] if isinstance(value, str) else value
