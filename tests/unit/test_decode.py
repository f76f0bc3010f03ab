"""The reference validator at its edges: each reason, each type's range, and what it must not refuse."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from odd_records import SOUND, bent, odd_records

from zipotify.contracts.decode import (
    EARLIEST_MS,
    MAX_ABS_DOUBLE,
    MAX_DEPTH,
    MAX_USER_ID_CHARS,
    Event,
    Limits,
    Refusal,
    decode,
    parse_json,
)
from zipotify.contracts.fields import AUTH_EVENTS, EVENTS, LISTEN_EVENTS, TOPICS, EventField
from zipotify.contracts.reasons import MEANING, Reason

NOW_MS = 1_800_000_000_000
LIMITS = Limits()
_ABSENT = object()


def judged(raw: bytes, topic: str = LISTEN_EVENTS, limits: Limits = LIMITS) -> Event | Refusal:
    return decode(EVENTS[topic], raw, NOW_MS, limits)


def reason(raw: bytes, topic: str = LISTEN_EVENTS) -> str | None:
    verdict = judged(raw, topic)
    return str(verdict.reason) if isinstance(verdict, Refusal) else None


def accepted(raw: bytes, topic: str = LISTEN_EVENTS) -> Event:
    verdict = judged(raw, topic)
    assert not isinstance(verdict, Refusal), verdict
    return verdict


def without(*names: str) -> bytes:
    return json.dumps({name: value for name, value in SOUND.items() if name not in names}).encode()


def spelled(field: str, text: str) -> bytes:
    """The sound event with one value spelled as it stands, JSON or not."""
    return json.dumps({**SOUND, field: "@@"}).replace('"@@"', text).encode()


def with_extra(text: bytes) -> bytes:
    """The sound event with an unknown field of that text."""
    return bent()[:-1] + b', "extra": ' + text + b"}"


def test_a_sound_event_keeps_every_value() -> None:
    assert accepted(bent()) == {**SOUND, "userId": "46"}


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"", "NOT_JSON"),
        (b"nope", "NOT_JSON"),
        (b'{"a": 1} {"b": 2}', "NOT_JSON"),
        (bent()[:-1], "NOT_JSON"),
        (b"\xef\xbb\xbf" + bent(), "NOT_JSON"),
        (bent().replace(b"Sol", b"S\x00l"), "NOT_JSON"),
        (bent().replace(b"Sol", b"\\ud800"), "NOT_JSON"),
        (spelled("duration", "NaN"), "NOT_JSON"),
        (spelled("duration", "Infinity"), "NOT_JSON"),
        (spelled("duration", "-Infinity"), "NOT_JSON"),
        (spelled("duration", "1e400"), "NOT_JSON"),
        (b"\xff\xfe{}", "BAD_ENCODING"),
        (b'{"artist": "\xc3\x28"}', "BAD_ENCODING"),
        (b"\xed\xa0\x80", "BAD_ENCODING"),
        (b"[]", "WRONG_TYPE"),
        (b"5", "WRONG_TYPE"),
        (b"null", "WRONG_TYPE"),
        (b'"text"', "WRONG_TYPE"),
        (bent(artist=["a"]), "WRONG_TYPE"),
        (bent(ts="1704067238000"), "WRONG_TYPE"),
        (bent(ts=1704067238000.0), "WRONG_TYPE"),
        (bent(ts=True), "WRONG_TYPE"),
        (without("ts"), "MISSING_FIELD"),
        (bent(song=""), "MISSING_FIELD"),
        (bent(sessionId=None), "MISSING_FIELD"),
        (without("userId"), "MISSING_USER"),
        (bent(userId=None), "MISSING_USER"),
        (bent(userId=""), "MISSING_USER"),
        (bent(ts=EARLIEST_MS - 1), "TIME_OUT_OF_RANGE"),
        (bent(ts=-1), "TIME_OUT_OF_RANGE"),
        (b"[" * 100_000 + b"]" * 100_000, "TOO_DEEP"),
        (b'{"a":' * 100_000, "TOO_DEEP"),
        (bent(song="x" * LIMITS.max_event_bytes), "TOO_LARGE"),
    ],
)
def test_each_fault_has_its_reason(raw: bytes, expected: str) -> None:
    assert reason(raw) == expected


def test_every_reason_says_what_it_means() -> None:
    assert set(MEANING) == set(Reason)
    assert all(str(member) == member.name and MEANING[member].endswith(".") for member in Reason)


@pytest.mark.parametrize("topic", TOPICS)
def test_each_required_field_is_required_and_no_other(topic: str) -> None:
    everything = {field.name: _sample(field) for field in EVENTS[topic].fields}
    assert reason(json.dumps(everything).encode(), topic) is None
    for field in EVENTS[topic].fields:
        for nothing in (_ABSENT, None, ""):
            bare = {name: value for name, value in everything.items() if name != field.name}
            changed = bare if nothing is _ABSENT else {**bare, field.name: nothing}
            found = judged(json.dumps(changed).encode(), topic)
            if field.required:
                assert found == Refusal(Reason.MISSING_FIELD, f"'{field.name}' is missing")
            elif field.name == "userId" and topic != AUTH_EVENTS:
                assert isinstance(found, Refusal)
                assert found.reason is Reason.MISSING_USER
            else:
                assert not isinstance(found, Refusal)
                assert field.name not in found


def _sample(field: EventField) -> Any:
    samples = {"int": 1, "long": 1704067238000, "double": 1.5, "number": 1.5, "bool": False, "id": 46}
    return "Logged In" if field.name == "auth" else samples.get(field.kind, "text")


@pytest.mark.parametrize(
    ("field", "text", "is_right"),
    [
        ("sessionId", str(2**63 - 1), True),
        ("sessionId", str(-(2**63)), True),
        ("sessionId", str(2**63), False),
        ("sessionId", str(2**64), False),
        ("sessionId", "1.0", False),
        ("itemInSession", str(2**31 - 1), True),
        ("itemInSession", str(2**31), False),
        ("itemInSession", str(-(2**31) - 1), False),
        ("duration", "999999999.9", True),
        ("duration", str(int(MAX_ABS_DOUBLE)), False),
        ("duration", "-1e9", False),
        ("duration", "1e308", False),
        ("duration", "5e-324", True),
        ("duration", "true", False),
        ("duration", '"5"', False),
        ("registration", "1.54e12", True),
        ("registration", "1e15", False),
        ("registration", str(2**63), False),
        ("userId", str(2**64 - 1), True),
        ("userId", str(2**64), False),
        ("userId", "-5", True),
        ("userId", "7.0", False),
        ("userId", "true", False),
        ("userId", "[7]", False),
    ],
)
def test_ranges_end_where_they_should(field: str, text: str, is_right: bool) -> None:
    assert reason(spelled(field, text)) == (None if is_right else "WRONG_TYPE")


def test_values_come_out_typed() -> None:
    event = accepted(bent(duration=180, registration=1.54e12, userId=46, lat=None, lon="", played_ms=5))
    assert (event["duration"], type(event["duration"])) == (180.0, float)
    assert (event["registration"], type(event["registration"])) == (1_540_000_000_000, int)
    assert (event["userId"], event["played_ms"]) == ("46", 5)
    assert "lat" not in event
    assert "lon" not in event


def test_a_user_id_counts_characters_not_bytes() -> None:
    longest = "\U0001f600" * MAX_USER_ID_CHARS
    assert accepted(bent(userId=longest))["userId"] == longest
    assert reason(bent(userId=longest + "a")) == "WRONG_TYPE"


def test_a_missing_user_is_allowed_unless_logged_in() -> None:
    for auth in ("Logged Out", "Guest", "Cancelled", "logged in"):
        assert "userId" not in accepted(bent(auth=auth, userId=None))


def test_an_auth_event_needs_no_user() -> None:
    fields = {field.name for field in EVENTS[AUTH_EVENTS].fields}
    failed = {name: value for name, value in SOUND.items() if name in fields - {"userId"}} | {"success": False}
    assert accepted(json.dumps(failed).encode(), AUTH_EVENTS)["success"] is False


def test_time_may_lie_exactly_on_the_bounds() -> None:
    latest = NOW_MS + LIMITS.future_tolerance_ms
    assert reason(bent(ts=EARLIEST_MS)) is None
    assert reason(bent(ts=latest)) is None
    assert reason(bent(ts=latest + 1)) == "TIME_OUT_OF_RANGE"
    assert reason(bent(ts=2**63 - 1)) == "TIME_OUT_OF_RANGE"


def test_the_size_limit_is_the_last_size_allowed() -> None:
    raw = bent()
    assert not isinstance(judged(raw, limits=Limits(len(raw))), Refusal)
    assert judged(raw, limits=Limits(len(raw) - 1)) == Refusal(
        Reason.TOO_LARGE, f"{len(raw)} bytes, at most {len(raw) - 1} allowed"
    )


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (with_extra(b"[" * (MAX_DEPTH - 1) + b"]" * (MAX_DEPTH - 1)), None),
        (with_extra(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH), "TOO_DEEP"),
        (with_extra(b'{"a":' * MAX_DEPTH + b"1" + b"}" * MAX_DEPTH), "TOO_DEEP"),
        (with_extra(b"[[]," * MAX_DEPTH + b"1" + b"]" * MAX_DEPTH), "TOO_DEEP"),
        (with_extra(b"[" + b"[1]," * 5_000 + b"1]"), None),
        (bent(artist="[{" * 5_000), None),
        (bent(artist='\\"[' * 5_000), None),
    ],
)
def test_depth_counts_brackets_that_are_open_at_once_outside_text(raw: bytes, expected: str | None) -> None:
    assert reason(raw) == expected


def test_unicode_nul_and_unknown_fields_pass() -> None:
    event = accepted(bent(artist="a\x00b", song="\U0001f600 é", new_field={"x": [1]}))
    assert event["artist"] == "a\x00b"
    assert event["song"] == "\U0001f600 é"
    assert "new_field" not in event


def test_messages_name_the_field_and_show_no_personal_value() -> None:
    personal = {"lastName": ["Snowdon"], "zip": 67207, "lat": "37.665576", "userAgent": {"a": "Mozilla"}}
    for name, value in personal.items():
        verdict = judged(bent(**{name: value}))
        assert isinstance(verdict, Refusal)
        assert f"'{name}'" in verdict.message
        assert not any(text in verdict.message for text in ("Snowdon", "67207", "37.66", "Mozilla"))


def test_the_zoo_of_odd_records_raises_nothing() -> None:
    verdicts = [judged(raw) for raw in odd_records()]
    assert {type(verdict) for verdict in verdicts} == {dict, Refusal}


@given(st.binary(max_size=200))
def test_any_bytes_get_a_verdict(raw: bytes) -> None:
    assert isinstance(judged(raw), Refusal)


def _json(numbers: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.recursive(
        st.none() | st.booleans() | numbers | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
        max_leaves=5,
    )


_ANY_JSON = _json(st.integers(-(2**70), 2**70) | st.floats())
_STANDARD_JSON = _json(st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False))
_FIELD_NAMES = [field.name for field in EVENTS[LISTEN_EVENTS].fields]


@given(st.dictionaries(st.sampled_from(_FIELD_NAMES), _ANY_JSON))
def test_any_values_get_a_verdict_and_what_passes_passes_again(changes: dict[str, Any]) -> None:
    """What is accepted is a fixed point: written out and read again it is the same event."""
    verdict = judged(json.dumps({**SOUND, **changes}).encode())
    if not isinstance(verdict, Refusal):
        assert accepted(json.dumps(verdict).encode()) == verdict


@given(_STANDARD_JSON)
def test_parsing_agrees_with_the_standard_library(value: Any) -> None:
    assert parse_json(json.dumps(value).encode()) == value
