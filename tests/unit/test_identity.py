"""Identities against a plain computation of their definition, and what they must tell apart."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from odd_records import SOUND

from zipotify.contracts.fields import EVENTS, LISTEN_EVENTS, TOPICS
from zipotify.contracts.identity import (
    checked_source,
    content_hash,
    event_id,
    private_id,
    user_keyer,
)
from zipotify.errors import UsageError

LISTEN = EVENTS[LISTEN_EVENTS]
_LONG = st.integers(-(2**63), 2**63 - 1)


@given(st.sampled_from(["sim", "recorded", "a.b-c_1"]), st.sampled_from(TOPICS), _LONG, _LONG, _LONG)
def test_event_id_is_the_sha256_of_its_five_parts(source: str, topic: str, session: int, item: int, ts: int) -> None:
    written = b"|".join([source.encode(), topic.encode(), b"%d" % session, b"%d" % item, b"%d" % ts])
    assert event_id(source, topic, session, item, ts) == hashlib.sha256(written).hexdigest()


def test_a_known_identity_stays_what_it_is() -> None:
    """A changed identity would turn every repeat of stored events into a new event."""
    known = "1e46acfe4b946ee66a5aaf44f46fa24e23c4cc01c1fd9a0827452619f2a43c46"
    assert event_id("sim", LISTEN_EVENTS, 1591, 0, 1704067238000) == known


def test_each_part_of_the_identity_counts() -> None:
    parts: list[tuple[Any, ...]] = [
        ("sim", LISTEN_EVENTS, 1, 2, 3),
        ("recorded", LISTEN_EVENTS, 1, 2, 3),
        ("sim", "page_view_events", 1, 2, 3),
        ("sim", LISTEN_EVENTS, 2, 2, 3),
        ("sim", LISTEN_EVENTS, 1, 3, 3),
        ("sim", LISTEN_EVENTS, 1, 2, 4),
        ("sim", LISTEN_EVENTS, 12, 3, 3),
        ("sim", LISTEN_EVENTS, 1, 23, 3),
    ]
    assert len({event_id(*part) for part in parts}) == len(parts)


@given(st.text(max_size=128))
def test_user_key_is_an_hmac_under_the_homes_secret(user_id: str) -> None:
    secret = b"s" * 32
    assert user_keyer(secret)("sim", user_id) == hmac.new(secret, b"sim|" + user_id.encode(), "sha256").hexdigest()


def test_user_keys_differ_by_source_user_and_home() -> None:
    one, other = user_keyer(b"1" * 32), user_keyer(b"2" * 32)
    assert len({one("sim", "46"), one("recorded", "46"), one("sim", "47"), other("sim", "46")}) == 4


def test_content_hash_is_blind_to_personal_fields_and_order_but_not_to_the_user() -> None:
    base = content_hash(LISTEN, SOUND, "key")
    assert content_hash(LISTEN, dict(reversed(SOUND.items())), "key") == base
    assert content_hash(LISTEN, {**SOUND, "lastName": "Other", "zip": "1", "unknown": 1}, "key") == base
    assert content_hash(LISTEN, SOUND, "other key") != base
    assert content_hash(LISTEN, SOUND, None) != base


def test_content_hash_sees_every_bronze_field() -> None:
    full = {field.name: SOUND.get(field.name, "x") for field in LISTEN.fields}
    hashes = {
        content_hash(LISTEN, {name: value for name, value in full.items() if name != field.name}, None)
        for field in LISTEN.bronze_fields
    }
    assert len(hashes | {content_hash(LISTEN, full, None)}) == len(LISTEN.bronze_fields) + 1


@pytest.mark.parametrize(("one", "other", "is_same"), [(0.0, -0.0, True), (1.5, 1.5000001, True), (1.5, 1.51, False)])
def test_content_hash_takes_doubles_to_six_places(one: float, other: float, is_same: bool) -> None:
    hashes = [content_hash(LISTEN, {**SOUND, "duration": value}, None) for value in (one, other)]
    assert (hashes[0] == hashes[1]) is is_same


def test_private_id_tells_empty_from_absent_and_one_source_from_another() -> None:
    made = [private_id(source, values) for source in ("a", "b") for values in (["1", None], ["1", ""], [None, "1"])]
    assert len(set(made)) == len(made)


@pytest.mark.parametrize("name", ["sim", "recorded", "0", "a.b-c_d", "a" * 63])
def test_names_that_may_name_a_source(name: str) -> None:
    assert checked_source(name) == name


@pytest.mark.parametrize("name", ["", "A", "a b", "-a", "é", "a|b", "a\n", "a" * 64, "../x"])
def test_names_that_may_not(name: str) -> None:
    with pytest.raises(UsageError, match="cannot name a source"):
        checked_source(name)


@given(st.text(max_size=20), st.text(max_size=20))
def test_content_differs_where_a_text_does_but_for_the_two_letters_that_join_texts(one: str, other: str) -> None:
    """The boundary of decision 0001, from both sides."""
    hashes = [content_hash(LISTEN, {**SOUND, "song": text}, "u") for text in (one, other)]
    joins = any(letter in text for text in (one, other) for letter in "\0\x1f")
    assert joins or (hashes[0] == hashes[1]) == (one == other)


def test_one_zero_character_counts_as_missing_and_the_separator_as_two_texts() -> None:
    missing = {name: value for name, value in SOUND.items() if name != "song"}
    assert content_hash(LISTEN, {**missing, "song": "\0"}, "u") == content_hash(LISTEN, missing, "u")
    assert content_hash(LISTEN, {**missing, "song": "\0\0"}, "u") != content_hash(LISTEN, missing, "u")
    split = [{**SOUND, "artist": "a\x1fb", "song": "c"}, {**SOUND, "artist": "a", "song": "b\x1fc"}]
    is_split = content_hash(LISTEN, split[0], "u") == content_hash(LISTEN, split[1], "u")
    names = [field.name for field in LISTEN.hashed_fields]
    assert is_split is (names.index("song") == names.index("artist") + 1)
