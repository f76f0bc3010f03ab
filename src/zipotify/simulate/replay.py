"""Send recorded logs through Kafka again, as they are: the stream judges them, not the sender."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import orjson

from zipotify.contracts.files import find_files, read_records
from zipotify.contracts.identity import checked_source
from zipotify.contracts.wire import EventProducer
from zipotify.settings import Settings

_REPORT_EVERY = 10_000


@dataclass(frozen=True)
class ReplayReport:
    """How many records the broker took, and how many were too large for its topics."""

    sent_count: int
    too_large_count: int


def replay_files(
    settings: Settings,
    paths: list[Path],
    source: str,
    topic: str | None = None,
    on_too_large: Callable[[str, bytes], None] | None = None,
    on_progress: Callable[[int], None] = lambda _count: None,
) -> ReplayReport:
    """Send all records of the files, in order, keyed by session.

    Raises MissingInputError or UsageError before anything is sent, and BrokerUnreachableError.
    """
    checked_source(source)
    records = read_records(find_files(paths), topic)
    producer = EventProducer(settings, source, on_too_large)
    for number, record in enumerate(records, start=1):
        producer.send(record.topic, record.value, _session_of(record.value))
        if number % _REPORT_EVERY == 0:
            on_progress(number)
    producer.flush()
    return ReplayReport(producer.accepted_count, producer.too_large_count)


def _session_of(value: bytes) -> object:
    """The session that keys the record; '' where the record cannot be read."""
    try:
        event = orjson.loads(value)
    except orjson.JSONDecodeError:
        return ""
    return event.get("sessionId", "") if isinstance(event, dict) else ""
