"""Recorded logs on disk: which files, which topic each belongs to, and their raw records."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO

from zipotify.contracts.decode import parse_json
from zipotify.contracts.dialect import OldDialect, is_old_dialect
from zipotify.contracts.fields import TOPICS
from zipotify.errors import MissingInputError, UsageError

_ENDINGS = (".json", ".jsonl", ".ndjson")
_LINES_TO_RECOGNISE = 200
LONGEST_LINE_BYTES = 64 * 2**20
MOST_EXPANSION = 200
"""Compressed logs expand some twenty times; what expands far more is made to fill memory and disk."""
SMALL_BYTES = 64 * 2**20
"""So much is read of any file, however well it compresses."""


@dataclass(frozen=True)
class RawRecord:
    """One raw record and the topic it belongs to."""

    topic: str
    value: bytes


def find_files(paths: list[Path]) -> list[Path]:
    """Files named or found in the named folders, sorted; raises MissingInputError when there is nothing to read."""
    found: list[Path] = []
    for path in paths:
        if not path.exists():
            raise MissingInputError(f"no such file or folder: {path}", "check the path")
        found += _event_files(path) if path.is_dir() else [path]
    if not found:
        names = ", ".join(str(path) for path in paths)
        raise MissingInputError(
            f"no event files in {names}", f"files must end in {', '.join(_ENDINGS)} (or .gz of these)"
        )
    return sorted(dict.fromkeys(found))


def _event_files(folder: Path) -> list[Path]:
    return [p for p in folder.rglob("*") if p.is_file() and p.name.removesuffix(".gz").endswith(_ENDINGS)]


def read_records(files: list[Path], topic: str | None = None) -> Iterator[RawRecord]:
    """Raw records of the files, in order, older-dialect files translated.

    Raises UsageError for an unclear topic before it hands out an iterator, so that nothing was begun by then.
    """
    if topic is not None and topic not in TOPICS:
        raise UsageError(f"unknown topic '{topic}'", f"topics: {', '.join(TOPICS)}")
    return _records([(file, topic or _topic_of(file)) for file in files])


def _records(plans: list[tuple[Path, str | None]]) -> Iterator[RawRecord]:
    old = OldDialect()
    for file, file_topic in plans:
        for line in _lines(file):
            if file_topic is not None:
                yield RawRecord(file_topic, line)
            else:
                yield from (RawRecord(t, v) for t, v in old.translate(line))


def _topic_of(file: Path) -> str | None:
    """Topic by the file's name; None for the older dialect, recognised by content."""
    named = next((topic for topic in TOPICS if file.name.startswith(topic)), None)
    if named is not None:
        return named
    if _has_old_dialect(file):
        return None
    raise UsageError(
        f"cannot tell which topic {file} holds",
        f"name it after its topic ({', '.join(TOPICS)}) or pass --topic",
    )


def most_bytes(file: Path) -> int:
    """So much is read of a file that may be packed; what expands to more looks like a bomb."""
    return max(SMALL_BYTES, file.stat().st_size * MOST_EXPANSION)


def _has_old_dialect(file: Path) -> bool:
    """Whether one of its first records is (a guest's may lack what tells the dialects apart), or it has none."""
    lines = list(islice(_lines(file), _LINES_TO_RECOGNISE))
    return not lines or any(is_old_dialect(parse_json(line)) for line in lines)


def _lines(file: Path) -> Iterator[bytes]:
    bound, read_bytes = most_bytes(file), 0
    try:
        with _open(file) as stream:
            while line := stream.readline(LONGEST_LINE_BYTES):
                read_bytes += len(line)
                if len(line) == LONGEST_LINE_BYTES:
                    raise UsageError(f"{file} has a line of {LONGEST_LINE_BYTES} bytes or more", "it is no event log")
                if read_bytes > bound:
                    raise UsageError(
                        f"{file} expands to more than {MOST_EXPANSION} times its size", "it looks like a gzip bomb"
                    )
                stripped = line.strip(b"\r\n")
                if stripped:
                    yield stripped
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise MissingInputError(f"{file} is no whole gzip file: {error}", "fetch or compress it again") from None


def _open(file: Path) -> IO[bytes]:
    return gzip.open(file, "rb") if file.name.endswith(".gz") else file.open("rb")  # type: ignore[return-value]
