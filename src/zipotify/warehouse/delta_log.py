"""What was added to a Delta table between two versions, read from its log; or why that can't be told."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import unquote

import orjson

_CHANGES_MEANING = {"metaData", "protocol"}


class Folder(Protocol):
    """What is asked of a table's folder, wherever it lies."""

    @property
    def name(self) -> str:
        """The last part."""

    def __truediv__(self, name: str, /) -> Folder: ...

    def is_file(self) -> bool:
        """Whether it is a file."""

    def read_bytes(self) -> bytes:
        """The whole file."""


@dataclass(frozen=True)
class Place:
    """A version of a table, and a hash (hex) over its commit: a table that was put back goes on differently."""

    version: int
    digest: str


@dataclass(frozen=True)
class Unknown:
    """Why what changed can't be told; a build then starts from nothing."""

    reason: str


def place(table: Folder, version: int) -> Place:
    """The table's place at a version; without a digest when the log no longer has its commit."""
    commit = _commit(table, version)
    return Place(version, hashlib.sha256(commit.read_bytes()).hexdigest() if commit.is_file() else "")


def added_files(table: Folder, since: Place, version: int) -> list[Folder] | Unknown:
    """Files with rows that `since` did not have, up to `version`; Unknown when rows went, or the log is not whole."""
    name = table.name
    if version < since.version or not since.digest or place(table, since.version) != since:
        return Unknown(f"the history of {name} is not the one that was built from")
    added: list[Folder] = []
    for number in range(since.version + 1, version + 1):
        if not _commit(table, number).is_file():
            return Unknown(f"version {number} of {name} is gone from its log")
        for kind, action in _actions(_commit(table, number)):
            if kind in _CHANGES_MEANING:
                return Unknown(f"the columns or properties of {name} changed")
            if kind == "remove" and action.get("dataChange", True):
                return Unknown(f"rows were taken out of {name}")
            if kind == "add" and action.get("dataChange", True):
                added.append(table / unquote(action["path"]))
    if not all(file.is_file() for file in added):
        return Unknown(f"vacuum removed files of {name} that were not built yet")
    return added


def _commit(table: Folder, version: int) -> Folder:
    return table / "_delta_log" / f"{version:020}.json"


def _actions(commit: Folder) -> Iterator[tuple[str, dict[str, Any]]]:
    """(kind, content) of each action of a commit."""
    for line in commit.read_bytes().splitlines():
        yield from orjson.loads(line).items()
