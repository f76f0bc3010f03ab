"""What a newcomer does wrong: each mistake is told in one or two lines, with the right exit code and no traceback."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.command import zipotify
from zipotify.home import Home
from zipotify.runtime.ports import any_free

pytestmark = pytest.mark.e2e


def said(home: Path, *arguments: str, code: int, **extra: str) -> str:
    """What the command says of a mistake: one line or two, on standard error alone."""
    done = zipotify(home, *arguments, code=code, **extra)
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    lines = done.stderr.strip().splitlines()
    assert 1 <= len(lines) <= 2, done.stderr
    assert lines[0].startswith("zipotify: ")
    assert len(lines) == 1 or lines[1].startswith("  -> "), done.stderr
    return done.stderr


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def events(tmp_path: Path) -> Path:
    file = tmp_path / "listen_events.ndjson"
    file.write_text("{}\n")
    return file


@pytest.fixture
def taken() -> Iterator[str]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield str(server.getsockname()[1])


@pytest.mark.parametrize(
    ("arguments", "name"),
    [(["fly"], "fly"), (["load", "--fast"], "--fast"), (["load"], "FILE"), (["ledger", "--format", "xml"], "xml")],
)
def test_a_call_that_does_not_exist_is_named_and_help_is_near(home: Path, arguments: list[str], name: str) -> None:
    done = zipotify(home, *arguments, code=2)
    assert name in done.stderr
    assert "-h" in done.stderr
    assert "Traceback" not in done.stderr
    assert not home.exists()


def test_an_unclear_file_is_named_before_anything_is_begun(home: Path, tmp_path: Path) -> None:
    assert "nowhere.json" in said(home, "load", "nowhere.json", code=2)
    assert "nowhere.json" in said(home, "replay", "nowhere.json", code=2)
    (tmp_path / "things.json").write_text('{"a": 1}\n')
    words = said(home, "replay", str(tmp_path / "things.json"), code=2)
    assert "things.json" in words
    assert "--topic" in words
    assert not home.exists()


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("kafka_prot = 9092", ["kafka_prot", "zipotify.toml", "kafka_port"]),
        ("kafka_port = 99999", ["kafka_port", "zipotify.toml", "65535"]),
        ("kafka_port 9092", ["zipotify.toml", "line 1"]),
    ],
)
def test_a_wrong_configuration_names_key_file_and_what_is_allowed(home: Path, text: str, named: list[str]) -> None:
    home.mkdir()
    (home / "zipotify.toml").write_text(text)
    words = said(home, "status", code=2)
    assert all(name in words for name in named), words


def test_a_wrong_variable_is_named(home: Path) -> None:
    words = said(home, "doctor", code=2, ZIPOTIFY_LOG_LEVEL="LOUD")
    assert "ZIPOTIFY_LOG_LEVEL" in words
    assert "'DEBUG'" in words


def test_a_home_that_cannot_be_one_is_named(home: Path) -> None:
    home.touch()
    assert str(home) in said(home, "down", code=2)
    assert str(home) in said(home / "inside", "build", code=1)


@pytest.mark.parametrize("verb", ["status", "ledger"])
def test_no_home_is_not_an_empty_home(home: Path, verb: str) -> None:
    assert f"no home at {home}" in said(home, verb, code=2)
    assert not home.exists()


def test_a_taken_port_is_named(home: Path, taken: str) -> None:
    assert f"port {taken}" in said(home, "broker", "--port", taken, code=1)


def test_a_broker_that_does_not_answer_is_named(home: Path, events: Path) -> None:
    address = f"127.0.0.1:{any_free()}"
    assert address in said(home, "replay", str(events), "--bootstrap-servers", address, code=1)


def test_a_home_in_use_names_who_uses_it(home: Path, events: Path) -> None:
    with Home(home).lock("lake"):
        words = said(home, "load", str(events), code=1)
    assert f"process {os.getpid()}" in words
    assert str(home) in words


def test_damaged_jars_are_told_before_anything_starts(home: Path, tmp_path: Path) -> None:
    """`up` on a machine without jars: what is missing, where, and what to run."""
    java = tmp_path / "jdk"
    (java / "bin").mkdir(parents=True)
    (java / "bin" / "java").touch(mode=0o755)
    (java / "release").write_text('JAVA_VERSION="17.0.1"\n')
    cache = {"ZIPOTIFY_CACHE": str(tmp_path / "cache"), "JAVA_HOME": str(java)}
    words = said(home, "up", code=1, **cache)
    assert "kafka jars are missing or damaged" in words
    assert "make setup" in words


def test_asking_for_what_is_not_there_yet_says_how_to_get_it(home: Path) -> None:
    assert "zipotify build" in said(home, "query", "select 1", code=1)


def test_an_engine_that_starts_from_nothing_is_not_for_watching(home: Path) -> None:
    assert "--watch" in said(home, "build", "--watch", "--engine", "spark", code=2)


@pytest.mark.parametrize(
    ("flag", "value"),
    [
        ("--project", "My Project"),
        ("--dataset", "my-dataset"),
        ("--data-url", "s3://bucket"),
        ("--data-url", "gs://b/*"),
    ],
)
def test_what_bigquery_would_refuse_is_named(home: Path, tmp_path: Path, flag: str, value: str) -> None:
    good = {"--project": "a-project", "--dataset": "a_dataset", "--data-url": "gs://a-bucket/path"}
    flags = [word for pair in (good | {flag: value}).items() for word in pair]
    words = said(home, "bigquery", str(tmp_path / "out"), *flags, code=2)
    assert flag in words
    assert value in words
    flags = [word for pair in good.items() for word in pair]
    assert f"no home at {home}" in said(home, "bigquery", str(tmp_path / "out"), *flags, code=2)
    home.mkdir()
    assert f"{tmp_path} is there already" in said(home, "bigquery", str(tmp_path), *flags, code=2)


def test_down_without_anything_running_is_no_error(home: Path) -> None:
    assert "nothing runs" in zipotify(home, "down").stdout
    home.mkdir()
    assert "nothing runs" in zipotify(home, "down").stdout


def test_doctor_tells_what_is_wrong_and_fails(home: Path, tmp_path: Path) -> None:
    done = zipotify(home, "doctor", "--format", "json", code=1, ZIPOTIFY_CACHE=str(tmp_path / "cache"))
    needed = [finding for finding in json.loads(done.stdout) if finding["needed"]]
    wrong = {finding["name"]: finding for finding in needed if not finding["good"]}
    assert {"Kafka's jars", "Spark's jars"} <= wrong.keys()
    assert all(finding["to_do"] for finding in wrong.values())
    assert done.stderr == ""
    assert not home.exists(), "doctor changes nothing"


def test_output_that_nobody_reads_is_no_traceback() -> None:
    """`zipotify --help | head -1` closes the pipe early."""
    call = f'"{sys.executable}" -m zipotify --help | head -1'
    done = subprocess.run(["sh", "-c", call], capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
