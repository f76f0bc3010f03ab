"""The maintenance job's backups: one more, and no more than are kept."""

from __future__ import annotations

import shutil
from pathlib import Path

from zipotify.ops.backup import LISTING, make_backup
from zipotify.places import is_address
from zipotify.settings import Settings


def keep_backups(settings: Settings, destination: str) -> str:
    """Make one, then remove the oldest beyond `backup_keep_count`; stores have rules of their own for that."""
    backup = make_backup(settings, destination)
    removed = 0 if is_address(destination) else _remove_old(Path(destination), settings.backup_keep_count)
    return f"{backup.name}: {len(backup.files)} files, {backup.produced_count} events; {removed} older ones removed"


def _remove_old(folder: Path, keep_count: int) -> int:
    """Only folders that are finished backups, named by their time."""
    finished = sorted(listing.parent for listing in folder.glob(f"*Z/{LISTING}"))
    old = finished[: max(0, len(finished) - keep_count)]
    for path in old:
        shutil.rmtree(path)
    return len(old)
