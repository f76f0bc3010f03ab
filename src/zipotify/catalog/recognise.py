"""Which kind of Million Song data a file is, by its content rather than its name."""

from __future__ import annotations

import gzip
import io
import lzma
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Literal

from zipotify.contracts.files import MOST_EXPANSION, most_bytes
from zipotify.errors import MissingInputError

Kind = Literal["hdf5", "sqlite", "listen counts", "unique tracks", "triplets"]
SEPARATOR = "<SEP>"
_HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"
_SQLITE_MAGIC = b"SQLite format 3\x00"
_TRIPLET = re.compile(r"[^\t]+\tSO[A-Z0-9]{16}\t\d+\s*$")
_LISTEN_COUNT = re.compile(r"TR[A-Z0-9]{16}\t[^\t]*\t[^\t]*\t[^\t]*\t\d+\s*$")
_HEAD_BYTES = 65_536


@dataclass
class Found:
    """Files by kind, and those of no known kind with what is wrong with them."""

    files: dict[Kind, list[Path]] = field(default_factory=dict)
    unknown: dict[Path, str] = field(default_factory=dict)


def find_sources(paths: list[Path]) -> Found:
    """All files named or found in named folders; raises MissingInputError when a path is not there."""
    found = Found()
    for path in paths:
        if not path.exists():
            raise MissingInputError(f"no such file or folder: {path}", "check the path")
        for file in sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]:
            if file.name.startswith("."):
                continue
            try:
                kind = kind_of(file)
            except OSError as error:
                found.unknown[file] = " ".join(str(error).split()) or type(error).__name__
                continue
            if kind is None:
                found.unknown[file] = "no Million Song data of a known kind"
            else:
                found.files.setdefault(kind, []).append(file)
    return found


def kind_of(file: Path) -> Kind | None:
    """The kind; None for anything else. A file named .h5 is one, however broken."""
    with file.open("rb") as raw:
        magic = raw.read(16)
    if magic.startswith(_HDF5_MAGIC) or file.suffix == ".h5":
        return "hdf5"
    if magic == _SQLITE_MAGIC or file.suffix == ".db":
        return "sqlite"
    with open_text(file) as stream:
        lines = stream.read(_HEAD_BYTES).decode("utf-8", "replace").splitlines()[:50]
    for pattern, kind in ((_TRIPLET, "triplets"), (_LISTEN_COUNT, "listen counts")):
        if any(pattern.match(line) for line in lines):
            return kind  # type: ignore[return-value]
    return "unique tracks" if any(line.count(SEPARATOR) == 3 for line in lines) else None


def open_text(file: Path) -> IO[bytes]:
    """The content as bytes: plain, gzip, or the first file of a zip archive; raises OSError when there is none.

    Reading raises OSError too, whatever is wrong with an archive, and when it expands as only a bomb does.
    """
    with file.open("rb") as raw:
        magic = raw.read(4)
    if magic[:2] == b"\x1f\x8b":
        return io.BufferedReader(_Expanded(gzip.GzipFile(file), file))
    if magic != b"PK\x03\x04":
        return file.open("rb")
    with _named_as_broken():
        archive = zipfile.ZipFile(file)
        names = [name for name in archive.namelist() if not name.endswith("/")]
        if not names:
            raise zipfile.BadZipFile("the archive is empty")
        return io.BufferedReader(_Expanded(archive.open(names[0]), file))


class _Expanded(io.RawIOBase):
    """What an archive expands to, up to a bound."""

    def __init__(self, inner: IO[bytes] | gzip.GzipFile, file: Path) -> None:
        super().__init__()
        self._inner, self._file = inner, file
        self._left = most_bytes(file)

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: Any) -> int:
        """As `io` asks for it."""
        with _named_as_broken():
            piece = self._inner.read(len(buffer))
        self._left -= len(piece)
        if self._left < 0:
            raise OSError(f"it expands to more than {MOST_EXPANSION} times its size: it looks like a bomb")
        buffer[: len(piece)] = piece
        return len(piece)

    def close(self) -> None:
        """And what it reads from."""
        self._inner.close()
        super().close()


@contextmanager
def _named_as_broken() -> Iterator[None]:
    """One error for all that archives can be broken by; RuntimeError is an encrypted one."""
    try:
        yield
    except (EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise OSError(str(error) or type(error).__name__) from None
