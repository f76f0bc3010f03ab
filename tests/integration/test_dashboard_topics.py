"""Explore on a real Kafka: how many records a topic keeps, and what they say without who it was."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from zipotify.contracts.fields import EVENTS, LISTEN_EVENTS
from zipotify.contracts.wire import EventProducer
from zipotify.dashboard.lag import partition_lags
from zipotify.dashboard.topics import Topics
from zipotify.errors import QueryError
from zipotify.settings import Settings, load_settings

pytestmark = pytest.mark.integration


def test_a_topic_is_counted_and_sampled_without_what_is_personal(tmp_path: Path, broker: str) -> None:
    settings = load_settings(tmp_path / "home", bootstrap_servers=broker)
    producer = EventProducer(settings, "sim")
    for number in range(30):
        event = {"ts": number, "sessionId": number, "song": f"Song {number}", "userId": "46", "lastName": "Canary"}
        producer.send(LISTEN_EVENTS, json.dumps(event).encode(), number)
    producer.send(LISTEN_EVENTS, b"\xff no JSON", 1)
    producer.flush()
    topics = Topics(settings)
    assert topics.counts()[LISTEN_EVENTS] == 31
    sample = topics.sample(LISTEN_EVENTS)
    personal = {field.name for field in EVENTS[LISTEN_EVENTS].fields if field.is_personal}
    assert {"userId", "lastName"} <= personal
    assert not personal & set(sample.columns)
    assert "Canary" not in sample.as_json()
    assert {row["song"] for row in sample.records()} <= {f"Song {number}" for number in range(30)}
    assert 10 <= len(sample.rows) <= 30
    assert sum(row["lag"] for row in partition_lags(settings)[0]) == 31


def test_without_a_kafka_it_says_so(settings: Settings) -> None:
    assert Topics(settings).counts() == {}
    with pytest.raises(QueryError, match="does not run"):
        Topics(settings).sample(LISTEN_EVENTS)
