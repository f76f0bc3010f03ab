"""A real standalone Spark cluster on loopback: one master and some workers, each a process."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pyspark

from support.command import wait_until
from zipotify.runtime.java import java_home
from zipotify.runtime.ports import LOOPBACK, any_free

_SPARK = Path(pyspark.__file__).parent


class Cluster:
    """Its parts, and how to hurt them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = any_free()
        self.address = f"spark://{LOOPBACK}:{self._port}"
        self._processes: list[subprocess.Popen[bytes]] = []
        self._start("master.Master", "--host", LOOPBACK, "--port", str(self._port), "--webui-port", str(any_free()))
        wait_until(self._master_answers, "Spark's master")

    def add_worker(self, cores: int = 1, memory_mb: int = 1100) -> int:
        """Start a worker; returns its place in `kill_worker`."""
        size = ("--cores", str(cores), "--memory", f"{memory_mb}m", "--work-dir", str(self._folder / "work"))
        ports = ("--host", LOOPBACK, "--port", str(any_free()), "--webui-port", str(any_free()))
        self._start("worker.Worker", *size, *ports, self.address)
        return len(self._processes) - 1

    def executors(self, worker: int) -> int:
        """How many processes the worker started: its executors."""
        return len(psutil.Process(self._processes[worker].pid).children())

    def kill_worker(self, worker: int) -> None:
        """SIGKILL, and its executors with it: as a machine that loses power."""
        _kill(self._processes[worker])

    def close(self) -> None:
        """End all."""
        for process in reversed(self._processes):
            _kill(process)

    def _start(self, name: str, *arguments: str) -> None:
        command = [str(_SPARK / "bin" / "spark-class"), f"org.apache.spark.deploy.{name}", *arguments]
        known = {"SPARK_HOME": str(_SPARK), "JAVA_HOME": str(java_home()), "SPARK_DAEMON_MEMORY": "256m"}
        environment = {**os.environ, **known, "SPARK_LOCAL_IP": LOOPBACK}
        with (self._folder / f"{name}-{len(self._processes)}.log").open("wb") as log:
            self._processes.append(subprocess.Popen(command, env=environment, stdout=log, stderr=log))

    def _master_answers(self) -> bool:
        with suppress(OSError), socket.create_connection((LOOPBACK, self._port), timeout=1):
            return True
        return False


def _kill(process: subprocess.Popen[bytes]) -> None:
    with suppress(psutil.NoSuchProcess):
        parent = psutil.Process(process.pid)
        for each in [*parent.children(recursive=True), parent]:
            with suppress(psutil.NoSuchProcess):
                each.kill()
    process.wait()


@contextmanager
def running_cluster(folder: Path, workers: int) -> Iterator[Cluster]:
    """A cluster with so many workers, until the end of the block."""
    folder.mkdir(parents=True)
    cluster = Cluster(folder)
    try:
        for _ in range(workers):
            cluster.add_worker()
        yield cluster
    finally:
        cluster.close()
