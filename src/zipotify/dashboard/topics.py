"""Kafka's topics as Explore lists them: fields by the contract, counts from offsets, records without who it was."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from confluent_kafka import Consumer, KafkaException, TopicPartition

from zipotify.contracts.answers import Answer, of_records
from zipotify.contracts.checkpoints import Partition
from zipotify.contracts.decode import parse_json
from zipotify.contracts.fields import EVENTS, EventContract
from zipotify.contracts.kafka_access import client_options
from zipotify.contracts.wire import bootstrap_servers
from zipotify.errors import QueryError
from zipotify.settings import Settings

LIMIT_S = 3.0
"""Whoever looks at the page waits for it."""
_KEPT_S = 5.0
_SAMPLE = 50
_NEWEST = 20
"""Records of each partition that a sample looks at."""


@contextmanager
def asking(settings: Settings) -> Iterator[Consumer]:
    """A consumer that leaves no trace in Kafka."""
    consumer = Consumer(
        {
            **client_options(settings),
            "bootstrap.servers": bootstrap_servers(settings),
            "group.id": "zipotify-dashboard",
            "enable.auto.commit": False,
            "log_level": 0,
        }
    )
    try:
        yield consumer
    finally:
        consumer.close()


def ranges(consumer: Consumer) -> dict[Partition, tuple[int, int]]:
    """(topic, partition) -> first offset that is kept, and the next one."""
    topics = consumer.list_topics(timeout=LIMIT_S).topics
    places = [(topic, number) for topic in EVENTS if topic in topics for number in topics[topic].partitions]
    return {
        place: consumer.get_watermark_offsets(TopicPartition(*place), timeout=LIMIT_S, cached=False) for place in places
    }


def is_there(settings: Settings) -> bool:
    """Whether there is a Kafka to ask."""
    return bool(settings.bootstrap_servers or settings.home.broker_address())


class Topics:
    """What one Kafka holds; looked at every few seconds at most."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._seen: tuple[float, dict[str, int]] | None = None

    def counts(self) -> Mapping[str, int]:
        """topic -> records that are kept; nothing while Kafka does not answer."""
        with self._lock:
            if self._seen is None or time.monotonic() - self._seen[0] > _KEPT_S:
                self._seen = (time.monotonic(), self._count())
            return self._seen[1]

    def _count(self) -> dict[str, int]:
        found: dict[str, int] = {}
        if not is_there(self._settings):
            return found
        try:
            with asking(self._settings) as consumer:
                for (topic, _number), (first, end) in ranges(consumer).items():
                    found[topic] = found.get(topic, 0) + end - first
        except KafkaException:
            return {}
        return found

    def sample(self, topic: str) -> Answer:
        """The newest records that can be read, without fields that are personal; raises QueryError without a Kafka."""
        if not is_there(self._settings):
            raise QueryError("Kafka does not run here", "`zipotify up` starts it; the lake has what went through it")
        try:
            with asking(self._settings) as consumer:
                return of_records(list(_records(consumer, EVENTS[topic]))[:_SAMPLE])
        except KafkaException as error:
            raise QueryError(f"Kafka does not answer ({error.args[0]})", "try again") from None


def _records(consumer: Consumer, contract: EventContract) -> Iterator[dict[str, Any]]:
    ends = {place: ends for place, ends in ranges(consumer).items() if place[0] == contract.topic and ends[1] > ends[0]}
    wanted = sum(min(_NEWEST, end - first) for first, end in ends.values())
    consumer.assign([TopicPartition(*place, max(first, end - _NEWEST)) for place, (first, end) in ends.items()])
    for message in consumer.consume(wanted, timeout=LIMIT_S) if wanted else []:
        value = None if message.error() else parse_json(message.value() or b"")
        if isinstance(value, dict):
            yield {
                "partition": message.partition(),
                "offset": message.offset(),
                **{field.name: value.get(field.name) for field in contract.bronze_fields},
            }
