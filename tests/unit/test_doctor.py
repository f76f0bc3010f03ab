"""`doctor`: each finding names what is wrong and what to do, and nothing is changed by looking."""

from __future__ import annotations

import socket
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from zipotify.errors import SetupError
from zipotify.ops import doctor
from zipotify.ops.doctor import Finding, examine
from zipotify.ops.supervisor import ProcessState
from zipotify.runtime.ports import any_free
from zipotify.settings import Settings, load_settings

_GIB = 2**30


@pytest.fixture(autouse=True)
def _a_machine_that_has_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "java_home", lambda: Path("/jdk"))
    monkeypatch.setattr(doctor, "java_version", lambda _home: 17)
    monkeypatch.setattr(doctor, "jar_paths", lambda _name: [Path("a.jar")])


def found(settings: Settings) -> dict[str, Finding]:
    return {finding.name: finding for finding in examine(settings)}


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def test_a_machine_that_has_all_is_fine_and_stays_as_it_is(tmp_path: Path) -> None:
    settings = load_settings(tmp_path / "home", kafka_port=any_free(), dashboard_port=any_free())
    findings = found(settings)
    assert [f.name for f in findings.values() if f.needed and not f.good] == []
    assert "not there yet" in findings["home"].detail
    assert not settings.home.root.exists()


def test_what_raises_becomes_a_finding(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def damaged(name: str) -> list[Path]:
        raise SetupError(f"1 of 45 {name} jars are damaged", "run `make setup`")

    monkeypatch.setattr(doctor, "jar_paths", damaged)
    finding = found(settings)["Kafka's jars"]
    assert finding.as_line() == "✗ Kafka's jars: 1 of 45 kafka jars are damaged\n    -> run `make setup`"


def test_a_taken_port_is_a_remark(tmp_path: Path, taken: int) -> None:
    finding = found(load_settings(tmp_path / "home", kafka_port=taken))["Kafka's port"]
    assert (finding.good, finding.needed) == (False, False)
    assert finding.as_line().startswith(f"! Kafka's port: {taken} is in use\n")


def test_an_external_broker_must_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zipotify.contracts.wire.require_broker.__defaults__", (0.5,))
    address = f"127.0.0.1:{any_free()}"
    finding = found(load_settings(tmp_path / "home", bootstrap_servers=address))["broker"]
    assert (finding.good, finding.needed) == (False, True)
    assert address in finding.detail


def test_a_place_where_one_may_not_write_cannot_be_a_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.os, "access", lambda path, _mode: path != tmp_path)
    finding = found(load_settings(tmp_path / "home"))["home"]
    assert (finding.good, finding.needed) == (False, True)
    assert str(tmp_path) in finding.to_do


@pytest.mark.parametrize(("free_gib", "good"), [(0.5, False), (500, True)])
def test_disk_and_memory(settings: Settings, monkeypatch: pytest.MonkeyPatch, free_gib: float, good: bool) -> None:
    usage = namedtuple("usage", "free")
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _path: usage(free_gib * _GIB))
    monkeypatch.setattr(doctor.psutil, "virtual_memory", lambda: SimpleNamespace(available=free_gib * _GIB))
    findings = found(settings)
    assert (findings["disk"].good, findings["disk"].needed) == (good, True)
    assert (findings["memory"].good, findings["memory"].needed) == (good, False)


def test_a_package_of_another_version_is_named(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    metadata = doctor.importlib.metadata
    wanted = ["orjson>=3", "polars==0.0.1", 'no-such-one[x]==2; a == "b"']
    monkeypatch.setattr(metadata, "requires", lambda _name: wanted)
    finding = found(settings)["packages"]
    assert not finding.good
    assert "polars is" in finding.detail
    assert "no-such-one is missing, not 2" in finding.detail
    assert "orjson" not in finding.detail


def test_parts_that_the_supervisor_gave_up_are_named(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.home.root.mkdir()
    states = {name: ProcessState(name, state, 0, 0, "") for name, state in (("stream", "FATAL"), ("broker", "RUNNING"))}
    monkeypatch.setattr(doctor.Supervisor, "states", lambda _self: states)
    finding = found(settings)["supervisor"]
    assert (finding.good, finding.detail) == (False, "stream is FATAL")


def test_no_secret_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZIPOTIFY_SERVING_URL", "postgresql://u:hunter2@db/x")
    shown = "".join(f"{f.as_line()}{f.as_dict()}" for f in examine(load_settings(tmp_path / "home")))
    assert "hunter2" not in shown
