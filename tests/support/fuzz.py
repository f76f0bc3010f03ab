"""Mutated records: real events of every topic and both dialects, bent in the ways that real producers bend them."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from odd_records import SOUND

from zipotify.contracts.dialect import OldDialect
from zipotify.contracts.fields import AUTH_EVENTS, EVENTS, LISTEN_EVENTS, PAGE_VIEW_EVENTS, STATUS_CHANGE_EVENTS
from zipotify.contracts.files import RawRecord

_ALL = {**SOUND, "page": "NextSong", "method": "PUT", "status": 200, "success": True, "tag": "B", "track_id": "ZT1"}
_OLD = {
    **{name: SOUND[name] for name in SOUND if name not in ("city", "state", "zip", "lat", "lon", "duration")},
    **{"page": "NextSong", "method": "PUT", "status": 200, "length": 198.6, "location": "Wichita, KS"},
}
_ODD: list[Any] = [
    *(
        None,
        "",
        " ",
        "x",
        "null",
        "NaN",
        "Infinity",
        "0",
        "-1",
        "1e5",
        "true",
        "é",
        "\U0001f600",
        "\u2028",
        "\0",
        '"',
        "\\",
    ),
    *(0, -1, 1, 2**31 - 1, 2**31, 2**53 + 1, 2**63 - 1, 2**63, -(2**63), 10**30, 0.0, -0.0, 0.5, 1e-320, 1e9, 1e308),
    *(True, False, [], {}, [1, [2]], {"a": {"b": None}}, "x" * 5000, "[{" * 200, "a\nb\tc", "1" * 130),
    *(946_684_799_999, 946_684_800_000, 4_102_444_800_000, "46", 46.0, 46.5),
]
Mutation = Callable[[random.Random, dict[str, Any]], bytes]


def _dump(event: dict[str, Any]) -> bytes:
    return json.dumps(event, ensure_ascii=False).encode("utf-8", "surrogatepass")


def _sound(_draw: random.Random, event: dict[str, Any]) -> bytes:
    return _dump(event)


def _drop(draw: random.Random, event: dict[str, Any]) -> bytes:
    return _dump({name: event[name] for name in event if name != draw.choice(list(event))})


def _odd_value(draw: random.Random, event: dict[str, Any]) -> bytes:
    changed = {draw.choice(list(event)): draw.choice(_ODD) for _ in range(draw.randint(1, 3))}
    return _dump({**event, **changed})


def _unknown(draw: random.Random, event: dict[str, Any]) -> bytes:
    names = [draw.choice(["mood", "x y", "é", "ts ", "TS", "userid", "", "a:b", "duration_s"]) for _ in range(2)]
    return _dump({**event, **{name: draw.choice(_ODD) for name in names}})


def _twice(draw: random.Random, event: dict[str, Any]) -> bytes:
    name = draw.choice(list(event))
    return _dump(event)[:-1] + b", " + json.dumps(name).encode() + b": " + _dump_value(draw) + b"}"


def _dump_value(draw: random.Random) -> bytes:
    return json.dumps(draw.choice(_ODD)).encode()


def _escaped(_draw: random.Random, event: dict[str, Any]) -> bytes:
    return json.dumps({**event, "song": 'Ça \u2028 \U0001f600 \\ " / \x7f'}).encode()


def _cut(draw: random.Random, event: dict[str, Any]) -> bytes:
    whole = _dump(event)
    return whole[: draw.randrange(len(whole))]


def _byte(draw: random.Random, event: dict[str, Any]) -> bytes:
    whole = bytearray(_dump(event))
    for _ in range(draw.randint(1, 4)):
        whole[draw.randrange(len(whole))] = draw.randrange(256)
    return bytes(whole)


def _insert(draw: random.Random, event: dict[str, Any]) -> bytes:
    whole = _dump(event)
    at = draw.randrange(len(whole))
    return (
        whole[:at]
        + draw.choice([b"\x00", b"\xff", b'"', b"{", b"}", b",", b"\\", b"\\u0041", b" ", b"/**/"])
        + whole[at:]
    )


def _joined(draw: random.Random, event: dict[str, Any]) -> bytes:
    return draw.choice([b"", b"\n", b",", b" "]).join([_dump(event), _dump(event)])


def _spaced(draw: random.Random, event: dict[str, Any]) -> bytes:
    return json.dumps(event, indent=draw.choice([1, 4]), separators=(" ,", " : ")).encode() + b"\n "


def _utf16(_draw: random.Random, event: dict[str, Any]) -> bytes:
    return json.dumps(event).encode("utf-16")


MUTATIONS: tuple[Mutation, ...] = (
    *(_sound, _drop, _odd_value, _odd_value, _odd_value, _unknown, _twice, _escaped, _cut, _byte, _byte, _insert),
    *(_joined, _spaced, _utf16),
)


def mutated(count: int, seed: int = 1) -> list[RawRecord]:
    """So many records, most of them bent; one seed gives the same ones."""
    draw = random.Random(seed)
    records: list[RawRecord] = []
    while len(records) < count:
        session = {"sessionId": draw.randrange(400), "itemInSession": draw.randrange(10)}
        if draw.random() < 0.25:
            records += _of_old_dialect(draw.choice(MUTATIONS)(draw, {**_OLD, **session}))
            continue
        topic = draw.choice([LISTEN_EVENTS, LISTEN_EVENTS, PAGE_VIEW_EVENTS, AUTH_EVENTS, STATUS_CHANGE_EVENTS])
        event = {field.name: _ALL[field.name] for field in EVENTS[topic].fields if field.name in _ALL} | session
        records.append(RawRecord(topic, draw.choice(MUTATIONS)(draw, event)))
    return records[:count]


def _of_old_dialect(line: bytes) -> list[RawRecord]:
    return [RawRecord(topic, value) for topic, value in OldDialect().translate(line)]


EDITS = st.lists(
    st.tuples(st.floats(0, 1, exclude_max=True), st.binary(min_size=1, max_size=8), st.sampled_from("rwid")),
    max_size=4,
)
"""Where (as a share of the file), with what, and how: replace, write zeros, insert, delete."""


def bent(whole: bytes, edits: list[tuple[float, bytes, str]], kept: float) -> bytes:
    """The file with some bytes changed, and cut off behind a share of it."""
    content = bytearray(whole)
    for share, piece, how in edits:
        at = int(share * len(content))
        if how == "i":
            content[at:at] = piece
        else:
            content[at : at + len(piece)] = {"r": piece, "w": bytes(len(piece)), "d": b""}[how]
    return bytes(content[: int(kept * len(content)) + 1])
