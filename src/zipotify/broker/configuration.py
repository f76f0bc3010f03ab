"""What the embedded Kafka is told: its properties, its logging and its Java options."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from zipotify.contracts.fields import TOPICS
from zipotify.settings import Settings

_MIB = 2**20
RECORD_HEADROOM_BYTES = 2 * _MIB
"""A dead letter carries the whole record plus why it was refused."""
_LARGEST_SEGMENT_BYTES = 64 * _MIB
_HOUR_MS = 3_600_000
_LATEST = 2**63 - 1


@dataclass(frozen=True)
class Ports:
    """Where the node listens on loopback: for clients, and for itself as controller."""

    client: int
    controller: int


def max_message_bytes(settings: Settings) -> int:
    """The largest record batch that topics take."""
    return settings.max_produced_bytes + RECORD_HEADROOM_BYTES


def segment_bytes(settings: Settings) -> int:
    """Size at which a log file is closed: only closed files expire, so several must fit under the ceiling."""
    share = _partition_share(settings)
    return max(max_message_bytes(settings), min(_LARGEST_SEGMENT_BYTES, share // 4))


def retention_bytes(settings: Settings) -> int:
    """What a partition may keep besides the file it writes to; never less than one file."""
    size = segment_bytes(settings)
    return max(size, _partition_share(settings) - size)


def _partition_share(settings: Settings) -> int:
    """Bytes of the disk ceiling per partition: all event partitions and the one of the dead letters."""
    return settings.kafka_max_bytes // (len(TOPICS) * settings.kafka_partitions + 1)


def server_properties(settings: Settings, ports: Ports) -> str:
    """Text of `server.properties`."""
    retention_ms = settings.kafka_retention_hours * _HOUR_MS
    largest = max_message_bytes(settings)
    values: dict[str, object] = {
        "process.roles": "broker,controller",
        "node.id": 1,
        # Voters by configuration, not in the log, so that the controller's port may differ at every start.
        "controller.quorum.voters": f"1@127.0.0.1:{ports.controller}",
        "controller.listener.names": "CONTROLLER",
        "listeners": f"PLAINTEXT://127.0.0.1:{ports.client},CONTROLLER://127.0.0.1:{ports.controller}",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{settings.kafka_advertised_port or ports.client}",
        "inter.broker.listener.name": "PLAINTEXT",
        "log.dirs": data_folder(settings),
        "auto.create.topics.enable": "false",
        "num.partitions": settings.kafka_partitions,
        "num.network.threads": 2,
        "num.io.threads": 4,
        "background.threads": 2,
        "message.max.bytes": largest,
        "replica.fetch.max.bytes": largest,
        "log.retention.ms": retention_ms,
        "log.retention.bytes": retention_bytes(settings),
        "log.retention.check.interval.ms": 30_000,
        "log.segment.bytes": segment_bytes(settings),
        "log.roll.ms": max(_HOUR_MS, retention_ms // 8),
        "log.index.size.max.bytes": _MIB,
        "log.message.timestamp.type": "CreateTime",
        "log.message.timestamp.after.max.ms": _LATEST,
        # The cleaner's buffer is heap; only the small offsets topic is compacted.
        "log.cleaner.dedupe.buffer.size": 4 * _MIB,
        "offsets.topic.num.partitions": 1,
        "offsets.topic.replication.factor": 1,
        "transaction.state.log.num.partitions": 1,
        "transaction.state.log.replication.factor": 1,
        "transaction.state.log.min.isr": 1,
        "share.coordinator.state.topic.num.partitions": 1,
        "share.coordinator.state.topic.replication.factor": 1,
        "share.coordinator.state.topic.min.isr": 1,
        "group.initial.rebalance.delay.ms": 0,
    }
    return "".join(f"{key}={value}\n" for key, value in values.items())


def data_folder(settings: Settings) -> Path:
    """Where Kafka keeps its logs and metadata."""
    return settings.home.kafka / "data"


def log_file(settings: Settings) -> Path:
    """Kafka's own log."""
    return settings.home.logs / "kafka.log"


def log4j_properties(settings: Settings) -> str:
    """Kafka's own log goes to one file that rotates; at most four files of 8 MiB."""
    log = log_file(settings)
    return f"""\
status = error
appender.file.type = RollingFile
appender.file.name = file
appender.file.fileName = {log}
appender.file.filePattern = {log}.%i
appender.file.layout.type = PatternLayout
appender.file.layout.pattern = %d{{ISO8601}} %p %m (%c)%n
appender.file.policies.type = Policies
appender.file.policies.size.type = SizeBasedTriggeringPolicy
appender.file.policies.size.size = 8MB
appender.file.strategy.type = DefaultRolloverStrategy
appender.file.strategy.max = 3
rootLogger.level = INFO
rootLogger.appenderRef.file.ref = file
"""


def java_options(settings: Settings) -> list[str]:
    """Options of the JVM: a small heap, the plain collector, and an end to it all when memory runs out."""
    return [
        f"-Xmx{settings.kafka_heap_mb}m",
        f"-Xms{settings.kafka_heap_mb // 2}m",
        "-XX:+UseSerialGC",
        "-XX:+ExitOnOutOfMemoryError",
        "-XX:ErrorFile=" + str(settings.home.logs / "kafka-crash-%p.log"),
        "-Djava.awt.headless=true",
        "-Dlog4j2.configurationFile=" + str(settings.home.kafka / "log4j2.properties"),
    ]
