"""What is made once for a state of the code and kept in the cache folder: compiled loops, the built-in catalogue.

Each state of the code has its own place there, named by a hash, so that installations of several versions share a
cache without disturbing one another. Of those that nobody has used for the longest time, only a few are kept.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from zipotify.settings import cache_folder

_KEPT = 6


def kept_folder(kind: str, sources: Iterable[Path], further: str = "") -> Path | None:
    """The place in the cache for what follows from those files and that text; None where nothing can be written.

    When it is new, places of the same kind that weren't used lately are removed.
    """
    digest = hashlib.sha256(further.encode())
    for path in sorted(sources):
        digest.update(path.read_bytes())
    folder = cache_folder() / kind / digest.hexdigest()[:16]
    try:
        if folder.is_dir():
            os.utime(folder)
        else:
            folder.mkdir(parents=True, exist_ok=True)
            _prune(folder.parent)
    except OSError:
        return None
    return folder


def keep(path: Path, content: bytes) -> None:
    """Write the file at once, so that nobody reads half of it; where that can't be done, it is made anew each time."""
    waiting = path.with_name(f"{path.name}.{os.getpid()}")
    with suppress(OSError):
        waiting.write_bytes(content)
        waiting.replace(path)


def _prune(kind: Path) -> None:
    by_use = sorted((path for path in kind.iterdir() if path.is_dir()), key=lambda path: path.stat().st_mtime)
    for old in by_use[:-_KEPT]:
        shutil.rmtree(old, ignore_errors=True)
