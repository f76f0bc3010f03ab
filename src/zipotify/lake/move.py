"""Copy the lake to another place, from which the home reads and writes it once `lake_url` says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from zipotify.errors import MissingInputError, UsageError, ZipotifyError
from zipotify.places import Folder, is_address, lake_at, open_store


def copy_lake(lake: Folder, destination: str) -> int:
    """Copy all files of the lake, whose holder the caller is, and compare; returns how many.

    Tables name their files by paths below them, so a copy is a lake. Raises MissingInputError without a lake,
    UsageError when something is at the destination, ZipotifyError when a file did not arrive.
    """
    target = lake_at(destination, Path()) if is_address(destination) else Path(destination).expanduser().absolute()
    if not lake.is_dir():
        raise MissingInputError(f"there is no lake at {lake}", "load or stream something first")
    if target.is_dir() and any(True for _ in target.iterdir()):
        raise UsageError(f"{target} is not empty", "name a place that holds nothing yet")
    return _copy(str(lake), str(target))


def _copy(source: str, target: str) -> int:
    from pyarrow import fs

    (from_system, from_path), (to_system, to_path) = _opened(source), _opened(target)
    sent = _sizes(from_system, from_path)
    if not is_address(target):
        for folder in {(Path(target) / name).parent for name in sent}:  # stores do not name theirs reliably
            folder.mkdir(parents=True, exist_ok=True)
    fs.copy_files(from_path, to_path, source_filesystem=from_system, destination_filesystem=to_system)
    arrived = _sizes(to_system, to_path)
    missing = sorted(sent.items() - arrived.items())
    if missing:
        raise ZipotifyError(f"{len(missing)} files did not arrive whole in {target}: {missing[0][0]} …", "copy again")
    return len(sent)


def _opened(place: str) -> tuple[Any, str]:
    from pyarrow import fs

    return open_store(place) if is_address(place) else (fs.LocalFileSystem(), place)


def _sizes(system: Any, path: str) -> dict[str, int]:
    """Size of every file by its path below."""
    from pyarrow import fs

    found = system.get_file_info(fs.FileSelector(path, recursive=True))
    return {info.path.removeprefix(f"{path}/"): info.size for info in found if info.type == fs.FileType.File}
