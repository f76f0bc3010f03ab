"""Where everything of one home lies on disk, its secrets, and the lock that keeps writers apart."""

from __future__ import annotations

import json
import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import psutil
from filelock import FileLock, Timeout

from zipotify.errors import HomeFullError, HomeInUseError, MissingInputError
from zipotify.places import Folder, lake_at

# A process's start is reckoned from the clock, which may be set meanwhile; a process number is not reused so fast.
_CLOCK_SLACK_S = 60.0

Part = Literal["home", "lake", "warehouse", "broker", "analyses"]
Server = Literal["broker", "dashboard"]


@dataclass(frozen=True)
class Home:
    """Paths inside one home; nothing is created until it is needed."""

    root: Path
    lake_url: str | None = None

    @property
    def lake(self) -> Folder:
        """Delta tables: `events/<topic>`, `users_private`, `quarantine`, `repeats`, `removed`, `loads`, `catalog/*`."""
        return lake_at(self.lake_url, self.root / "lake")

    @property
    def checkpoints(self) -> Path:
        """Spark checkpoints, one folder a query."""
        return self.root / "checkpoints"

    @property
    def kafka(self) -> Path:
        """Data and properties of the embedded broker."""
        return self.root / "kafka"

    @property
    def warehouse_file(self) -> Path:
        """DuckDB file that builds write to; readers use the published snapshot."""
        return self.root / "warehouse" / "warehouse.duckdb"

    @property
    def published(self) -> Path:
        """Immutable snapshots; `current.json` names the newest one."""
        return self.root / "published"

    @property
    def serving_file(self) -> Path:
        """SQLite serving database."""
        return self.root / "serving.db"

    @property
    def logs(self) -> Path:
        """One log file a part."""
        return self.root / "logs"

    @property
    def run(self) -> Path:
        """Locks, sockets, addresses and state of what runs now."""
        return self.root / "run"

    @property
    def outbox(self) -> Path:
        """Records that a producer refused, waiting for whoever holds the lake."""
        return self.root / "outbox"

    @property
    def privacy(self) -> Path:
        """The list of erased people and the signed reports of erasures; backups must never put an older one back."""
        return self.root / "privacy"

    @property
    def access_file(self) -> Path:
        """Accounts, sessions and API tokens of the dashboard (SQLite, for the owner only)."""
        return self.root / "access.db"

    @property
    def audit_file(self) -> Path:
        """The audit log: what was done by whom; it only grows."""
        return self.root / "audit" / "audit.jsonl"

    @property
    def simulator_state(self) -> Path:
        """Checkpoint of the simulator's clock and seed."""
        return self.root / "simulator"

    def require(self) -> None:
        """Raise MissingInputError when there is no such home yet."""
        if not self.root.is_dir():
            raise MissingInputError(f"there is no home at {self.root}", "start one with `zipotify up`")

    def size_bytes(self) -> int:
        """What all its files take now; those that vanish meanwhile do not count."""
        total = 0
        for folder, _, names in os.walk(self.root):
            for name in names:
                with suppress(FileNotFoundError):
                    total += os.lstat(os.path.join(folder, name)).st_size  # noqa: PTH118 - many files, often
        return total

    def require_room(self, limit_bytes: int | None) -> None:
        """Raise HomeFullError when the home has reached its limit."""
        size = self.size_bytes() if limit_bytes is not None else 0
        if limit_bytes is not None and size >= limit_bytes:
            raise HomeFullError(
                f"{self.root} takes {size:,} bytes, and home_max_bytes allows {limit_bytes:,}",
                "raise home_max_bytes, or make room: `zipotify lake vacuum`, `zipotify privacy retain`, fewer backups",
            )

    def secret(self, name: str, size_bytes: int = 32) -> bytes:
        """Read the named secret, generating it on first use (readable by the owner only)."""
        path = self.root / "secrets" / name
        if not path.exists():
            _generate_secret(path, size_bytes)
        return bytes.fromhex(path.read_text().strip())

    def broker_address(self) -> str | None:
        """`host:port` of the embedded broker while it runs, as it wrote it down."""
        return self._address("broker")

    def dashboard_address(self) -> str | None:
        """`http://host:port` of the dashboard while it runs: its port is another one when its own was taken."""
        return self._address("dashboard")

    @contextmanager
    def address_written(self, server: Server, address: str, pid: int) -> Iterator[None]:
        """Write the server's address down while it can be used; the first of two that run keeps it."""
        if self._address(server) is not None:
            yield
            return
        path = self.run / f"{server}.json"
        self.run.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps({"address": address, "pid": pid, "started_s": psutil.Process(pid).create_time()}))
        fresh.replace(path)
        try:
            yield
        finally:
            path.unlink(missing_ok=True)

    def _address(self, server: Server) -> str | None:
        try:
            record = json.loads((self.run / f"{server}.json").read_text())
        except (FileNotFoundError, NotADirectoryError):
            return None
        return str(record["address"]) if _lives(record["pid"], record["started_s"]) else None

    @contextmanager
    def lock(self, part: Part) -> Iterator[None]:
        """Hold one part of the home for writing, or raise HomeInUseError saying who does."""
        self.run.mkdir(parents=True, exist_ok=True)
        holder = self.run / f"{part}.holder.json"
        try:
            with FileLock(self.run / f"{part}.lock", timeout=0):
                holder.write_text(json.dumps(_this_process()))
                yield
                holder.unlink(missing_ok=True)
        except Timeout:
            raise HomeInUseError(
                f"{self.root} is in use: its {part} is held by {_describe(holder)}",
                "wait for it, or end it (`zipotify down` ends `zipotify up`), or use another --home",
            ) from None


def _generate_secret(path: Path, size_bytes: int) -> None:
    """Whole or not at all, so that two processes that start at once have the same secret."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secrets.token_hex(size_bytes))
    with suppress(FileExistsError):
        path.hardlink_to(fresh)
    fresh.unlink()


def _lives(pid: int, started_s: float) -> bool:
    """Whether the process that wrote its number down still runs (a container's dead may stay as zombies)."""
    try:
        process = psutil.Process(pid)
        is_same = abs(process.create_time() - started_s) < _CLOCK_SLACK_S
        return bool(is_same and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _this_process() -> dict[str, object]:
    command = " ".join([Path(sys.argv[0]).name, *sys.argv[1:3]])
    return {"pid": os.getpid(), "command": command, "since": datetime.now(UTC).isoformat(timespec="seconds")}


def _describe(holder: Path) -> str:
    try:
        who = json.loads(holder.read_text())
        return f"`{who['command']}` (process {who['pid']}, since {who['since']})"
    except (OSError, ValueError, KeyError):
        return "another process"
