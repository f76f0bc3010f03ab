"""A soak's traffic into a real Kafka: live events of every topic, each counted once."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from confluent_kafka import Consumer

from support.command import wait_until
from zipotify.contracts.decode import Limits, Refusal, decode
from zipotify.contracts.fields import EVENTS, TOPICS
from zipotify.ops.ledger import check
from zipotify.ops.soak_traffic import SOURCE, Traffic
from zipotify.settings import load_settings

pytestmark = pytest.mark.integration


def test_traffic_is_live_sound_and_counted(broker: str, tmp_path: Path) -> None:
    settings = load_settings(tmp_path / "home", bootstrap_servers=broker)
    settings.home.root.mkdir()
    began_ms = int(time.time() * 1000)
    traffic = Traffic(settings, rate=400, users=300)
    traffic.start()
    wait_until(lambda: traffic.accepted_count > 200 or bool(traffic.problem), "the first events")
    traffic.rate = 2_000
    wait_until(lambda: traffic.accepted_count > 3_000 or bool(traffic.problem), "more of them")
    traffic.stop()
    assert traffic.problem == ""
    report = check(settings)
    produced = sum(row.produced for row in report.rows if row.source == SOURCE)
    assert (produced, report.total("in_flight"), report.balanced) == (traffic.accepted_count, produced, True)

    consumer = Consumer({"bootstrap.servers": broker, "group.id": "soak-test", "auto.offset.reset": "earliest"})
    consumer.subscribe(list(TOPICS))
    records: list[tuple[str, bytes]] = []
    while len(records) < produced and (message := consumer.poll(60)) is not None:
        records.append((message.topic(), message.value()))
    consumer.close()
    now_ms = int(time.time() * 1000)
    assert len(records) == produced
    assert {topic for topic, _ in records} >= {"listen_events", "page_view_events"}
    assert all(began_ms <= json.loads(value)["ts"] <= now_ms for _, value in records)
    assert not any(isinstance(decode(EVENTS[topic], value, now_ms, Limits()), Refusal) for topic, value in records)


def test_what_stops_it_is_said(tmp_path: Path) -> None:
    traffic = Traffic(load_settings(tmp_path / "home", bootstrap_servers="127.0.0.1:1"), rate=100, users=10)
    traffic.start()
    wait_until(lambda: bool(traffic.problem), "the end of it")
    traffic.stop()
    assert "no Kafka broker answers" in traffic.problem
