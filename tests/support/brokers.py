"""A real Kafka cluster of three processes on loopback, each broker and controller, every topic on all three."""

from __future__ import annotations

import base64
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from support.command import wait_until
from zipotify.broker.configuration import Ports, java_options, log4j_properties, server_properties
from zipotify.runtime.jars import jar_paths
from zipotify.runtime.java import java_program
from zipotify.runtime.ports import any_free
from zipotify.settings import Settings, load_settings

_COUNT = 3
_REPLICATED = {
    "default.replication.factor": _COUNT,
    "min.insync.replicas": _COUNT - 1,
    "offsets.topic.replication.factor": _COUNT,
    "transaction.state.log.replication.factor": _COUNT,
}


class Brokers:
    """The cluster, and how to hurt it."""

    def __init__(self, folder: Path) -> None:
        self._homes = [load_settings(folder / str(number)) for number in range(1, _COUNT + 1)]
        self._ports = [Ports(any_free(), any_free()) for _ in self._homes]
        self._processes: list[subprocess.Popen[bytes]] = []
        self.servers = ",".join(f"127.0.0.1:{ports.client}" for ports in self._ports)

    def start(self) -> None:
        """Format and start all, and wait until all have joined."""
        cluster_id = base64.urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode()
        for number, settings in enumerate(self._homes, start=1):
            properties = self._write(number, settings)
            call = ["format", f"--cluster-id={cluster_id}", "-c", str(properties)]
            subprocess.run(_java(settings, "kafka.tools.StorageTool", *call), check=True, stdout=subprocess.DEVNULL)
            with (settings.home.logs / "kafka.out").open("wb") as log:
                command = _java(settings, "kafka.Kafka", str(properties))
                self._processes.append(subprocess.Popen(command, stdout=log, stderr=log))
        wait_until(lambda: self.alive() == _COUNT, "three brokers to join")

    def alive(self) -> int:
        """How many brokers the cluster says it has."""
        try:
            return len(AdminClient({"bootstrap.servers": self.servers, "log_level": 0}).list_topics(timeout=5).brokers)
        except KafkaException:
            return 0

    def replicas_in_sync(self, topic: str) -> set[int]:
        """How many replicas of its partitions are in sync."""
        found = AdminClient({"bootstrap.servers": self.servers, "log_level": 0}).list_topics(topic, timeout=60)
        return {len(partition.isrs) for partition in found.topics[topic].partitions.values()}

    def kill(self, index: int) -> None:
        """SIGKILL one of them."""
        self._processes[index].kill()
        self._processes[index].wait()

    def close(self) -> None:
        """End all."""
        for process in self._processes:
            process.kill()
            process.wait()

    def _write(self, number: int, settings: Settings) -> Path:
        for folder in (settings.home.kafka, settings.home.logs):
            folder.mkdir(parents=True)
        (settings.home.kafka / "log4j2.properties").write_text(log4j_properties(settings))
        voters = ",".join(f"{at}@127.0.0.1:{ports.controller}" for at, ports in enumerate(self._ports, start=1))
        changed = {"node.id": number, "controller.quorum.voters": voters, **_REPLICATED}
        lines = server_properties(settings, self._ports[number - 1]).splitlines()
        values = dict(line.split("=", 1) for line in lines) | {key: str(value) for key, value in changed.items()}
        properties = settings.home.kafka / "server.properties"
        properties.write_text("".join(f"{key}={value}\n" for key, value in values.items()))
        return properties


def _java(settings: Settings, main_class: str, *arguments: str) -> list[str]:
    path = ":".join(str(jar) for jar in jar_paths("kafka"))
    return [str(java_program()), *java_options(settings), "-cp", path, main_class, *arguments]


@contextmanager
def running_brokers(folder: Path) -> Iterator[Brokers]:
    """Three brokers, until the end of the block."""
    brokers = Brokers(folder)
    try:
        brokers.start()
        yield brokers
    finally:
        brokers.close()
