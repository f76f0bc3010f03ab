"""The reference validator: raw bytes of one record -> a typed event, or the reason why not.

The static path uses it for every record; the stream for those that Spark's fast path does not plainly accept.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import orjson

from zipotify.contracts.fields import EXTRA, EventContract, EventField
from zipotify.contracts.reasons import Reason

EARLIEST_MS = 946_684_800_000
"""2000-01-01T00:00:00Z"""
MAX_USER_ID_CHARS = 128
MAX_DEPTH = 100
MAX_ABS_DOUBLE = 1e9
"""Larger durations or coordinates are no measurement."""
LOGGED_IN = "Logged In"

_STRING_OR_BRACKET = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[\]{}]', re.DOTALL)
_INT_RANGE = {"int": 2**31, "long": 2**63}

Event: TypeAlias = dict[str, Any]
"""A typed event by wire names; absent, null and empty fields are left out."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a record was refused; the message names the field and what was expected, never a personal value."""

    reason: Reason
    message: str


@dataclass(frozen=True, slots=True)
class Limits:
    """What a record may be: bytes, and milliseconds it may lie after the moment it was produced."""

    max_event_bytes: int = 2**20
    future_tolerance_ms: int = 24 * 3_600_000


def decode(contract: EventContract, raw: bytes, produced_at_ms: int, limits: Limits) -> Event | Refusal:
    """Decode one record of `contract.topic`; the first rule it breaks gives the refusal."""
    if len(raw) > limits.max_event_bytes:
        return Refusal(Reason.TOO_LARGE, f"{len(raw)} bytes, at most {limits.max_event_bytes} allowed")
    value = parse_json(raw)
    if isinstance(value, Refusal):
        return value
    if not isinstance(value, dict):
        return Refusal(Reason.WRONG_TYPE, f"an object is expected, not {_type_name(value)}")
    event = _typed_fields(contract, value)
    if isinstance(event, Refusal):
        return event
    return _check_meaning(event, produced_at_ms, limits) or event


def parse_json(raw: bytes) -> Any:
    """The JSON value, or a Refusal (BAD_ENCODING, TOO_DEEP, NOT_JSON)."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        return Refusal(Reason.BAD_ENCODING, f"byte {error.start} is not valid UTF-8")
    if _is_too_deep(text):
        return Refusal(Reason.TOO_DEEP, f"nested more than {MAX_DEPTH} levels deep")
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        return Refusal(Reason.NOT_JSON, str(error).split(": line")[0][:200])


def _is_too_deep(text: str) -> bool:
    """Whether more than MAX_DEPTH brackets are open somewhere; those inside strings do not count."""
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return False
    depth = 0
    for token in _STRING_OR_BRACKET.finditer(text):
        if token[0] in ("[", "{"):
            depth += 1
            if depth > MAX_DEPTH:
                return True
        elif token[0] in ("]", "}"):
            depth -= 1
    return False


def _typed_fields(contract: EventContract, value: Mapping[str, Any]) -> Event | Refusal:
    event: Event = {}
    for field in contract.fields:
        given = value.get(field.name)
        if given is None or given == "":
            if field.required:
                return Refusal(Reason.MISSING_FIELD, f"'{field.name}' is missing")
            continue
        typed = _typed(field, given)
        if isinstance(typed, Refusal):
            return typed
        event[field.name] = typed
    extra = unknown_fields(contract, value)
    return event | {EXTRA: extra} if extra else event


def unknown_fields(contract: EventContract, value: Mapping[str, Any]) -> str | None:
    """Fields that the contract does not know, as a JSON object of texts by name; None when there are none."""
    unknown = {
        name: given if isinstance(given, str) else orjson.dumps(given).decode()
        for name, given in value.items()
        if name not in contract.names and given is not None and given != ""
    }
    return orjson.dumps(unknown, option=orjson.OPT_SORT_KEYS).decode() if unknown else None


def _typed(field: EventField, given: Any) -> Any:
    is_number = isinstance(given, int | float) and not isinstance(given, bool)
    match field.kind:
        case "string" if isinstance(given, str):
            return given
        case "bool" if isinstance(given, bool):
            return given
        case "int" | "long" if isinstance(given, int) and is_number:
            bound = _INT_RANGE[field.kind]
            return given if -bound <= given < bound else _wrong(field, "a number out of range")
        case "double" if is_number:
            return float(given) if _is_sane(given) else _wrong(field, "a number out of range")
        case "number" if is_number:
            return int(given) if _is_sane(given / 1e6) else _wrong(field, "a number out of range")
        case "id" if isinstance(given, str) or (isinstance(given, int) and is_number):
            text = str(given)
            too_long = len(text) > MAX_USER_ID_CHARS
            return _wrong(field, f"longer than {MAX_USER_ID_CHARS} characters") if too_long else text
    return _wrong(field, _type_name(given))


def _is_sane(number: float) -> bool:
    return math.isfinite(number) and abs(number) < MAX_ABS_DOUBLE


def _wrong(field: EventField, found: str) -> Refusal:
    return Refusal(Reason.WRONG_TYPE, f"'{field.name}' must be of type {field.kind}, not {found}")


def _type_name(value: Any) -> str:
    names = {bool: "bool", int: "integer", float: "number", str: "string", list: "array", dict: "object"}
    return names.get(type(value), "null")


def _check_meaning(event: Event, produced_at_ms: int, limits: Limits) -> Refusal | None:
    if event.get("auth") == LOGGED_IN and "userId" not in event:
        return Refusal(Reason.MISSING_USER, "'auth' is 'Logged In' and 'userId' is missing")
    latest_ms = produced_at_ms + limits.future_tolerance_ms
    if not EARLIEST_MS <= event["ts"] <= latest_ms:
        return Refusal(Reason.TIME_OUT_OF_RANGE, f"'ts' {event['ts']} is not between {EARLIEST_MS} and {latest_ms}")
    return None
