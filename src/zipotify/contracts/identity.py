"""Who is who: event ids, user keys, session keys and content hashes.

The stream computes the same values with Spark's own functions (`zipotify.stream.parse`); a test holds them equal.
"""

from __future__ import annotations

import hashlib
import hmac
import math
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from zipotify.contracts.fields import EventContract
from zipotify.errors import UsageError

SEPARATOR = "|"
CONTENT_SEPARATOR = "\x1f"
CONTENT_NULL = "\x00"
CONTENT_SCALE = 1_000_000
"""Doubles enter the content hash as floor(value * scale), which every engine computes alike."""

SIMULATED_SOURCE = "sim"
RECORDED_SOURCE = "recorded"
EXTERNAL_SOURCE = "external"
"""Source of events that carry no `source` header."""
_SOURCE_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,62}")


def checked_source(name: str) -> str:
    """The name itself when it may name a source; raises UsageError otherwise."""
    if not _SOURCE_NAME.fullmatch(name):
        raise UsageError(
            f"'{name}' cannot name a source",
            "use 1 to 63 lower-case letters, digits, '_', '-' or '.', starting with a letter or digit",
        )
    return name


def event_id(source: str, topic: str, session_id: int, item_in_session: int, ts_ms: int) -> str:
    """SHA-256 (hex) of the five values joined by '|'; the user is no part of it."""
    text = SEPARATOR.join((source, topic, str(session_id), str(item_in_session), str(ts_ms)))
    return hashlib.sha256(text.encode()).hexdigest()


def user_keyer(secret: bytes) -> Callable[[str, str], str]:
    """A function (source, user_id) -> HMAC-SHA-256 (hex) under the home's secret, remembering recent users."""

    @lru_cache(maxsize=200_000)
    def key(source: str, user_id: str) -> str:
        return hmac.new(secret, f"{source}{SEPARATOR}{user_id}".encode(), hashlib.sha256).hexdigest()

    return key


def content_hash(contract: EventContract, event: Mapping[str, Any], user_key: str | None) -> str:
    """MD5 (hex) over the hashed fields and the user key: equal for equal content, whatever the JSON looked like.

    A text that is one zero character counts as missing, and one with U+001F in it as two: that such a record is counted
    as a repeat of its like and not refused as a conflict is accepted (decision 0001).
    """
    parts = [_content_text(event.get(field.name)) for field in contract.hashed_fields]
    text = CONTENT_SEPARATOR.join([*parts, user_key or CONTENT_NULL])
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _content_text(value: Any) -> str:
    if value is None:
        return CONTENT_NULL
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(math.floor(value * CONTENT_SCALE))
    return str(value)


def private_id(source: str, personal: Sequence[Any]) -> str:
    """SHA-256 (hex) over the source and the personal values, in the order of `tables.PRIVATE_FIELDS`."""
    text = CONTENT_SEPARATOR.join(_content_text(value) for value in (source, *personal))
    return hashlib.sha256(text.encode()).hexdigest()
