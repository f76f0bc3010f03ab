"""A copy of a lake is a lake. To another folder here; tests/integration/test_lake_in_store.py copies one to a store."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from zipotify.errors import MissingInputError, UsageError
from zipotify.home import Home
from zipotify.lake.load import load_files
from zipotify.lake.move import copy_lake
from zipotify.ops.ledger import check
from zipotify.settings import Settings, load_settings

EVENT = {"ts": 1541106106796, "sessionId": 5, "auth": "Logged In", "userId": "8", "level": "free", "success": True}


@pytest.fixture
def loaded(settings: Settings, tmp_path: Path) -> Settings:
    file = tmp_path / "auth_events.ndjson"
    file.write_text("\n".join(json.dumps({**EVENT, "itemInSession": item}) for item in range(20)))
    load_files(settings, [file], "recorded")
    return settings


def test_a_copy_has_what_the_lake_had(loaded: Settings, tmp_path: Path) -> None:
    other = Home(tmp_path / "other")
    files = [path for path in (loaded.home.root / "lake").rglob("*") if path.is_file()]
    assert copy_lake(loaded.home.lake, str(other.root / "lake")) == len(files)
    assert check(load_settings(other.root)).as_json()["rows"] == check(loaded).as_json()["rows"]


def test_a_lake_is_never_copied_over_something(loaded: Settings, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").touch()
    with pytest.raises(UsageError, match="not empty"):
        copy_lake(loaded.home.lake, str(tmp_path / "full"))
    with pytest.raises(MissingInputError, match="no lake"):
        copy_lake(tmp_path / "absent", str(tmp_path / "new"))
