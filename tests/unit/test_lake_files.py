"""Files of the lake: merged and removed without touching a row; a table's past can be listed and gone back to."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from deltalake import DeltaTable
from odd_records import bent

from support.command import zipotify
from support.lake import rows
from zipotify.contracts.fields import LISTEN_EVENTS
from zipotify.contracts.tables import TABLES
from zipotify.errors import MissingInputError, UsageError
from zipotify.lake import files
from zipotify.lake.load import load_files
from zipotify.ops.ledger import check
from zipotify.settings import Settings

_LISTENS = TABLES[LISTEN_EVENTS]


@pytest.fixture
def home(settings: Settings, tmp_path: Path) -> Settings:
    """Four loads, so four small files in one day's partition."""
    for session in range(4):
        file = tmp_path / "listen_events.ndjson"
        file.write_bytes(bent(sessionId=session))
        load_files(settings, [file], "sim")
    return settings


def _file_count(settings: Settings) -> int:
    return len(DeltaTable(str(settings.home.lake / _LISTENS.path)).file_uris())


def test_compaction_and_vacuum_change_files_and_no_row(home: Settings) -> None:
    before = rows(home.home.lake, LISTEN_EVENTS)
    assert _file_count(home) == 4
    assert files.compact(home.home.lake, [_LISTENS], at_least=5) == []
    (done,) = files.compact(home.home.lake, [_LISTENS])
    assert (done.files_before, done.files_after) == (4, 1)
    assert files.vacuum(home.home.lake, [_LISTENS], retain_hours=168) == {LISTEN_EVENTS: 0}
    assert files.vacuum(home.home.lake, [_LISTENS], retain_hours=0, dry_run=True) == {LISTEN_EVENTS: 4}
    assert files.vacuum(home.home.lake, [_LISTENS], retain_hours=0) == {LISTEN_EVENTS: 4}
    assert rows(home.home.lake, LISTEN_EVENTS) == before
    assert check(home).balanced


def test_the_past_can_be_gone_back_to_and_the_ledger_says_what_is_missing(home: Settings) -> None:
    versions = files.history(home.home.lake, _LISTENS, 20)
    assert [version["version"] for version in versions] == [4, 3, 2, 1, 0]
    assert files.restore(home.home.lake, _LISTENS, 2) == 5
    assert len(rows(home.home.lake, LISTEN_EVENTS)) == 2
    report = check(home)
    assert not report.balanced
    assert sum(row.difference for row in report.rows) == 2
    files.restore(home.home.lake, _LISTENS, 4)
    assert check(home).balanced


def test_a_version_that_is_gone_is_told(home: Settings) -> None:
    with pytest.raises(MissingInputError, match="cannot go back to 99"):
        files.restore(home.home.lake, _LISTENS, 99)
    with pytest.raises(UsageError, match="unknown table 'plays'"):
        files.named_tables(home.home.lake, "plays")
    with pytest.raises(MissingInputError):
        files.named_tables(home.home.root / "elsewhere", None)


def test_the_command(home: Settings) -> None:
    root = home.home.root
    assert zipotify(root, "lake", "compact", "--table", LISTEN_EVENTS).stdout == "listen_events: 4 files became 1\n"
    versions = json.loads(zipotify(root, "lake", "history", LISTEN_EVENTS, "--format", "json").stdout)
    assert versions[0]["operation"] == "OPTIMIZE"
    assert "either --version or --at" in zipotify(root, "lake", "restore", LISTEN_EVENTS, code=2).stderr
