"""How far the stream is behind Kafka, partition by partition, from offsets alone: no record is read."""

from __future__ import annotations

from typing import Any

from confluent_kafka import KafkaException

from zipotify.contracts.checkpoints import Partition, committed_offsets
from zipotify.dashboard.topics import asking, is_there, ranges
from zipotify.settings import Settings


def partition_lags(settings: Settings) -> tuple[tuple[dict[str, Any], ...], str]:
    """topic, partition, first, next, taken and lag of every partition; and why there are none, empty when there are."""
    if not is_there(settings):
        return (), "The embedded broker does not run."
    try:
        with asking(settings) as consumer:
            found = ranges(consumer)
    except KafkaException as error:
        return (), f"Kafka does not say its offsets: {error.args[0].str() if error.args else error}"
    return lags(found, committed_offsets(settings.home.checkpoints / "bronze")), ""


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
