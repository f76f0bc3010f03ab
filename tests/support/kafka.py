"""Kafka in tests: topics made anew."""

from __future__ import annotations

from pathlib import Path

from confluent_kafka.admin import AdminClient

from support.command import wait_until
from zipotify.broker.topics import ensure_topics
from zipotify.contracts.wire import ALL_TOPICS
from zipotify.settings import load_settings

_LIMIT_S = 60.0


def empty_topics(address: str) -> None:
    """Delete the topics and make them again: offsets start at 0, as in a new home."""
    client = AdminClient({"bootstrap.servers": address, "log_level": 0})
    there = [name for name in client.list_topics(timeout=_LIMIT_S).topics if name in ALL_TOPICS]
    if there:
        for deleted in client.delete_topics(there, operation_timeout=_LIMIT_S).values():
            deleted.result(timeout=_LIMIT_S)

    def gone() -> bool:
        return not set(client.list_topics(timeout=_LIMIT_S).topics) & set(ALL_TOPICS)

    wait_until(gone, "the topics to be deleted")
    ensure_topics(load_settings(Path("never-written"), bootstrap_servers=address), address)
