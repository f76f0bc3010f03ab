"""How events travel through Kafka: topics, keys, headers, and the producer that everybody uses."""

from __future__ import annotations

from typing import Any

from confluent_kafka import KafkaException, Message, Producer
from confluent_kafka.admin import AdminClient

from zipotify.contracts import outbox
from zipotify.contracts.fields import CONTRACT_VERSION, DEAD_LETTERS, TOPICS
from zipotify.contracts.kafka_access import client_options
from zipotify.errors import BrokerUnreachableError, ZipotifyError
from zipotify.settings import Settings

ALL_TOPICS = (*TOPICS, DEAD_LETTERS)
HEADER_SOURCE = "source"
HEADER_VERSION = "contract_version"
BATCH_HEADROOM_BYTES = 2**20
_FLUSH_TIMEOUT_S = 120.0


def bootstrap_servers(settings: Settings) -> str:
    """Where the broker is: the external one, the embedded one that runs, or the embedded one's usual port."""
    return settings.bootstrap_servers or settings.home.broker_address() or f"127.0.0.1:{settings.kafka_port}"


def require_broker(settings: Settings, timeout_s: float = 10.0) -> str:
    """The address of a broker that answers; raises BrokerUnreachableError."""
    servers = bootstrap_servers(settings)
    client = AdminClient({**client_options(settings), "bootstrap.servers": servers, "log_level": 0})
    try:
        client.list_topics(timeout=timeout_s)
    except KafkaException:
        raise BrokerUnreachableError(
            f"no Kafka broker answers at {servers}",
            "start one with `zipotify broker` or `zipotify up`, or set --bootstrap-servers",
        ) from None
    return servers


def record_key(source: str, session_id: object) -> bytes:
    """Key of a record: events of one session of one source stay in order."""
    return f"{source}|{session_id}".encode()


class EventProducer:
    """Idempotent, acknowledged by all replicas, keyed; counts what the broker took and what it did not.

    A record that is too large to send goes into the home's outbox, and from there into quarantine.
    """

    def __init__(self, settings: Settings, source: str) -> None:
        self.accepted_count = 0
        self.too_large_count = 0
        self._max_bytes = settings.max_produced_bytes
        self._refuse = outbox.refuser(settings.home, source, settings.max_produced_bytes)
        self._headers = [(HEADER_SOURCE, source.encode()), (HEADER_VERSION, CONTRACT_VERSION.encode())]
        self._failure: str | None = None
        self._source = source
        self._producer = Producer(
            {
                **client_options(settings),
                "bootstrap.servers": require_broker(settings),
                "enable.idempotence": True,
                "acks": "all",
                "linger.ms": 20,
                "compression.type": "lz4",
                "message.max.bytes": self._max_bytes + BATCH_HEADROOM_BYTES,
                "queue.buffering.max.messages": 200_000,
                "queue.buffering.max.kbytes": 65_536,
                "log_level": 3,
            }
        )

    def send(self, topic: str, value: bytes, session_id: object = "") -> bool:
        """Hand one record over; waits while the queue is full; raises what an earlier record ran into.

        Returns False for a record that is too large.
        """
        if len(value) > self._max_bytes:
            self.too_large_count += 1
            self._refuse(topic, value)
            return False
        while True:
            try:
                self._producer.produce(
                    topic,
                    value,
                    record_key(self._source, session_id),
                    headers=self._headers,
                    on_delivery=self._delivered,
                )
                break
            except BufferError:
                self._producer.poll(0.5)
        self._producer.poll(0)
        self._raise_failure()
        return True

    def flush(self) -> None:
        """Wait until the broker has taken everything; raises if it did not."""
        left = self._producer.flush(_FLUSH_TIMEOUT_S)
        self._raise_failure()
        if left:
            raise BrokerUnreachableError(
                f"{left} events were not taken in {_FLUSH_TIMEOUT_S:.0f} s", "see `zipotify status`"
            )

    def _delivered(self, error: Any, _message: Message) -> None:
        if error is None:
            self.accepted_count += 1
        else:
            self._failure = str(error)

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise ZipotifyError(f"the broker did not take an event: {self._failure}", "see `zipotify status`")
