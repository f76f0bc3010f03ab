"""Changes of the contract: which fit stored data, and that the others are refused before anything is touched."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import DeltaTable

from support.command import zipotify
from support.lake import table
from zipotify.contracts.fields import EVENTS, LISTEN_EVENTS
from zipotify.contracts.schemas import arrow_schema
from zipotify.contracts.tables import TABLES
from zipotify.contracts.versions import compare, document
from zipotify.errors import ContractError
from zipotify.lake import ensure_tables
from zipotify.lake.load import load_files
from zipotify.lake.tables import CONTRACT_FILE, stored_contract
from zipotify.settings import Settings

_NEW = {"type": "string", "column": "mood", "required": False, "since": "1.1"}


def _changed(**fields: dict[str, Any] | None) -> dict[str, Any]:
    """The contract with listen events' fields changed, or (None) taken away."""
    changed = deepcopy(document())
    listens = changed["events"][LISTEN_EVENTS]
    listens.update({name: field for name, field in fields.items() if field is not None})
    changed["events"][LISTEN_EVENTS] = {name: listens[name] for name in listens if fields.get(name, 1) is not None}
    return changed


_DURATION = document()["events"][LISTEN_EVENTS]["duration"]


@pytest.mark.parametrize(
    ("fields", "fits", "words"),
    [
        ({"mood": _NEW}, True, "listen_events.mood is new, optional, of type string"),
        ({"mood": {**_NEW, "required": True}}, False, "is new and required"),
        ({"duration": None}, False, "duration is gone"),
        ({"duration": {**_DURATION, "type": "string"}}, False, "changes its type from double to string"),
        ({"duration": {**_DURATION, "required": True}}, False, "was optional and becomes required"),
        ({"duration": {**_DURATION, "column": None}}, False, "moves from duration_s to users_private only"),
    ],
)
def test_what_fits(fields: dict[str, Any], fits: bool, words: str) -> None:
    (change,) = compare(document(), _changed(**fields))
    assert change.fits is fits
    assert words in change.as_line()
    assert compare(document(), document()) == []


def test_a_lake_of_another_type_is_refused_before_anything_is_touched(settings: Settings) -> None:
    ensure_tables(settings.home.lake)
    assert stored_contract(settings.home.lake) == document()
    other = _changed(duration={**_DURATION, "type": "string"})
    (settings.home.lake / CONTRACT_FILE).write_text(json.dumps(other))
    with pytest.raises(ContractError, match=r"listen_events.duration changes its type from string to double"):
        ensure_tables(settings.home.lake)
    assert stored_contract(settings.home.lake) == other


def test_a_stored_column_of_another_type_is_refused(settings: Settings) -> None:
    columns = [pa.field(f.name, pa.string() if f.name == "duration_s" else f.type) for f in _listen_schema()]
    path = settings.home.lake / TABLES[LISTEN_EVENTS].path
    DeltaTable.create(str(path), pa.schema(columns), partition_by=["event_date"])
    with pytest.raises(ContractError, match=r"column 'duration_s' is stored as .*, the contract says double"):
        ensure_tables(settings.home.lake)


def _listen_schema() -> pa.Schema:
    return arrow_schema(TABLES[LISTEN_EVENTS])


def test_a_lake_of_an_older_contract_gets_the_new_column_and_goes_on(settings: Settings, tmp_path: Path) -> None:
    older = pa.schema([field for field in _listen_schema() if field.name not in ("track_id", "extra")])
    path = settings.home.lake / TABLES[LISTEN_EVENTS].path
    DeltaTable.create(str(path), older, partition_by=["event_date"])
    old_contract = deepcopy(document())
    del old_contract["events"][LISTEN_EVENTS]["track_id"]
    (settings.home.lake / CONTRACT_FILE).write_text(json.dumps(old_contract))
    file = tmp_path / "listen_events.ndjson"
    event = {"ts": 1_704_067_238_000, "sessionId": 1, "itemInSession": 0, "auth": "Guest", "level": "free"}
    event |= {"artist": "A", "song": "B", "track_id": "ZT1", "mood": "happy"}
    file.write_text(json.dumps(event) + "\n")
    load_files(settings, [file], "sim")
    (row,) = table(settings.home.lake, LISTEN_EVENTS).to_dicts()
    assert (row["track_id"], row["extra"], row["artist"]) == ("ZT1", '{"mood":"happy"}', "A")
    assert stored_contract(settings.home.lake) == document()


def test_a_field_that_came_later_makes_no_conflict_of_a_repeat() -> None:
    contract = EVENTS[LISTEN_EVENTS]
    assert {field.name for field in contract.hashed_fields} == {
        field.name for field in contract.bronze_fields if field.since == "1.0"
    }


def test_the_command_names_each_change_and_its_code_tells_breaking_ones(tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    other.write_text(json.dumps(_changed(mood=_NEW, duration={**_DURATION, "type": "long"})))
    done = zipotify(tmp_path / "home", "contracts", "diff", "current", str(other), code=1)
    assert done.stdout.splitlines() == [
        "BREAKING: listen_events.duration changes its type from double to long",
        "compatible: listen_events.mood is new, optional, of type string",
    ]
    shown = zipotify(tmp_path / "home", "contracts", "show").stdout
    assert json.loads(shown) == document()
    assert "there is no lake" in zipotify(tmp_path / "home", "contracts", "show", "lake", code=2).stderr
    other.write_text("{}")
    assert "is no contract" in zipotify(tmp_path / "home", "contracts", "show", str(other), code=2).stderr
