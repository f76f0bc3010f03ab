"""Which moment a copy of a running home shows: data, and the micro-batch of a streaming query that they belong to.

Spark plans batch N in its checkpoint, then does it, then plans N+1. What is read while the newest plan stays N holds
all of the batches before N, and perhaps some of N: the same as after a crash. So a copied checkpoint ends with the
plan of N. The stream of a restored home does N again; what is there already is recognised by the batch's number.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from deltalake import DeltaTable

from zipotify.errors import ZipotifyError
from zipotify.places import Folder

_ATTEMPTS = 50
_PAUSE_S = 0.2

Seen = TypeVar("Seen")


def within_batch(checkpoint: Path, read: Callable[[], Seen]) -> tuple[Seen, int | None]:
    """What `read` returns and the batch it belongs to (None before the first); read again when a batch passed by."""
    for _ in range(_ATTEMPTS):
        before = newest_plan(checkpoint)
        seen = read()
        if newest_plan(checkpoint) == before:
            return seen, before
        time.sleep(_PAUSE_S)
    raise ZipotifyError(f"batches at {checkpoint} follow faster than can be read", "try again when the load is lower")


def newest_plan(checkpoint: Path) -> int | None:
    """Number of the newest batch that was planned."""
    numbers = [int(path.name) for path in (checkpoint / "offsets").glob("*") if path.name.isdigit()]
    return max(numbers, default=None)


def table_versions(lake: Folder) -> dict[str, int]:
    """Version of every Delta table, by its path below the lake."""
    return {path: DeltaTable(str(lake / path)).version() for path in _tables_below(lake)}


def _tables_below(folder: Folder, path: str = "") -> list[str]:
    """Paths of the folders that hold a Delta log; tables do not lie within tables."""
    if not folder.is_dir():
        return []
    if (folder / "_delta_log").is_dir():
        return [path]
    below = sorted(folder.iterdir(), key=lambda inner: inner.name)
    return [found for inner in below for found in _tables_below(inner, f"{path}/{inner.name}".lstrip("/"))]


def trim_checkpoint(checkpoint: Path, batch_id: int | None) -> None:
    """Make a copied checkpoint end with the plan of `batch_id`; without one, nothing had been planned."""
    last = -1 if batch_id is None else batch_id
    _remove_above(checkpoint / "offsets", last)
    _remove_above(checkpoint / "commits", last - 1)
    if batch_id is not None and newest_plan(checkpoint) != batch_id:
        raise ZipotifyError(f"{checkpoint} no longer holds the plan of batch {batch_id}", "make the backup again")


def _remove_above(folder: Path, last: int) -> None:
    """Batches are files named by number; `.N.crc` beside them are checksums."""
    for path in list(folder.glob("*")):
        number = path.name.removeprefix(".").partition(".")[0]
        if number.isdigit() and int(number) > last:
            path.unlink()
