"""The topics, on the embedded broker or on any other cluster."""

from __future__ import annotations

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, NewTopic

from zipotify.broker.configuration import max_message_bytes
from zipotify.contracts.fields import DEAD_LETTERS
from zipotify.contracts.kafka_access import client_options
from zipotify.contracts.wire import ALL_TOPICS, require_broker
from zipotify.errors import ZipotifyError
from zipotify.settings import Settings

_LIMIT_S = 60.0


def ensure_topics(settings: Settings, servers: str | None = None) -> list[str]:
    """Create the topics that are missing and return their names; those that exist stay as they are.

    Raises BrokerUnreachableError, or ZipotifyError when the cluster refuses.
    """
    address = servers or require_broker(settings)
    client = AdminClient({**client_options(settings), "bootstrap.servers": address, "log_level": 0})
    there = client.list_topics(timeout=_LIMIT_S).topics
    missing = [_new_topic(settings, name) for name in ALL_TOPICS if name not in there]
    if missing:
        for name, created in client.create_topics(missing, operation_timeout=_LIMIT_S).items():
            _await(name, address, created)
    return [topic.topic for topic in missing]


def _new_topic(settings: Settings, name: str) -> NewTopic:
    """Replication is the cluster's default; retention too, which the embedded broker takes from the settings."""
    partitions = 1 if name == DEAD_LETTERS else settings.kafka_partitions
    return NewTopic(
        name,
        num_partitions=partitions,
        config={"max.message.bytes": str(max_message_bytes(settings)), "message.timestamp.type": "CreateTime"},
    )


def _await(name: str, address: str, created: object) -> None:
    try:
        created.result(timeout=_LIMIT_S)  # type: ignore[attr-defined]
    except KafkaException as error:
        if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
            raise ZipotifyError(
                f"Kafka at {address} refused to create topic {name}: {error.args[0].str()}",
                "create it by hand, or use an account that may",
            ) from None
