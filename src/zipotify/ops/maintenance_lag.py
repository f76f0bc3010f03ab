"""How far the stream is behind Kafka, from offsets alone: no record is read."""

from __future__ import annotations

from confluent_kafka import Consumer, KafkaException, TopicPartition

from zipotify.contracts.checkpoints import committed_offsets
from zipotify.contracts.fields import TOPICS
from zipotify.contracts.kafka_access import client_options
from zipotify.contracts.wire import require_broker
from zipotify.errors import BrokerUnreachableError
from zipotify.settings import Settings

_TIMEOUT_S = 30.0


def waiting_count(settings: Settings) -> int:
    """Records in Kafka that no finished batch has taken; raises BrokerUnreachableError."""
    committed = committed_offsets(settings.home.checkpoints / "bronze")
    consumer = Consumer(
        {
            **client_options(settings),
            "bootstrap.servers": require_broker(settings),
            "group.id": "zipotify-watch",
            "enable.auto.commit": False,
        }
    )
    try:
        ends = _ranges(consumer)
    except KafkaException as error:
        raise BrokerUnreachableError(f"Kafka did not say its offsets: {error}", "see `zipotify status`") from None
    finally:
        consumer.close()
    return sum(max(0, end - max(start, committed.get(place, 0))) for place, (start, end) in ends.items())


def _ranges(consumer: Consumer) -> dict[tuple[str, int], tuple[int, int]]:
    """First and next offset of every partition of the event topics."""
    topics = consumer.list_topics(timeout=_TIMEOUT_S).topics
    places = [(topic, number) for topic in TOPICS if topic in topics for number in topics[topic].partitions]
    return {
        place: consumer.get_watermark_offsets(TopicPartition(*place), timeout=_TIMEOUT_S, cached=False)
        for place in places
    }
