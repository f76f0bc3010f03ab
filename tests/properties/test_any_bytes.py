"""Any bytes at all are either typed or refused with a reason; nothing raises, nothing is patched."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from odd_records import SOUND

from support.fuzz import mutated
from support.lake import table
from zipotify.contracts.decode import Limits, Refusal, decode
from zipotify.contracts.fields import EVENTS, EXTRA, TOPICS
from zipotify.contracts.reasons import Reason
from zipotify.lake.load import load_files
from zipotify.ops.ledger import check
from zipotify.settings import load_settings

_NOW_MS = 1_790_000_000_000
_SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
_JSON = st.recursive(_SCALARS, lambda values: st.lists(values) | st.dictionaries(st.text(), values), max_leaves=6)
_NAMES = st.sampled_from([*SOUND, "page", "status", "method", "success", "other"])
_TYPES = {"long": int, "int": int, "number": int, "double": float, "bool": bool, "string": str, "id": str}


def _assert_typed_or_refused(topic: str, value: bytes) -> None:
    found = decode(EVENTS[topic], value, _NOW_MS, Limits())
    if isinstance(found, Refusal):
        assert found.reason in Reason
        assert found.message
        return
    contract = EVENTS[topic]
    assert set(found) <= {*contract.names, EXTRA}
    assert all(type(found[field.name]) is _TYPES[field.kind] for field in contract.fields if field.name in found)
    assert all(field.name in found for field in contract.fields if field.required)
    given_value = orjson.loads(value)
    kept = {*found, *(orjson.loads(found[EXTRA]) if EXTRA in found else ())}
    assert {name for name, v in given_value.items() if v not in (None, "")} <= kept


@settings(max_examples=300, deadline=None)
@given(topic=st.sampled_from(TOPICS), value=st.binary(max_size=300))
def test_any_bytes(topic: str, value: bytes) -> None:
    _assert_typed_or_refused(topic, value)


@settings(max_examples=300, deadline=None)
@given(
    topic=st.sampled_from(TOPICS),
    changes=st.dictionaries(
        st.sampled_from([*SOUND, "page", "status", "method", "success", "other"]), _JSON, max_size=4
    ),
)
def test_any_values_in_a_sound_event(topic: str, changes: dict[str, Any]) -> None:
    sound = {**SOUND, "page": "NextSong", "method": "PUT", "status": 200, "success": True}
    try:
        value = orjson.dumps({**sound, **changes})
    except (TypeError, orjson.JSONEncodeError):  # a lone surrogate, or an integer of more than 64 bits
        return
    _assert_typed_or_refused(topic, value)


@pytest.mark.parametrize("seed", [1, 2])
def test_mutated_events_are_typed_or_refused(seed: int) -> None:
    for record in mutated(2_500, seed):
        _assert_typed_or_refused(record.topic, record.value)


def test_five_thousand_mutated_events_are_accounted_for_to_the_last(tmp_path: Path) -> None:
    home = load_settings(tmp_path / "home")
    records = [record for record in mutated(5_000, seed=5) if record.value.strip(b"\r\n") and b"\n" not in record.value]
    expected: Counter[str] = Counter()
    for topic in TOPICS:
        file = tmp_path / f"{topic}.ndjson"
        values = [record.value for record in records if record.topic == topic]
        file.write_bytes(b"\n".join(values) + b"\n")
        for value in values:
            stripped = value.strip(b"\r\n")
            found = decode(EVENTS[topic], stripped, int(time.time() * 1000), Limits())
            expected[str(found.reason) if isinstance(found, Refusal) else "sound"] += 1
    report = load_files(home, [tmp_path / f"{topic}.ndjson" for topic in TOPICS], "sim")
    assert report.read_count == sum(expected.values()) == len(records)
    conflicts = report.refused.pop("CONFLICT", 0)
    assert dict(report.refused) == {reason: count for reason, count in expected.items() if reason != "sound"}
    assert report.bronze_count + report.repeat_count + conflicts == expected["sound"]
    assert min(report.bronze_count, report.repeat_count, conflicts, *report.refused.values()) > 0
    books = check(home)
    assert books.balanced
    assert books.total("produced") == len(records)
    assert Counter(table(home.home.lake, "quarantine")["reason"])["CONFLICT"] == conflicts
