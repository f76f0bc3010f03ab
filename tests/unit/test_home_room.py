"""A home that has reached its size takes nothing more in, says so, and goes on without loss when it may grow."""

from __future__ import annotations

from pathlib import Path

import pytest
from odd_records import bent

from support.lake import rows
from zipotify.contracts.fields import LISTEN_EVENTS
from zipotify.errors import HomeFullError
from zipotify.lake import load
from zipotify.lake.load import load_files
from zipotify.ops.ledger import check
from zipotify.settings import load_settings


def test_a_load_stops_at_the_limit_and_goes_on_where_it_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load, "CHUNK_RECORDS", 10)
    file = tmp_path / "listen_events.ndjson"
    file.write_bytes(b"\n".join(bent(sessionId=number) for number in range(40)))
    tight = load_settings(tmp_path / "home", home_max_bytes=2**20)
    (tmp_path / "home").mkdir()
    ballast = tmp_path / "home" / "ballast"
    ballast.write_bytes(b"x" * 2**20)
    with pytest.raises(HomeFullError, match=r"home_max_bytes allows 1,048,576"):
        load_files(tight, [file], "sim")
    assert check(tight).balanced
    ballast.unlink()
    load_files(tight, [file], "sim")
    assert len(rows(tight.home.lake, LISTEN_EVENTS)) == 40
    assert check(tight).balanced


def test_size_counts_every_file_once(tmp_path: Path) -> None:
    home = load_settings(tmp_path / "home").home
    (home.root / "a" / "b").mkdir(parents=True)
    (home.root / "a" / "one").write_bytes(b"1" * 10)
    (home.root / "a" / "b" / "two").write_bytes(b"2" * 5)
    assert home.size_bytes() == 15
    home.require_room(None)
    home.require_room(16)
    with pytest.raises(HomeFullError):
        home.require_room(15)
