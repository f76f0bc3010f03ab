"""Backups: a copy of a home that may be running, listed with hashes, verified by hash and by ledger, and put back.

A backup is a folder `<name>` with `home/` and `backup.json`, which is written last: a folder without it is no backup.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import orjson

from zipotify import __version__
from zipotify.errors import MissingInputError, UsageError, ZipotifyError
from zipotify.home import Home
from zipotify.ops.backup_copy import copy_home, copy_tree
from zipotify.ops.backup_remote import download, upload
from zipotify.ops.ledger import check
from zipotify.places import is_address
from zipotify.settings import Settings, load_settings

LISTING = "backup.json"
_HOME = "home"
_CHUNK_BYTES = 2**20


@dataclass(frozen=True)
class Backup:
    """What `backup.json` says."""

    name: str
    created_at: str
    zipotify_version: str
    lake_versions: dict[str, int]
    has_secrets: bool
    produced_count: int
    """Events that the ledger knows in it; it balanced when the backup was made."""
    files: dict[str, str]
    """SHA-256 (hex) by path below `home/`."""


def make_backup(settings: Settings, destination: str, with_secrets: bool = True) -> Backup:
    """Copy the home into a new folder of `destination` (a folder, s3:// or gs://), and verify the copy.

    Raises MissingInputError without a home; ZipotifyError when the copy does not balance or can't be read back.
    """
    if not settings.home.root.is_dir():
        raise MissingInputError(f"there is no home at {settings.home.root}", "name one with --home")
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%S}Z"
    with _local_folder(destination) as parent:
        folder = parent / name
        if folder.exists() or settings.home.root in (folder, *folder.parents):
            raise UsageError(f"{folder} is there already or lies inside the home", "choose another folder")
        backup = _make(settings, folder, with_secrets)
        if is_address(destination):
            upload(folder, f"{destination.rstrip('/')}/{name}")
    return backup


def _make(settings: Settings, folder: Path, with_secrets: bool) -> Backup:
    copy = Home(folder / _HOME)
    versions = copy_home(settings, copy, with_secrets)
    produced = _require_balance(copy)
    files = {str(path.relative_to(copy.root)): sha256_of(path) for path in _files(copy.root)}
    created = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    backup = Backup(folder.name, created, __version__, versions, with_secrets, produced, files)
    (folder / LISTING).write_bytes(orjson.dumps(asdict(backup), option=orjson.OPT_INDENT_2))
    verify(folder)
    return backup


def restore(source: str, home: Home) -> Backup:
    """Put a backup into a home that is not there yet; verified by hash before, and by ledger after.

    Raises UsageError when the home exists, MissingInputError when there is no backup, ZipotifyError when it is damaged.
    """
    if home.root.exists() and any(home.root.iterdir()):
        raise UsageError(f"{home.root} is not empty", "restore into a new --home, then move it")
    with _fetched(source) as folder:
        backup = verify(folder)
        unfinished = home.root.with_name(home.root.name + ".restoring")
        shutil.rmtree(unfinished, ignore_errors=True)
        copy_tree(folder / _HOME, unfinished)
        if _require_balance(Home(unfinished)) != backup.produced_count:
            raise ZipotifyError(f"{source} does not hold the events that it lists", "use another backup")
        if home.root.exists():
            home.root.rmdir()
        unfinished.rename(home.root)
    return backup


def verify(folder: Path) -> Backup:
    """Hold every file against its hash; raises MissingInputError, or ZipotifyError naming what is damaged."""
    try:
        backup = Backup(**orjson.loads((folder / LISTING).read_bytes()))
    except FileNotFoundError:
        raise MissingInputError(f"{folder} holds no finished backup ({LISTING} is missing)", "name another") from None
    except (TypeError, ValueError):
        raise ZipotifyError(f"{folder / LISTING} is damaged", "use another backup") from None
    root = folder / _HOME
    there = {str(path.relative_to(root)) for path in _files(root)}
    wrong = [path for path, digest in backup.files.items() if path not in there or sha256_of(root / path) != digest]
    wrong += sorted(there - backup.files.keys())
    if wrong:
        raise ZipotifyError(f"{folder} is damaged: {', '.join(wrong[:5])} ({len(wrong)} files)", "use another backup")
    return backup


def _require_balance(copy: Home) -> int:
    """Events produced, by a ledger that balances; it writes its counts down, so it works on a stand-in of the copy."""
    with tempfile.TemporaryDirectory(prefix="zipotify-ledger-") as folder:
        stand_in = Home(Path(folder) / _HOME)
        stand_in.root.mkdir()
        for name in ("lake", "checkpoints", "outbox"):
            if (copy.root / name).exists():
                (stand_in.root / name).symlink_to(copy.root / name)
        if copy.serving_file.exists():
            shutil.copy2(copy.serving_file, stand_in.serving_file)
        # The copy holds its lake itself, wherever the home's lake is.
        report = check(load_settings(stand_in.root).model_copy(update={"lake_url": None}))
    if not report.balanced:
        raise ZipotifyError(f"the copy at {copy.root} does not balance", f"see `zipotify ledger --home {copy.root}`")
    return report.total("produced")


def sha256_of(path: Path) -> str:
    """Hex digest of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def _files(root: Path) -> Iterator[Path]:
    return (path for path in sorted(root.rglob("*")) if path.is_file())


@contextmanager
def _local_folder(destination: str) -> Iterator[Path]:
    """Where the copy is made: the destination itself, or a folder that goes once it is uploaded."""
    if not is_address(destination):
        yield Path(destination).expanduser().absolute()
        return
    with tempfile.TemporaryDirectory(prefix="zipotify-backup-") as folder:
        yield Path(folder)


@contextmanager
def _fetched(source: str) -> Iterator[Path]:
    if not is_address(source):
        yield Path(source).expanduser().absolute()
        return
    with tempfile.TemporaryDirectory(prefix="zipotify-restore-") as folder:
        download(source, Path(folder))
        yield Path(folder)
