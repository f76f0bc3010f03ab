"""What was produced, counted in Kafka itself: by source, topic, partition and hour of sending.

Counts up to the stream's committed offsets are kept in the serving database together with how far they reach, in one
transaction, so each record is read once. Records behind that are in flight and counted anew each time.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition
from sqlalchemy import select
from sqlalchemy.engine import Connection, Engine

from zipotify.contracts import serving
from zipotify.contracts.checkpoints import Partition, committed_offsets
from zipotify.contracts.fields import TOPICS
from zipotify.contracts.identity import EXTERNAL_SOURCE
from zipotify.contracts.kafka_access import client_options
from zipotify.contracts.serving import insert_into
from zipotify.contracts.wire import HEADER_SOURCE, bootstrap_servers
from zipotify.errors import BrokerUnreachableError, ZipotifyError
from zipotify.settings import Settings

CountKey = tuple[str, str, int, int]
"""(source, topic, partition, start of the hour in seconds since 1970)"""

HOUR_S = 3600
_TIMEOUT_S = 30.0
_POLL_S = 1.0
_BATCH = 5_000


@dataclass
class Produced:
    """Counts of what Kafka took; `reachable` tells whether Kafka could be asked just now."""

    counts: Counter[CountKey] = field(default_factory=Counter)
    in_flight: Counter[CountKey] = field(default_factory=Counter)
    boundary: dict[Partition, int] = field(default_factory=dict)
    gaps: list[tuple[str, int, int, int]] = field(default_factory=list)
    reachable: bool = True


def count_produced(settings: Settings, engine: Engine) -> Produced:
    """Bring the stored counts up to the stream's committed offsets, and count what is in flight."""
    produced = Produced(boundary=committed_offsets(settings.home.checkpoints / "bronze"))
    try:
        if not (settings.bootstrap_servers or settings.home.broker_address()):
            raise BrokerUnreachableError("the embedded broker does not run", "start it with `zipotify up`")
        _read_kafka(settings, engine, produced)
    except BrokerUnreachableError:
        produced.reachable = False
        stored = _stored_offsets(engine)
        produced.boundary = {p: min(end, stored.get(p, 0)) for p, end in produced.boundary.items()}
    produced.counts = _stored_counts(engine)
    produced.gaps = _stored_gaps(engine)
    return produced


def _read_kafka(settings: Settings, engine: Engine, produced: Produced) -> None:
    consumer = consumer_at(settings, bootstrap_servers(settings), "zipotify-ledger")
    try:
        ends, starts, gaps = _ranges(consumer, engine)
        fresh: Counter[CountKey] = Counter()
        for message in messages(consumer, starts, ends):
            place = (str(message.topic()), int(message.partition() or 0))
            is_committed = int(message.offset() or 0) < produced.boundary.get(place, 0)
            (fresh if is_committed else produced.in_flight)[_count_key(message)] += 1
    finally:
        consumer.close()
    with engine.begin() as connection:
        _store(connection, engine, fresh, starts, produced.boundary, gaps)


def consumer_at(settings: Settings, servers: str, group: str) -> Consumer:
    """A consumer that is told what to read, and remembers nothing at the broker."""
    return Consumer(
        {
            **client_options(settings),
            "bootstrap.servers": servers,
            "group.id": group,
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            "queued.max.messages.kbytes": 32_768,
            "fetch.message.max.bytes": 2 * settings.max_produced_bytes,
            "log_level": 0,
        }
    )


def _ranges(
    consumer: Consumer, engine: Engine
) -> tuple[dict[Partition, int], dict[Partition, int], list[tuple[str, int, int, int]]]:
    """Per partition: its end, where to go on counting, and ranges that retention removed uncounted."""
    stored = _stored_offsets(engine)
    ends: dict[Partition, int] = {}
    starts: dict[Partition, int] = {}
    gaps: list[tuple[str, int, int, int]] = []
    for topic, number in _partitions(consumer):
        low, high = consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=_TIMEOUT_S)
        counted = stored.get((topic, number), 0)
        if low > counted:
            gaps.append((topic, number, counted, low))
        starts[topic, number], ends[topic, number] = max(low, counted), high
    return ends, starts, gaps


def _partitions(consumer: Consumer) -> list[Partition]:
    try:
        found = consumer.list_topics(timeout=_TIMEOUT_S).topics
    except KafkaException as error:
        raise BrokerUnreachableError(f"no Kafka broker answers: {error}", "start it with `zipotify up`") from None
    return [(topic, number) for topic in TOPICS if topic in found for number in found[topic].partitions]


def messages(consumer: Consumer, starts: dict[Partition, int], ends: dict[Partition, int]) -> Iterator[Message]:
    """All messages from the starts up to the ends, each once."""
    left = {place: end - starts[place] for place, end in ends.items() if end > starts[place]}
    consumer.assign([TopicPartition(*place, starts[place]) for place in left])
    deadline = time.monotonic() + _TIMEOUT_S
    while left:
        # No more than there are: the client waits for as many as it is asked for.
        batch = consumer.consume(min(_BATCH, sum(left.values())), timeout=_POLL_S)
        if batch:
            deadline = time.monotonic() + _TIMEOUT_S
        elif time.monotonic() > deadline:
            raise BrokerUnreachableError(f"Kafka sent nothing for {_TIMEOUT_S:.0f} s", "is the broker healthy?")
        for message in batch:
            _raise_error(message.error())
            place, offset = (str(message.topic()), int(message.partition() or 0)), int(message.offset() or 0)
            if offset < ends[place]:
                yield message
            left[place] = ends[place] - offset - 1
        left = {place: count for place, count in left.items() if count > 0}


def _raise_error(error: KafkaError | None) -> None:
    if error is None:
        return
    if error.code() in (KafkaError._ALL_BROKERS_DOWN, KafkaError._TRANSPORT):
        raise BrokerUnreachableError(f"the broker went away: {error}", "is it up?")
    raise ZipotifyError(f"Kafka could not be read: {error}", "see the broker's log")


def _count_key(message: Message) -> CountKey:
    _, sent_ms = message.timestamp()
    headers = message.headers() or []
    source = next((value for name, value in headers if name == HEADER_SOURCE and value is not None), None)
    name = source.decode(errors="replace") if isinstance(source, bytes) else source or EXTERNAL_SOURCE
    hour_s = sent_ms // 1000 // HOUR_S * HOUR_S
    return name, str(message.topic()), int(message.partition() or 0), hour_s


def _store(
    connection: Connection,
    engine: Engine,
    fresh: Counter[CountKey],
    starts: dict[Partition, int],
    boundary: dict[Partition, int],
    gaps: list[tuple[str, int, int, int]],
) -> None:
    table = serving.ledger_counts
    names = ("source", "topic", "partition", "hour_s")
    rows = [dict(zip(names, key, strict=True)) | {"produced_count": count} for key, count in fresh.items()]
    if rows:
        insert = insert_into(engine, table)
        added = {"produced_count": table.c.produced_count + insert.excluded.produced_count}
        connection.execute(insert.on_conflict_do_update(index_elements=list(names), set_=added), rows)
    for topic, number, start, end in gaps:
        gap = {"topic": topic, "partition": number, "start_offset": start, "end_offset": end}
        connection.execute(insert_into(engine, serving.ledger_gaps).values(gap).on_conflict_do_nothing())
    for (topic, number), start in starts.items():
        reached = {"next_offset": max(start, boundary.get((topic, number), 0))}
        row = {"topic": topic, "partition": number, **reached}
        insert = insert_into(engine, serving.ledger_offsets).values(row)
        connection.execute(insert.on_conflict_do_update(index_elements=["topic", "partition"], set_=reached))


def _stored_offsets(engine: Engine) -> dict[Partition, int]:
    with engine.connect() as connection:
        rows = connection.execute(select(serving.ledger_offsets)).all()
    return {(row.topic, row.partition): row.next_offset for row in rows}


def _stored_counts(engine: Engine) -> Counter[CountKey]:
    with engine.connect() as connection:
        rows = connection.execute(select(serving.ledger_counts)).all()
    return Counter({(row.source, row.topic, row.partition, row.hour_s): row.produced_count for row in rows})


def _stored_gaps(engine: Engine) -> list[tuple[str, int, int, int]]:
    with engine.connect() as connection:
        rows = connection.execute(select(serving.ledger_gaps)).all()
    return [(row.topic, row.partition, row.start_offset, row.end_offset) for row in rows]
