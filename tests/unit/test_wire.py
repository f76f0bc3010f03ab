"""How events travel: where the broker is, keys, and what becomes of a record that cannot be sent."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import psutil
import pytest

from zipotify.contracts import wire
from zipotify.contracts.fields import DEAD_LETTERS, TOPICS
from zipotify.contracts.wire import ALL_TOPICS, EventProducer, bootstrap_servers, record_key, require_broker
from zipotify.errors import BrokerUnreachableError, ZipotifyError
from zipotify.runtime.ports import any_free
from zipotify.settings import Settings, load_settings


class Client:
    """Stands for confluent_kafka's Producer: takes records, and answers when it is polled or flushed."""

    def __init__(self, answer: str | None = None, full_times: int = 0) -> None:
        self.answer, self.full_times, self.polls = answer, full_times, 0
        self.sent: list[tuple[str, bytes, bytes]] = []
        self.headers: list[tuple[str, bytes]] = []
        self._waiting: list[Callable[[Any, Any], None]] = []

    def produce(self, topic: str, value: bytes, key: bytes, headers: Any, on_delivery: Any) -> None:
        if self.full_times:
            self.full_times -= 1
            raise BufferError
        self.sent.append((topic, value, key))
        self.headers = headers
        self._waiting.append(on_delivery)

    def poll(self, _limit_s: float) -> None:
        self.polls += 1

    def flush(self, _limit_s: float) -> int:
        for answer in self._waiting:
            answer(self.answer, None)
        return 0


def producer(settings: Settings, monkeypatch: pytest.MonkeyPatch, client: Client) -> EventProducer:
    monkeypatch.setattr(wire, "Producer", lambda _configuration: client)
    monkeypatch.setattr(wire, "require_broker", lambda _settings: "127.0.0.1:1")
    return EventProducer(settings, "sim")


def test_an_external_broker_beats_the_running_one_beats_the_usual_port(settings: Settings) -> None:
    assert bootstrap_servers(settings) == "127.0.0.1:9092"
    settings.home.run.mkdir(parents=True)
    me = psutil.Process()
    record = {"address": "127.0.0.1:7", "pid": me.pid, "started_s": me.create_time()}
    (settings.home.run / "broker.json").write_text(json.dumps(record))
    assert bootstrap_servers(settings) == "127.0.0.1:7"
    assert bootstrap_servers(load_settings(settings.home.root, bootstrap_servers="far:1")) == "far:1"


def test_a_broker_that_does_not_answer_is_named_in_words(settings: Settings) -> None:
    address = f"127.0.0.1:{any_free()}"
    with pytest.raises(BrokerUnreachableError, match=f"no Kafka broker answers at {address}") as raised:
        require_broker(load_settings(settings.home.root, bootstrap_servers=address), timeout_s=0.5)
    assert "zipotify up" in raised.value.to_do


def test_keys_keep_a_session_of_a_source_together() -> None:
    assert record_key("sim", 7) == record_key("sim", "7") == b"sim|7"
    assert record_key("other", 7) != record_key("sim", 7)
    assert (*TOPICS, DEAD_LETTERS) == ALL_TOPICS


def test_records_carry_source_and_version_and_are_counted_when_taken(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Client()
    events = producer(settings, monkeypatch, client)
    assert events.send("auth_events", b"{}", 7) is True
    assert events.accepted_count == 0
    events.flush()
    assert events.accepted_count == 1
    assert client.sent == [("auth_events", b"{}", b"sim|7")]
    assert dict(client.headers) == {"source": b"sim", "contract_version": b"1.0"}


def test_a_full_queue_makes_it_wait_and_loses_nothing(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client(full_times=3)
    events = producer(settings, monkeypatch, client)
    events.send("auth_events", b"{}", 7)
    assert (len(client.sent), client.polls) == (1, 4)


def test_what_the_broker_refused_is_raised_and_not_counted(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    events = producer(settings, monkeypatch, Client(answer="Broker: Not enough in-sync replicas"))
    events.send("auth_events", b"{}", 7)
    with pytest.raises(ZipotifyError, match="did not take an event: Broker: Not enough"):
        events.flush()
    assert events.accepted_count == 0


def test_a_record_that_is_too_large_is_not_sent(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    small = load_settings(settings.home.root, max_produced_bytes=1024)
    client = Client()
    events = producer(small, monkeypatch, client)
    assert events.send("auth_events", b"x" * 1025, 7) is False
    assert events.send("auth_events", b"x" * 1024, 7) is True
    assert (len(client.sent), events.too_large_count) == (1, 1)
