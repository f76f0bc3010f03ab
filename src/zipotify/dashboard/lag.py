"""How far the stream is behind Kafka, partition by partition, from offsets alone: no record is read."""

from __future__ import annotations

from typing import Any

from confluent_kafka import Consumer, KafkaException, TopicPartition

from zipotify.contracts.checkpoints import Partition, committed_offsets
from zipotify.contracts.fields import TOPICS
from zipotify.contracts.kafka_access import client_options
from zipotify.contracts.wire import bootstrap_servers
from zipotify.settings import Settings

_LIMIT_S = 3.0
"""Whoever looks at the page waits for it."""


def partition_lags(settings: Settings) -> tuple[tuple[dict[str, Any], ...], str]:
    """topic, partition, first, next, taken and lag of every partition; and why there are none, empty when there are."""
    if not (settings.bootstrap_servers or settings.home.broker_address()):
        return (), "The embedded broker does not run."
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
        ranges = _ranges(consumer)
    except KafkaException as error:
        return (), f"Kafka does not say its offsets: {error.args[0].str() if error.args else error}"
    finally:
        consumer.close()
    return lags(ranges, committed_offsets(settings.home.checkpoints / "bronze")), ""


def lags(ranges: dict[Partition, tuple[int, int]], committed: dict[Partition, int]) -> tuple[dict[str, Any], ...]:
    """What is waiting: from where the last finished batch ended, or the oldest record kept, to the next offset."""
    return tuple(
        {
            "topic": topic,
            "partition": number,
            "first": first,
            "next": end,
            "taken": committed.get((topic, number)),
            "lag": max(0, end - max(first, committed.get((topic, number), 0))),
        }
        for (topic, number), (first, end) in sorted(ranges.items())
    )


def _ranges(consumer: Consumer) -> dict[Partition, tuple[int, int]]:
    topics = consumer.list_topics(timeout=_LIMIT_S).topics
    places = [(topic, number) for topic in TOPICS if topic in topics for number in topics[topic].partitions]
    return {
        place: consumer.get_watermark_offsets(TopicPartition(*place), timeout=_LIMIT_S, cached=False)
        for place in places
    }
