"""Ways to spoil one record, each with the reason that a reader must refuse it for."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from zipotify.contracts.reasons import Reason

_TS = re.compile(rb'"ts":(-?\d+)')
_SESSION = re.compile(rb'"sessionId":\d+,')
_CITY = re.compile(rb'"city":"')
_USER_ID = re.compile(rb'"userId":(\d+)')


@dataclass(frozen=True)
class Spoiler:
    """One way."""

    name: str
    reason: str
    spoil: Callable[[bytes], bytes]


def _truncated(value: bytes) -> bytes:
    return value[: len(value) * 2 // 3]


def _text_for_time(value: bytes) -> bytes:
    return _TS.sub(rb'"ts":"soon"', value, count=1)


def _no_session(value: bytes) -> bytes:
    return _SESSION.sub(b"", value, count=1)


def _latin_1(value: bytes) -> bytes:
    return _CITY.sub(b'"city":"\xe9', value, count=1)


def _at_the_epoch(value: bytes) -> bytes:
    return _TS.sub(rb'"ts":86400000', value, count=1)


SPOILERS = (
    Spoiler("truncated", Reason.NOT_JSON, _truncated),
    Spoiler("text for ts", Reason.WRONG_TYPE, _text_for_time),
    Spoiler("no sessionId", Reason.MISSING_FIELD, _no_session),
    Spoiler("not UTF-8", Reason.BAD_ENCODING, _latin_1),
    Spoiler("ts in 1970", Reason.TIME_OUT_OF_RANGE, _at_the_epoch),
)


def changed_copy(value: bytes) -> bytes:
    """The same event with other content."""
    return _CITY.sub(b'"city":"Not ', value, count=1)


def drifted(value: bytes) -> bytes:
    """As a newer client sends it: a field that nobody knows, and the user's id as a text."""
    return _USER_ID.sub(rb'"userId":"\1"', value[:-1], count=1) + b',"appVersion":"2.0.0"}'
