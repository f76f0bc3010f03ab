"""Delta tables as plain rows, without the columns that say where and when a record came in; and a few rows to load."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from zipotify.contracts.fields import AUTH_EVENTS
from zipotify.contracts.tables import BRONZE, TABLES, WHERE_FROM
from zipotify.lake.load import load_files
from zipotify.places import Folder, StoreFolder
from zipotify.settings import Settings
from zipotify.warehouse.duckdb_lake import prepare_connection

_WHERE_FROM = {column.name for column in WHERE_FROM} - {"source"}


def table(lake: Folder, name: str) -> pl.DataFrame:
    """One lake table, all columns."""
    return pl.read_delta(str(lake / TABLES[name].path))


def rows(lake: Folder, name: str) -> list[dict[str, Any]]:
    """One lake table's rows without where-from columns, in a fixed order."""
    frame = table(lake, name)
    kept = frame.select([column for column in frame.columns if column not in _WHERE_FROM])
    return kept.sort(kept.columns[0]).to_dicts()


def load_sign_ins(settings: Settings, folder: Path, sessions: range) -> None:
    """Two sign-ins a session, without Kafka and Spark."""
    folder.mkdir()
    base = {"ts": 1541106106796, "auth": "Logged In", "userId": "8", "level": "free", "success": True}
    events = [{**base, "sessionId": number, "itemInSession": item} for number in sessions for item in (0, 1)]
    (folder / "auth_events.ndjson").write_text("\n".join(map(json.dumps, events)))
    load_files(settings, [folder], "recorded")


def counted_by_duckdb(address: str) -> tuple[int, int]:
    """Sign-ins of a lake in a store and their sessions, read as a build reads them."""
    with duckdb.connect() as connection:
        prepare_connection(connection, address)
        found = f"delta_scan('{address}/{BRONZE[AUTH_EVENTS].path}')"
        row = connection.execute(f"select count(*), count(distinct session_id) from {found}").fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


def assert_asked_like_a_folder(address: str) -> None:
    """A place in a store, where nothing is yet, answers as `pathlib.Path` does."""
    folder = StoreFolder(address)
    assert not folder.exists()
    (folder / "a" / "b.json").write_text(json.dumps({"ü": 1}))
    assert (folder / "a").is_dir()
    assert [found.name for found in folder.iterdir()] == ["a"]
    file = next(iter((folder / "a").iterdir()))
    assert (file.name, file.parent, file.is_file()) == ("b.json", folder / "a", True)
    assert json.loads(file.read_text()) == {"ü": 1}
    file.unlink()
    with pytest.raises(FileNotFoundError):
        file.read_bytes()
