"""Verbs in this process: what they print, in which form, and their exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable
from odd_records import bent
from typer.testing import CliRunner, Result

from zipotify import cli
from zipotify.cli import application, main
from zipotify.contracts.tables import TABLES
from zipotify.errors import BuildError, UsageError


def run(home: Path, *arguments: str, code: int = 0) -> Result:
    done = CliRunner().invoke(application(), ["--home", str(home), *arguments])
    assert done.exit_code == code, (done.output, done.exception)
    return done


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def events(tmp_path: Path) -> Path:
    file = tmp_path / "listen_events.ndjson"
    file.write_bytes(b"\n".join([bent(), bent(), b"nope", bent(itemInSession=1)]))
    return file


def test_load_says_what_became_of_the_records(home: Path, events: Path) -> None:
    lines = run(home, "load", str(events)).stdout.splitlines()
    assert lines[0].startswith("read 4: 2 new, 1 repeats, 1 refused (load ")
    assert lines[1:] == ["  NOT_JSON: 1 (kept in quarantine)"]


def test_ledger_prints_the_same_books_to_people_and_programs(home: Path, events: Path) -> None:
    run(home, "load", str(events))
    report = json.loads(run(home, "ledger", "--format", "json").stdout)
    assert report["balanced"] is True
    assert [row["produced"] for row in report["rows"]] == [4]
    text = run(home, "ledger").stdout
    assert "balanced: 4 produced, Kafka not used" in text
    assert "listen_events" in text


def test_ledger_fails_when_it_does_not_balance(home: Path, events: Path) -> None:
    run(home, "load", str(events))
    DeltaTable(str(home / "lake" / TABLES["repeats"].path)).delete()
    assert json.loads(run(home, "ledger", "--format", "json", code=1).stdout)["balanced"] is False
    assert "DOES NOT BALANCE" in run(home, "ledger", code=1).stdout


def test_the_home_may_stand_before_or_after_the_verb(home: Path, events: Path) -> None:
    run(home, "load", str(events))
    after = CliRunner().invoke(application(), ["ledger", "--home", str(home), "--format", "json"])
    assert json.loads(after.stdout)["rows"] == json.loads(run(home, "ledger", "--format", "json").stdout)["rows"]


def test_status_of_a_home_where_nothing_runs(home: Path, events: Path) -> None:
    run(home, "load", str(events))
    status = json.loads(run(home, "status", "--format", "json", code=1).stdout)
    assert (status["supervised"], status["healthy"]) == (False, False)
    assert {part["state"] for part in status["parts"]} == {"stopped"}
    assert "`zipotify up` does not run here" in run(home, "status", code=1).stdout


def _fails(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def application(_named: list[str]) -> Any:
        def call() -> None:
            raise error

        return call

    monkeypatch.setattr(cli, "application", application)


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (UsageError("wrong", "do this"), 2, "zipotify: wrong\n  -> do this\n"),
        (BuildError("broke"), 1, "zipotify: broke\n"),
        (PermissionError(13, "Permission denied", "/x"), 1, "zipotify: /x: Permission denied\n"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_errors_become_lines_and_exit_codes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: BaseException, code: int, words: str
) -> None:
    _fails(monkeypatch, error)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == code
    assert capsys.readouterr().err.startswith(words)


@pytest.mark.parametrize("error", [ValueError("a bug"), OSError("of no file")])
def test_a_fault_of_ours_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    _fails(monkeypatch, error)
    with pytest.raises(type(error)):
        main()
