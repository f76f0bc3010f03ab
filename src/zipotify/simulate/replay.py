"""`replay`: recorded logs into Kafka, record by record as they are; the stream judges them."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from zipotify.contracts.decode import parse_json
from zipotify.contracts.files import RawRecord, find_files, read_records
from zipotify.contracts.identity import checked_source
from zipotify.contracts.wire import EventProducer
from zipotify.errors import UsageError
from zipotify.settings import Settings

_REPORT_EVERY = 5_000
_PACED_SLICE_S = 0.1


@dataclass
class ReplayReport:
    """How many records went to each topic, and how many were too large to send."""

    sent: Counter[str] = field(default_factory=Counter)
    too_large_count: int = 0

    @property
    def sent_count(self) -> int:
        """Records that the broker took."""
        return self.sent.total()


def replay_files(
    settings: Settings,
    paths: list[Path],
    source: str,
    topic: str | None = None,
    rate: float | None = None,
    on_progress: Callable[[int], None] = lambda _count: None,
) -> ReplayReport:
    """Send files and folders to Kafka, at most `rate` records a second (None: as fast as it goes).

    Raises MissingInputError or UsageError before anything is sent, and BrokerUnreachableError.
    """
    checked_source(source)
    records = read_records(find_files(paths), topic)
    producer = EventProducer(settings, source)
    report = ReplayReport()
    for number, record in enumerate(_paced(records, rate), start=1):
        if producer.send(record.topic, record.value, session_of(record.value)):
            report.sent[record.topic] += 1
        if number % _REPORT_EVERY == 0:
            on_progress(number)
    producer.flush()
    report.too_large_count = producer.too_large_count
    return report


def _paced(records: Iterator[RawRecord], rate: float | None) -> Iterator[RawRecord]:
    """The records, no faster than `rate` a second."""
    if rate is None:
        yield from records
        return
    started = time.monotonic()
    for number, record in enumerate(records):
        ahead_s = number / rate - (time.monotonic() - started)
        if ahead_s > _PACED_SLICE_S:
            time.sleep(ahead_s)
        yield record


def rate_of(speed: str) -> float | None:
    """Records a second, None for `max`; raises UsageError for anything else."""
    try:
        rate = None if speed == "max" else float(speed)
    except ValueError:
        rate = 0.0
    if rate is not None and not 0 < rate < float("inf"):
        raise UsageError(f"'{speed}' is no speed", "pass max, or a number of records a second above 0")
    return rate


def session_of(value: bytes) -> str:
    """The session that a record names, for its key; '' when it names none or cannot be read."""
    event = parse_json(value)
    session_id = event.get("sessionId") if isinstance(event, dict) else None
    return str(session_id) if isinstance(session_id, int | str) else ""
