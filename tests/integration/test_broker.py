"""The embedded broker as a real process: events in and out, killed and restarted, ports that are taken."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient, ConfigResource, ResourceType

from zipotify.broker import configuration, embedded
from zipotify.broker.configuration import Ports
from zipotify.broker.embedded import running_broker
from zipotify.broker.topics import ensure_topics
from zipotify.contracts.wire import ALL_TOPICS, EventProducer
from zipotify.errors import HomeInUseError
from zipotify.runtime.ports import any_free
from zipotify.runtime.processes import zipotify_command
from zipotify.settings import Settings, load_settings

pytestmark = pytest.mark.integration

WAIT_S = 120.0


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(tmp_path / "home", kafka_port=any_free(), kafka_heap_mb=256)


def produce(servers: str, values: list[bytes], topic: str = "listen_events") -> None:
    producer = Producer({"bootstrap.servers": servers, "enable.idempotence": True, "message.max.bytes": 10 * 2**20})
    failures: list[str] = []
    for value in values:
        producer.produce(topic, value, on_delivery=lambda error, _: failures.append(str(error)) if error else None)
    assert producer.flush(WAIT_S) == 0
    assert failures == []


def consume(servers: str, count: int, topic: str = "listen_events") -> set[bytes]:
    consumer = Consumer({"bootstrap.servers": servers, "group.id": "reader", "auto.offset.reset": "earliest"})
    consumer.subscribe([topic])
    got: list[bytes] = []
    deadline = time.monotonic() + WAIT_S
    while len(got) < count and time.monotonic() < deadline:
        message = consumer.poll(1.0)
        if message is not None and message.error() is None:
            got.append(message.value())
    consumer.close()
    assert len(got) == len(set(got))
    return set(got)


def ended(pid: int) -> bool:
    deadline = time.monotonic() + WAIT_S
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def test_topics_take_large_records_and_keep_them_over_a_restart(settings: Settings) -> None:
    values = [b"%d" % number for number in range(500)] + [b"x" * settings.max_produced_bytes]
    with running_broker(settings) as servers:
        assert servers == f"127.0.0.1:{settings.kafka_port}"
        topics = AdminClient({"bootstrap.servers": servers}).list_topics(timeout=30).topics
        partitions = {name: len(topics[name].partitions) for name in ALL_TOPICS}
        assert partitions == {**dict.fromkeys(ALL_TOPICS, settings.kafka_partitions), "dead_letters": 1}
        produce(servers, values)
    assert settings.home.broker_address() is None
    with running_broker(settings) as servers:
        assert consume(servers, len(values)) == set(values)


def test_killed_broker_takes_kafka_with_it_and_restarts_with_everything_acknowledged(settings: Settings) -> None:
    values = [b"%d" % number for number in range(2_000)]
    with running_broker(settings) as servers:
        produce(servers, values)
        kafka = json.loads((settings.home.run / "broker.json").read_text())["pid"]
        os.kill(psutil.Process(kafka).parent().pid, signal.SIGKILL)
        assert ended(kafka), "Kafka outlived the process that ran it"
    assert (settings.home.run / "broker.json").exists()
    assert settings.home.broker_address() is None, "the address of a dead broker is handed out"
    with running_broker(settings) as servers:
        assert consume(servers, len(values)) == set(values)


def test_a_broker_that_loses_kafka_says_so_and_fails(settings: Settings, tmp_path: Path) -> None:
    output = tmp_path / "output"
    command = zipotify_command("broker", "--home", str(settings.home.root), "--port", str(settings.kafka_port))
    with output.open("wb") as file:
        process = subprocess.Popen(command, stdout=file, stderr=file)
    deadline = time.monotonic() + WAIT_S
    while settings.home.broker_address() is None and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.1)
    os.kill(json.loads((settings.home.run / "broker.json").read_text())["pid"], signal.SIGKILL)
    assert process.wait(WAIT_S) == 1
    assert "Kafka ended with code -9" in output.read_text()
    assert not (settings.home.run / "broker.json").exists()


def test_default_port_that_is_taken_moves_to_the_next(tmp_path: Path, taken_port: int) -> None:
    settings = load_settings(tmp_path / "home", kafka_port=taken_port, kafka_heap_mb=256)
    with running_broker(settings) as servers:
        port = int(servers.rpartition(":")[2])
        assert taken_port < port < taken_port + 200


def test_port_asked_for_and_taken_is_refused(settings: Settings, taken_port: int) -> None:
    command = zipotify_command("broker", "--home", str(settings.home.root), "--port", str(taken_port))
    done = subprocess.run(command, capture_output=True, text=True, timeout=WAIT_S, check=False)
    assert done.returncode == 1
    assert f"port {taken_port}" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 2


def test_an_id_that_begins_with_a_hyphen_is_an_id(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """One in 64 does: the broker of such a home could not be started for the first time."""
    monkeypatch.setattr(uuid, "uuid4", lambda: uuid.UUID(bytes=b"\xf8" + bytes(15)))
    embedded._prepare(settings, Ports(any_free(), any_free()))
    kept = (configuration.data_folder(settings) / "meta.properties").read_text()
    assert "cluster.id=-AAAA" in kept.replace("\\", "")


def test_second_broker_of_a_home_is_refused_and_external_cluster_only_gets_topics(
    settings: Settings, tmp_path: Path
) -> None:
    with running_broker(settings) as servers:
        again = subprocess.run(
            zipotify_command("broker", "--home", str(settings.home.root)), capture_output=True, text=True, check=False
        )
        assert again.returncode == 1
        assert "is in use: its broker is held by" in again.stderr
        with pytest.raises(HomeInUseError), settings.home.lock("broker"):
            pass
        other = load_settings(tmp_path / "other", bootstrap_servers=servers)
        assert ensure_topics(other) == []
        producer = EventProducer(other, "sim")
        producer.send("auth_events", b"{}", 7)
        producer.flush()
        assert producer.accepted_count == 1
        resource = ConfigResource(ResourceType.TOPIC, "dead_letters")
        client = AdminClient({"bootstrap.servers": servers})
        described = client.describe_configs([resource])[resource].result(30)
        assert int(described["max.message.bytes"].value) >= settings.max_produced_bytes + 2 * 2**20
        assert int(described["retention.bytes"].value) < settings.kafka_max_bytes
