"""Topics on any cluster: what is missing is created, what is there stays, a refusal is told in words."""

from __future__ import annotations

from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException

from zipotify.broker import topics
from zipotify.broker.topics import ensure_topics
from zipotify.contracts.wire import ALL_TOPICS
from zipotify.errors import BrokerUnreachableError, ZipotifyError
from zipotify.runtime.ports import any_free
from zipotify.settings import Settings, load_settings

_ADDRESS = "127.0.0.1:1"


class Cluster:
    """Stands for Kafka's administration; `error` is what it answers to every creation."""

    def __init__(self, there: set[str], error: int | None = None) -> None:
        self.there, self.error, self.created = there, error, dict[str, Any]()

    def list_topics(self, timeout: float) -> SimpleNamespace:  # noqa: ARG002
        return SimpleNamespace(topics=self.there)

    def create_topics(self, wanted: list[Any], **_: Any) -> dict[str, Future[None]]:
        self.created = {topic.topic: topic for topic in wanted}
        return {name: self._answer() for name in self.created}

    def _answer(self) -> Future[None]:
        answer: Future[None] = Future()
        if self.error is None:
            answer.set_result(None)
        else:
            answer.set_exception(KafkaException(KafkaError(self.error)))
        return answer


def on(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(topics, "AdminClient", lambda _configuration: cluster)


def test_only_missing_topics_are_created(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = Cluster({"auth_events", "somebody_elses"})
    on(cluster, monkeypatch)
    assert set(ensure_topics(settings, _ADDRESS)) == set(ALL_TOPICS) - {"auth_events"}
    partitions = {name: topic.num_partitions for name, topic in cluster.created.items()}
    assert partitions["listen_events"] == settings.kafka_partitions
    assert partitions["dead_letters"] == 1
    largest = {int(topic.config["max.message.bytes"]) for topic in cluster.created.values()}
    assert min(largest) > settings.max_produced_bytes


def test_nothing_is_asked_when_all_are_there(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = Cluster(set(ALL_TOPICS))
    on(cluster, monkeypatch)
    assert ensure_topics(settings, _ADDRESS) == []
    assert cluster.created == {}


def test_a_topic_that_somebody_made_meanwhile_is_as_good(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    on(Cluster(set(), KafkaError.TOPIC_ALREADY_EXISTS), monkeypatch)
    assert len(ensure_topics(settings, _ADDRESS)) == len(ALL_TOPICS)


def test_a_refusal_names_cluster_and_topic(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    on(Cluster(set(), KafkaError.TOPIC_AUTHORIZATION_FAILED), monkeypatch)
    with pytest.raises(ZipotifyError, match=r"127\.0\.0\.1:1 refused to create topic listen_events"):
        ensure_topics(settings, _ADDRESS)


def test_a_cluster_that_does_not_answer_is_named(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    address = f"127.0.0.1:{any_free()}"
    monkeypatch.setattr("zipotify.contracts.wire.require_broker.__defaults__", (0.5,))
    with pytest.raises(BrokerUnreachableError, match=address):
        ensure_topics(load_settings(settings.home.root, bootstrap_servers=address))
