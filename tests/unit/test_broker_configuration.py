"""What the embedded Kafka is told: loopback only, room for the largest record, and a ceiling on the disk."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zipotify.broker import configuration
from zipotify.broker.configuration import Ports, retention_bytes, segment_bytes, server_properties
from zipotify.contracts.fields import TOPICS
from zipotify.settings import Settings, load_settings

NODE = Ports(19092, 19093)


def properties(settings: Settings) -> dict[str, str]:
    lines = server_properties(settings, NODE).splitlines()
    found = dict(line.split("=", 1) for line in lines)
    assert len(found) == len(lines), "a property is given twice"
    return found


def test_every_listener_is_on_loopback(settings: Settings) -> None:
    found = properties(settings)
    assert found["listeners"] == "PLAINTEXT://127.0.0.1:19092,CONTROLLER://127.0.0.1:19093"
    assert found["advertised.listeners"] == "PLAINTEXT://127.0.0.1:19092"
    assert found["controller.quorum.voters"] == "1@127.0.0.1:19093"


def test_data_and_logs_lie_in_the_home(settings: Settings) -> None:
    found = properties(settings)
    assert found["log.dirs"] == str(settings.home.kafka / "data")
    assert f"appender.file.fileName = {settings.home.logs}/kafka.log\n" in configuration.log4j_properties(settings)
    written = [option for option in configuration.java_options(settings) if "=/" in option]
    assert len(written) == 2
    assert all(f"={settings.home.root}/" in option for option in written)


def test_nothing_expires_before_its_time_and_topics_are_ours_alone(tmp_path: Path) -> None:
    found = properties(load_settings(tmp_path, kafka_retention_hours=5, kafka_partitions=3))
    assert found["log.retention.ms"] == str(5 * 3_600_000)
    assert found["num.partitions"] == "3"
    assert found["auto.create.topics.enable"] == "false"


@given(
    ceiling_mb=st.integers(16, 100_000),
    partitions=st.integers(1, 64),
    produced_mb=st.integers(1, 64),
)
def test_sizes_hold_together(ceiling_mb: int, partitions: int, produced_mb: int) -> None:
    settings = load_settings(
        Path("/nowhere"),
        kafka_max_bytes=ceiling_mb * 2**20,
        kafka_partitions=partitions,
        max_produced_bytes=produced_mb * 2**20,
    )
    largest = configuration.max_message_bytes(settings)
    segment, kept = segment_bytes(settings), retention_bytes(settings)
    assert largest > settings.max_produced_bytes, "a dead letter carries the record and more"
    assert segment >= largest, "the largest record fits into a file"
    assert kept >= segment
    share = settings.kafka_max_bytes / (len(TOPICS) * partitions + 1)
    if share > 4 * largest:
        assert kept + segment <= share, "with room enough, all partitions together stay under the ceiling"


@pytest.mark.parametrize("heap_mb", [256, 384])
def test_the_jvm_is_small_and_ends_when_memory_is_out(tmp_path: Path, heap_mb: int) -> None:
    options = configuration.java_options(load_settings(tmp_path, kafka_heap_mb=heap_mb))
    assert f"-Xmx{heap_mb}m" in options
    assert "-XX:+ExitOnOutOfMemoryError" in options
