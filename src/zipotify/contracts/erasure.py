"""People who were erased: a list of keyed hashes, by which their events are recognised whichever way they come back.

The list names nobody. It has a hash of the person (source and user id) and one of each session that was theirs, since
events of a session may come without a user. Its key is the home's own and is never changed: a hash can't be renewed
once the name behind it is gone.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import orjson

from zipotify.contracts.decode import parse_json
from zipotify.contracts.identity import SEPARATOR
from zipotify.errors import ErasurePendingError
from zipotify.home import Home

USER, SESSION = "user", "session"
_KEY_FILE = "erasure.key"
_LIST_FILE = "erased.list"
_APPLIED_FILE = "erasure.applied"
_USER_ID = re.compile(rb'"userId"\s*:\s*(?:"((?:[^"\\]|\\.)*)"|(-?\d+))')
_SESSION_ID = re.compile(rb'"sessionId"\s*:\s*"?(-?\d+)')


@dataclass(frozen=True)
class ErasureList:
    """The hashes, and the key that made them."""

    key: bytes = field(repr=False)
    hashes: frozenset[str]

    def __bool__(self) -> bool:
        return bool(self.hashes)

    def hash_of(self, kind: str, source: str, identifier: object) -> str:
        """Keyed hash of a user or a session of a source."""
        return _keyed(self.key, SEPARATOR.join((kind, source, str(identifier))))

    def has(self, source: str, user_id: object | None, session_id: object | None = None) -> bool:
        """Whether the user, or the session, is of somebody who was erased."""
        named = ((USER, user_id), (SESSION, session_id))
        return any(v is not None and self.hash_of(kind, source, v) in self.hashes for kind, v in named)

    def owns(self, source: str, value: bytes) -> bool:
        """Whether a raw record, which need not be readable, names somebody who was erased."""
        return any(self.has(source, user, session) for user, session in named_in(value))


NOBODY = ErasureList(b"", frozenset())


def named_in(value: bytes) -> list[tuple[str | None, str | None]]:
    """(user id, session id) pairs that a raw record names, by its JSON or, where that is broken, by its text."""
    event = parse_json(value)
    if isinstance(event, dict):
        return [(_text(event.get("userId")), _text(event.get("sessionId")))]
    narrow = value.replace(b"\0", b"")  # UTF-16 of what matters here, with the zeros taken out
    users: list[tuple[str | None, str | None]] = [(_unescaped(*m.groups()), None) for m in _USER_ID.finditer(narrow)]
    return users + [(None, match[1].decode()) for match in _SESSION_ID.finditer(narrow)]


def _text(value: Any) -> str | None:
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else None


def _unescaped(text: bytes | None, digits: bytes | None) -> str:
    if text is None:
        return (digits or b"").decode()
    try:
        return str(orjson.loads(b'"' + text + b'"'))
    except orjson.JSONDecodeError:
        return text.decode("utf-8", "replace")


@lru_cache(maxsize=200_000)
def _keyed(key: bytes, text: str) -> str:
    return hmac.new(key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def read_list(home: Home) -> ErasureList:
    """The home's list; empty while nobody was erased."""
    path = home.privacy / _LIST_FILE
    if not path.exists():
        return NOBODY
    return ErasureList(home.secret(_KEY_FILE), frozenset(path.read_text().split()))


def hasher(home: Home) -> ErasureList:
    """The list with its key, which is made when there is none yet."""
    return ErasureList(home.secret(_KEY_FILE), read_list(home).hashes)


def add_to_list(home: Home, hashes: Iterable[str]) -> ErasureList:
    """Add hashes; what was on the list stays. On disk before this returns."""
    home.privacy.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = sorted(set(hashes) - read_list(home).hashes)
    with (home.privacy / _LIST_FILE).open("a") as file:
        file.writelines(f"{line}\n" for line in fresh)
        file.flush()
        os.fsync(file.fileno())
    return read_list(home)


def require_applied(home: Home) -> None:
    """Raise ErasurePendingError when the lake was not cleaned by the present list: it is an older copy."""
    if read_list(home) and home.lake.is_dir() and _applied(home) != _digest(home):
        raise ErasurePendingError(
            f"{home.lake} may hold people who were erased: it is older than the list of the erased",
            "run `zipotify privacy enforce`, which erases them again",
        )


def mark_applied(home: Home) -> None:
    """Note that the lake holds nobody of the present list; the caller has seen to it."""
    home.lake.mkdir(parents=True, exist_ok=True)
    (home.lake / _APPLIED_FILE).write_text(_digest(home) + "\n")


def copy_applied(home: Home, copy: Home) -> None:
    """Take along what the lake was cleaned by; a copy made during an erasure is refused until that is done again."""
    if _applied(home):
        (copy.lake / _APPLIED_FILE).write_text(_applied(home) + "\n")


def _applied(home: Home) -> str:
    path = home.lake / _APPLIED_FILE
    return path.read_text().strip() if path.exists() else ""


def _digest(home: Home) -> str:
    return hashlib.sha256("\n".join(sorted(read_list(home).hashes)).encode()).hexdigest()
