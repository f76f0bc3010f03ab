"""Where an erased person's records stay for a while, and until when: Kafka, and copies outside of the home."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, ConfigResource, ResourceType

from zipotify.contracts.kafka_access import client_options
from zipotify.contracts.wire import ALL_TOPICS, bootstrap_servers
from zipotify.settings import Settings

_TIMEOUT_S = 20.0
_HOUR_MS = 3_600_000
_CHECK_INTERVAL = timedelta(minutes=5)
"""How often a broker looks for expired files, by default; ours looks more often."""


@dataclass(frozen=True)
class Remains:
    """One place; `until` is None where there is no bound that we know."""

    place: str
    until: str | None
    why: str


def remains(settings: Settings, now: datetime) -> list[Remains]:
    """All such places of this home."""
    found = [_backups(settings, now)]
    if settings.bootstrap_servers or settings.home.kafka.exists():
        found.insert(0, _kafka(settings, now))
    return found


def _kafka(settings: Settings, now: datetime) -> Remains:
    """Kafka can't delete single records; whole files go when their newest record is older than the retention."""
    kept_ms = _kept_by_topics(settings)
    if kept_ms is None:
        retention_ms = settings.kafka_retention_hours * _HOUR_MS
        kept_ms = retention_ms + max(_HOUR_MS, retention_ms // 8)
        source = "the settings, since no broker answers; it counts only while the broker runs"
    else:
        source = "the topics' own configuration; it counts only while the broker runs"
    if kept_ms < 0:
        return Remains("Kafka", None, "a topic keeps its records for ever: set its retention.ms")
    until = now + timedelta(milliseconds=kept_ms) + _CHECK_INTERVAL
    return Remains("Kafka", _instant(until), f"retention and size of files, from {source}")


def _kept_by_topics(settings: Settings) -> int | None:
    """The longest that any of our topics keeps a record; below 0 for ever, None when no broker answers."""
    if not (settings.bootstrap_servers or settings.home.broker_address()):
        return None
    client = AdminClient({**client_options(settings), "bootstrap.servers": bootstrap_servers(settings), "log_level": 0})
    try:
        there = [name for name in client.list_topics(timeout=_TIMEOUT_S).topics if name in ALL_TOPICS]
        asked = client.describe_configs([ConfigResource(ResourceType.TOPIC, name) for name in there])
        found = [answer.result(timeout=_TIMEOUT_S) for answer in asked.values()]
    except KafkaException:
        return None
    kept = [(int(topic["retention.ms"].value), int(topic["segment.ms"].value)) for topic in found]
    if any(retention_ms < 0 for retention_ms, _ in kept):
        return -1
    return max((retention_ms + segment_ms for retention_ms, segment_ms in kept), default=0)


def _backups(settings: Settings, now: datetime) -> Remains:
    if settings.backup_to is None:
        return Remains("backups", None, "this home makes none; copies that you make yourselves are yours to bound")
    until = now + timedelta(days=settings.backup_keep_days)
    return Remains("backups", _instant(until), f"copies are kept for {settings.backup_keep_days} days")


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
