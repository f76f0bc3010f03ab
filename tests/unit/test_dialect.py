"""The older dialect: which events a record becomes, and that absent, null and empty are one."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from zipotify.contracts.decode import Limits, Refusal, decode
from zipotify.contracts.dialect import OldDialect, is_old_dialect
from zipotify.contracts.fields import EVENTS
from zipotify.contracts.files import find_files, read_records

NOW_MS = 1_800_000_000_000
OLD: dict[str, Any] = {
    "artist": "Sol",
    "auth": "Logged In",
    "firstName": "Ada",
    "gender": "F",
    "itemInSession": 3,
    "lastName": "Low",
    "length": 180.5,
    "level": "free",
    "location": "San Francisco-Oakland-Hayward, CA",
    "method": "PUT",
    "page": "NextSong",
    "registration": 1540919166796.0,
    "sessionId": 38,
    "song": "Rivers",
    "status": 200,
    "ts": 1541105830796,
    "userAgent": "Mozilla/5.0",
    "userId": "39",
}


def translated(*changes: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    dialect = OldDialect()
    return [
        (topic, json.loads(value))
        for change in changes
        for topic, value in dialect.translate(json.dumps({**OLD, **change}).encode())
    ]


def topics(*changes: dict[str, Any]) -> list[str]:
    return [topic for topic, _ in translated(*changes)]


def test_a_play_is_a_page_view_and_a_listen_event() -> None:
    (_, view), (_, play) = translated({})
    assert (view["page"], view["method"], view["status"]) == ("NextSong", "PUT", 200)
    assert (play["duration"], play["city"], play["state"]) == (180.5, "San Francisco-Oakland-Hayward", "CA")
    assert "page" not in play
    assert "length" not in play
    assert "location" not in play


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("Home", ["page_view_events"]),
        ("Upgrade", ["page_view_events"]),
        ("Submit Upgrade", ["page_view_events", "status_change_events"]),
        ("Submit Downgrade", ["page_view_events", "status_change_events"]),
    ],
)
def test_pages_become_their_events(page: str, expected: list[str]) -> None:
    assert topics({"page": page}) == expected


def test_the_event_after_a_login_says_whether_it_succeeded() -> None:
    login = {"page": "Login", "auth": "Logged Out", "userId": ""}
    events = translated(login, {"page": "Home"}, {"page": "Home"})
    assert [topic for topic, _ in events] == ["page_view_events"] * 2 + ["auth_events", "page_view_events"]
    assert events[2][1]["success"] is True
    assert translated(login, {"page": "Home", "auth": "Logged Out"})[-1][1]["success"] is False


def test_logins_of_two_sessions_do_not_mix() -> None:
    first, other = {"page": "Login", "sessionId": 1}, {"page": "Home", "sessionId": 2}
    assert "auth_events" not in topics(first, other)
    assert topics(first, other, {"page": "Home", "sessionId": 1})[-1] == "auth_events"
    assert topics(first, first).count("auth_events") == 1


@pytest.mark.parametrize(
    ("location", "city", "state"),
    [
        ("Wichita, KS", "Wichita", "KS"),
        ("New York-Newark-Jersey City, NY-NJ-PA", "New York-Newark-Jersey City", "NY-NJ-PA"),
        ("Nowhere, Old Place, KS", "Nowhere, Old Place", "KS"),
        ("Wichita", "Wichita", None),
        ("", None, None),
        (None, None, None),
    ],
)
def test_a_location_is_a_city_and_its_state(location: str | None, city: str | None, state: str | None) -> None:
    view = translated({"location": location})[0][1]
    assert (view.get("city"), view.get("state")) == (city, state)


@pytest.mark.parametrize("field", ["userId", "lastName", "location", "length", "userAgent", "artist", "registration"])
def test_absent_null_and_empty_are_one(field: str) -> None:
    base = {**OLD, "auth": "Logged Out", "page": "Home"}
    absent = {name: value for name, value in base.items() if name != field}
    readings = []
    for record in (absent, {**base, field: None}, {**base, field: ""}):
        ((topic, value),) = OldDialect().translate(json.dumps(record).encode())
        event = decode(EVENTS[topic], value, NOW_MS, Limits())
        assert not isinstance(event, Refusal)
        readings.append(event)
    assert readings[0] == readings[1] == readings[2]


@pytest.mark.parametrize("raw", [b"nope", b"[]", b"\xff", b"[" * 5000, b"5", b""])
def test_what_cannot_be_read_passes_as_it_is(raw: bytes) -> None:
    assert list(OldDialect().translate(raw)) == [("page_view_events", raw)]


def test_odd_values_are_left_for_the_validator() -> None:
    view = translated({"location": 5, "sessionId": {"a": 1}, "length": "long"})[0][1]
    assert (view["city"], view["sessionId"], view["duration"]) == (5, {"a": 1}, "long")


@pytest.mark.parametrize(
    ("record", "expected"),
    [(OLD, True), ({"page": "Home", "location": None}, True), ({"page": "Home", "city": "x"}, False), ([], False)],
)
def test_the_dialect_is_told_by_its_fields(record: Any, expected: bool) -> None:
    assert is_old_dialect(record) is expected


def test_a_real_recording_is_read_whole(shared_data: Path) -> None:
    """Against a plain count of the same files, and the published numbers of this data set."""
    files = find_files([shared_data / "sparkify"])
    pages = Counter(json.loads(line)["page"] for file in files for line in file.read_text().splitlines())
    found: Counter[str] = Counter()
    for record in read_records(files):
        event = decode(EVENTS[record.topic], record.value, NOW_MS, Limits())
        assert not isinstance(event, Refusal), event
        found[record.topic] += 1
    assert found["page_view_events"] == pages.total() == 4_586
    assert found["listen_events"] == pages["NextSong"] == 3_901
    assert found["status_change_events"] == pages["Submit Upgrade"] + pages["Submit Downgrade"]
    assert 0 < found["auth_events"] <= pages["Login"]
