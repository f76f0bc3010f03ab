"""Run Kafka as a child process: format once, start, wait until it answers, write its address down, stop it cleanly."""

from __future__ import annotations

import base64
import os
import signal
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from zipotify.broker import configuration
from zipotify.broker.configuration import Ports
from zipotify.broker.topics import ensure_topics
from zipotify.contracts.serving import connect, report_part
from zipotify.errors import BrokerUnreachableError, SetupError, ZipotifyError
from zipotify.runtime import ports
from zipotify.runtime.jars import jar_paths
from zipotify.runtime.java import java_program
from zipotify.runtime.processes import end_with_parent, environment_of, last_lines, stop_process, zipotify_command
from zipotify.settings import Settings

_START_LIMIT_S = 180.0
_STOP_LIMIT_S = 60.0
_HEARTBEAT_S = 10.0


def run_broker(settings: Settings, port: int | None = None) -> None:
    """Run until SIGTERM or SIGINT; on an external cluster, make the topics and return.

    Raises PortTakenError for a port asked for by number, SetupError without jars or a JDK, ZipotifyError when
    Kafka dies.
    """
    if settings.bootstrap_servers:
        created = ensure_topics(settings)
        print(f"Kafka at {settings.bootstrap_servers}: {len(created)} topics created, the others were there")
        return
    with settings.home.lock("broker"):
        _run_embedded(settings, port)


def _run_embedded(settings: Settings, port: int | None) -> None:
    stop = _stop_on_signal()
    client_port = ports.require_free(port) if port else ports.next_free(settings.kafka_port)
    _prepare(settings, Ports(client_port, ports.any_free()))
    address = f"{ports.LOOPBACK}:{client_port}"
    engine = connect(settings.serving_address())
    report_part(engine, "broker", "starting", "Kafka starts")
    with _kafka(settings) as kafka:
        _wait_until_it_answers(settings, kafka, address, stop)
        if not stop.is_set():
            ensure_topics(settings, address)
            with settings.home.address_written("broker", address, kafka.pid):
                print(f"Kafka listens at {address}, data in {settings.home.kafka}", flush=True)
                while not stop.is_set() and kafka.poll() is None:
                    report_part(engine, "broker", "running", address)
                    _wait_for_end(kafka, stop)
    report_part(engine, "broker", "stopped")
    if not stop.is_set():
        raise _died(settings, kafka)


@contextmanager
def running_broker(settings: Settings, port: int | None = None) -> Iterator[str]:
    """Start the broker of a home as a child, hand out its address when it is ready, stop it afterwards."""
    arguments = ["--home", str(settings.home.root)] + (["--port", str(port)] if port else [])
    settings.home.logs.mkdir(parents=True, exist_ok=True)
    log = settings.home.logs / "broker.log"
    with log.open("ab") as output:
        child = subprocess.Popen(
            zipotify_command("broker", *arguments),
            env=environment_of(settings),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            preexec_fn=end_with_parent(),
        )
    try:
        yield _await_address(settings, child, log)
    finally:
        stop_process(child, _STOP_LIMIT_S + 10)


def _await_address(settings: Settings, child: subprocess.Popen[bytes], log: Path) -> str:
    deadline = time.monotonic() + _START_LIMIT_S
    while time.monotonic() < deadline:
        if child.poll() is not None:
            raise ZipotifyError(f"the broker ended with code {child.returncode}:\n{last_lines(log)}", f"see {log}")
        address = settings.home.broker_address()
        if address:
            return address
        time.sleep(0.1)
    raise BrokerUnreachableError(f"the broker was not ready after {_START_LIMIT_S:.0f} s", f"see {log}")


def _prepare(settings: Settings, node: Ports) -> None:
    """Write the configuration, and format the data folder the first time."""
    for folder in (settings.home.kafka, settings.home.logs, settings.home.run):
        folder.mkdir(parents=True, exist_ok=True)
    properties = settings.home.kafka / "server.properties"
    properties.write_text(configuration.server_properties(settings, node))
    (settings.home.kafka / "log4j2.properties").write_text(configuration.log4j_properties(settings))
    if (configuration.data_folder(settings) / "meta.properties").exists():
        return
    cluster_id = base64.urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode()
    # In one word: one id in 64 begins with a hyphen, and would be taken for an option of its own.
    arguments = ["format", "--ignore-formatted", f"--cluster-id={cluster_id}", "-c", str(properties)]
    done = subprocess.run(_java(settings, "kafka.tools.StorageTool", *arguments), capture_output=True, text=True)
    if done.returncode:
        raise SetupError(
            f"Kafka could not format {settings.home.kafka}: {(done.stderr or done.stdout).strip()[-500:]}",
            "check that the disk has space and the folder is yours",
        )


@contextmanager
def _kafka(settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    """The JVM; the kernel ends it when this process is killed."""
    kafka = subprocess.Popen(
        _java(settings, "kafka.Kafka", str(settings.home.kafka / "server.properties")),
        stdin=subprocess.DEVNULL,
        env={**os.environ, "MALLOC_ARENA_MAX": "2"},
        preexec_fn=end_with_parent(),
    )
    try:
        yield kafka
    finally:
        stop_process(kafka, _STOP_LIMIT_S)


def _java(settings: Settings, main_class: str, *arguments: str) -> list[str]:
    path = ":".join(str(jar) for jar in jar_paths("kafka"))
    return [str(java_program()), *configuration.java_options(settings), "-cp", path, main_class, *arguments]


def _wait_until_it_answers(settings: Settings, kafka: subprocess.Popen[bytes], address: str, stop: Event) -> None:
    client = AdminClient({"bootstrap.servers": address, "log_level": 0})
    deadline = time.monotonic() + _START_LIMIT_S
    while not stop.is_set():
        if kafka.poll() is not None:
            raise _died(settings, kafka)
        try:
            client.list_topics(timeout=1)
            return
        except KafkaException:
            if time.monotonic() > deadline:
                raise BrokerUnreachableError(
                    f"Kafka did not answer at {address} within {_START_LIMIT_S:.0f} s",
                    f"see {configuration.log_file(settings)}",
                ) from None
            stop.wait(0.2)


def _wait_for_end(kafka: subprocess.Popen[bytes], stop: Event) -> None:
    """Until it is time for the next sign of life, or there is something to do."""
    deadline = time.monotonic() + _HEARTBEAT_S
    while time.monotonic() < deadline and kafka.poll() is None and not stop.wait(0.5):
        pass


def _died(settings: Settings, kafka: subprocess.Popen[bytes]) -> ZipotifyError:
    log = configuration.log_file(settings)
    return ZipotifyError(f"Kafka ended with code {kafka.returncode}:\n{last_lines(log, 5)}", f"see {log}")


def _stop_on_signal() -> Event:
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop
