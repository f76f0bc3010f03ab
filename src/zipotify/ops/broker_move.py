"""Move what the home's own Kafka holds to the cluster that `bootstrap_servers` names, every record at its offset.

Checkpoint and ledger name records by topic, partition and offset; with these kept, the stream goes on over there
as if nothing had happened. A copy that was interrupted goes on where it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from confluent_kafka import Consumer, KafkaException, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from zipotify.broker.configuration import max_message_bytes
from zipotify.broker.embedded import running_broker
from zipotify.broker.topics import ensure_topics
from zipotify.contracts.checkpoints import Partition
from zipotify.contracts.kafka_access import client_options
from zipotify.contracts.wire import ALL_TOPICS, require_broker
from zipotify.errors import BrokerUnreachableError, MissingInputError, UsageError, ZipotifyError
from zipotify.ops.ledger_kafka import consumer_at, messages
from zipotify.settings import Settings

_LIMIT_S = 120.0

Ranges = dict[Partition, tuple[int, int]]
"""Offsets that a partition has: its first, and the one after its last."""


def move_broker(settings: Settings) -> int:
    """Copy all records that the home's Kafka still has, while nothing else runs; returns how many. It stays as it is.

    Raises UsageError without `bootstrap_servers`, or when the cluster has records of its own; MissingInputError for a
    home without a Kafka; HomeInUseError while `zipotify up` runs; ZipotifyError when an offset could not be kept.
    """
    if settings.bootstrap_servers is None:
        raise UsageError("bootstrap_servers is not set", "name the new cluster in ZIPOTIFY_BOOTSTRAP_SERVERS")
    if not settings.home.kafka.exists():
        raise MissingInputError(f"there is no {settings.home.kafka} to move", "a new home needs no moving")
    with settings.home.lock("home"):
        servers = require_broker(settings)
        ensure_topics(settings, servers)
        own = settings.model_copy(update={"bootstrap_servers": None, "kafka_security": "PLAINTEXT"})
        with running_broker(own) as address:
            return _Move(own, address, settings, servers).run()


class _Move:
    """One move while it goes on."""

    def __init__(self, own: Settings, address: str, new: Settings, servers: str) -> None:
        self._source = consumer_at(own, address, "zipotify-move")
        self._target = consumer_at(new, servers, "zipotify-move")
        self._client = {**client_options(new), "bootstrap.servers": servers, "log_level": 0}
        largest = {"message.max.bytes": max_message_bytes(new)}
        self._producer = Producer(self._client | {"enable.idempotence": True, "compression.type": "lz4"} | largest)
        self._failure: str | None = None

    def run(self) -> int:
        """Copy and compare; returns how many records were copied now."""
        try:
            wanted, there = _ranges(self._source), _ranges(self._target)
            self._require_room(wanted, there)
            self._begin_at(wanted, there)
            starts = {place: max(low, there[place][1]) for place, (low, _) in wanted.items()}
            count = self._copy(starts, {place: high for place, (_, high) in wanted.items()})
            self._require_same(wanted, _ranges(self._target))
            return count
        finally:
            self._source.close()
            self._target.close()

    def _require_room(self, wanted: Ranges, there: Ranges) -> None:
        """The cluster has the same partitions, and in them nothing, or what an earlier attempt copied."""
        if wanted.keys() != there.keys():
            raise UsageError("the new cluster's topics have other partitions", "let `zipotify broker` make them there")
        for place, (low, high) in there.items():
            is_ours = high <= wanted[place][1] and self._last(self._target, place, low, high) in (
                None,
                self._last(self._source, place, wanted[place][0], high),
            )
            if not is_ours:
                raise UsageError(f"the new cluster has records of its own in {place[0]}", "name topics that are empty")

    def _last(self, consumer: Consumer, place: Partition, low: int, end: int) -> tuple[Any, ...] | None:
        """The record before an offset; None where there is none any more, or an empty one stands in for it."""
        if end <= low:
            return None
        found = next(messages(consumer, {place: end - 1}, {place: end}))
        is_stand_in = found.key() is None and found.value() is None
        return None if is_stand_in else (found.key(), found.value(), found.timestamp())

    def _begin_at(self, wanted: Ranges, there: Ranges) -> None:
        """Let each partition begin where the old one does, whose first records have expired."""
        late = {place: low for place, (low, _) in wanted.items() if low > there[place][0]}
        for place, low in late.items():
            for offset in range(there[place][1], low):
                self._send(*place, offset, value=None)
        self._flush()
        if late:
            admin = AdminClient(self._client)
            ends = [TopicPartition(*place, low) for place, low in late.items()]
            for done in admin.delete_records(ends, request_timeout=_LIMIT_S).values():
                done.result(timeout=_LIMIT_S)

    def _copy(self, starts: dict[Partition, int], ends: dict[Partition, int]) -> int:
        count = 0
        for message in messages(self._source, starts, ends):
            count += 1
            self._send(
                str(message.topic()),
                int(message.partition() or 0),
                int(message.offset() or 0),
                value=message.value(),
                key=message.key(),
                headers=message.headers() or [],
                timestamp=message.timestamp()[1],
            )
        self._flush()
        return count

    def _send(self, topic: str, number: int, offset: int, **record: Any) -> None:
        """Hand a record over that must come to lie at this offset."""
        deliver: Callable[[Any, Message], None] = partial(self._delivered, offset)
        while True:
            try:
                self._producer.produce(topic, partition=number, on_delivery=deliver, **record)
                break
            except BufferError:
                self._producer.poll(0.5)
        self._producer.poll(0)
        self._raise_failure()

    def _delivered(self, offset: int, error: Any, message: Message) -> None:
        if error is not None:
            self._failure = f"the new cluster did not take a record: {error}"
        elif message.offset() != offset:
            place = f"{message.topic()}, partition {message.partition()}"
            self._failure = f"record {offset} of {place} came to lie at {message.offset()}"

    def _flush(self) -> None:
        if self._producer.flush(_LIMIT_S):
            raise BrokerUnreachableError("the new cluster took no more records", "is it up? Then move again")
        self._raise_failure()

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise ZipotifyError(self._failure, "is anything else writing there? Delete the topics and move again")

    def _require_same(self, wanted: Ranges, there: Ranges) -> None:
        other = sorted(place for place in wanted if wanted[place] != there[place])
        if other:
            raise ZipotifyError(f"{other[0][0]} has other offsets at the new cluster", "does its retention end sooner?")


def _ranges(consumer: Consumer) -> Ranges:
    return {place: consumer.get_watermark_offsets(TopicPartition(*place), timeout=_LIMIT_S) for place in _all(consumer)}


def _all(consumer: Consumer) -> Iterator[Partition]:
    try:
        found = consumer.list_topics(timeout=_LIMIT_S).topics
    except KafkaException as error:
        raise BrokerUnreachableError(f"no Kafka broker answers: {error}", "is it up?") from None
    yield from ((topic, number) for topic in ALL_TOPICS if topic in found for number in found[topic].partitions)
