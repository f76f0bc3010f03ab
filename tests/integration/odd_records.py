"""A zoo of odd records: each is a way in which a real producer, or a bad day, bends an event."""

from __future__ import annotations

import json
from typing import Any

SOUND: dict[str, Any] = {
    "artist": "Sol Ábaco",
    "song": "Ninety Rivers",
    "duration": 198.63464,
    "ts": 1704067238000,
    "sessionId": 1591,
    "auth": "Logged In",
    "level": "free",
    "itemInSession": 0,
    "city": "Wichita",
    "zip": "67207",
    "state": "KS",
    "userAgent": '"Mozilla/5.0 (iPhone; CPU iPhone OS 7_1 like Mac OS X)"',
    "lon": -97.227205,
    "lat": 37.665576,
    "userId": 46,
    "lastName": "Snow",
    "firstName": "Adrian",
    "gender": "M",
    "registration": 1682555433000,
}
_ABSENT = object()


def bent(**changes: Any) -> bytes:
    """The sound event with fields changed or left out."""
    return json.dumps({k: v for k, v in {**SOUND, **changes}.items() if v is not _ABSENT}).encode()


def odd_records() -> list[bytes]:
    """Listen events, most of them bent; some are sound after all."""
    sound = json.dumps(SOUND).encode()
    return [
        *(bent(), bent(artist="a } b"), bent(song="\U0001f600"), bent(foo=[1, 2, {"x": 1}]), bent(played_ms=1234)),
        *(bent(artist=5), bent(artist={"a": 1}), bent(artist=True), bent(artist=["a"]), bent(song=""), bent(song=None)),
        *(bent(ts="x"), bent(ts=1.5), bent(ts=3e12), bent(ts=0), bent(ts=4_102_444_800_000), bent(ts=_ABSENT)),
        *(bent(ts=True), bent(sessionId=_ABSENT), bent(sessionId="7"), bent(sessionId=2**63), bent(sessionId=-1)),
        *(bent(userId=""), bent(userId=None), bent(userId=_ABSENT), bent(auth="Guest", userId=_ABSENT)),
        *(bent(userId=7.0), bent(userId="7.0"), bent(userId=10**20), bent(userId="1" * 25), bent(userId=-5)),
        *(bent(userId="-5"), bent(userId="é" * 128), bent(userId="é" * 129), bent(userId={"id": 1}), bent(userId=True)),
        *(bent(duration=1e400), bent(duration="5"), bent(duration="NaN"), bent(duration=-0.0), bent(duration=1e10)),
        *(bent(duration=None), bent(duration=180), bent(lat=""), bent(lat=None), bent(registration=1.54e12)),
        *(
            bent(itemInSession=3 * 10**9),
            bent(itemInSession="0"),
            bent(registration="soon"),
            bent(level="x" * 2_000_000),
        ),
        *(b"", b"nope", b"[]", b"5", b"null", b'"text"', b'{"a":1}{"b":2}', sound + b" x", sound * 2, sound[:-1]),
        *(b"\xff\xfe{}", b'{"artist": "\xc3\x28"}', b"\xef\xbb\xbf" + sound, b" " + sound + b"\n", sound + b"}"),
        *(b"[" * 200 + b"]" * 200, b'{"a":' * 150 + b"1" + b"}" * 150, b"{" * 100_000),
        *(sound[:-1] + b', "x": ' + b"[" * n + b"]" * n + b"}" for n in (99, 100, 1500)),
        sound[:-1] + b', "x": ' + b"[[]," * 100 + b"1" + b"]" * 100 + b"}",
        bent(artist="[{" * 60),
        sound[:-1] + b', "artist": 5}',
        sound[:-1] + b', "ts": "x"}',
        sound.replace(b'"artist"', b'"\\u0061rtist"'),
        sound.replace(b'"artist": "', b'"artist": "\\ud800'),
        sound.replace(b'"artist": "', b'"artist": "\x00'),
        sound.replace(b'"artist": "', b'"artist": "\\u0000'),
        sound.replace(b'"level"', b"'level'"),
        sound.replace(b"1591", b"01591"),
        sound.replace(b"1591", b"NaN"),
        sound.replace(b"{", b"{/* note */"),
    ]
