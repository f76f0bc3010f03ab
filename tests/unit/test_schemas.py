"""Schemas are derived from the contracts and agree with each other; nobody else spells them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pyarrow as pa
import pytest
import yaml
from odd_records import odd_records

from zipotify.contracts import dialect, fields
from zipotify.contracts.decode import Limits, Refusal, decode
from zipotify.contracts.fields import EVENTS, LISTEN_EVENTS, TOPICS, EventContract
from zipotify.contracts.reasons import Reason
from zipotify.contracts.schemas import arrow_schema, dbt_sources, json_schema, spark_wire_schema
from zipotify.contracts.tables import BRONZE, PRIVATE_FIELDS, TABLES, USERS_PRIVATE, Table
from zipotify.warehouse.sources import project_folder, sources_yaml

PROJECT = Path(__file__).parents[2]
NOW_MS = 1_800_000_000_000


@pytest.mark.parametrize("contract", EVENTS.values(), ids=TOPICS)
def test_a_field_is_either_in_bronze_or_personal(contract: EventContract) -> None:
    columns = {column.name for column in BRONZE[contract.topic].columns}
    for field in contract.fields:
        assert field.is_personal is (field.column not in columns)
        assert field.is_personal is (field.name in PRIVATE_FIELDS)


def test_fields_of_one_name_have_one_type_and_meaning() -> None:
    """All topics are parsed by one schema, and a column means the same wherever it stands."""
    kinds: dict[str, set[tuple[str, str | None, str]]] = {}
    for contract in EVENTS.values():
        for field in contract.fields:
            kinds.setdefault(field.name, set()).add((field.kind, field.column, field.doc))
    assert {name: found for name, found in kinds.items() if len(found) > 1} == {}


def test_personal_columns_are_marked_and_lie_in_two_tables_only() -> None:
    """Bronze's `extra`, where it is there, is marked too: nobody knows what an unknown field holds."""
    personal = {(table.name, column.name) for table in TABLES.values() for column in table.columns if column.personal}
    expected = {(USERS_PRIVATE.name, column) for column in PRIVATE_FIELDS.values()} | {("quarantine", "value")}
    assert personal - {(topic, "extra") for topic in EVENTS} == expected


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_columns_are_snake_case_once_and_documented(table: Table) -> None:
    names = [column.name for column in table.columns]
    assert len(names) == len(set(names))
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", name) for name in names)
    assert all(column.doc for column in table.columns)
    assert set(table.partition_by) <= set(names)


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_arrow_keeps_order_types_and_nulls(table: Table) -> None:
    schema = arrow_schema(table)
    assert schema.names == [column.name for column in table.columns]
    assert [field.nullable for field in schema] == [column.nullable for column in table.columns]
    instants = {field.type for field in schema if field.name.endswith("_at")}
    assert instants <= {pa.timestamp("us", tz="UTC")}


def test_spark_reads_exactly_the_wire_fields_and_what_does_not_fit() -> None:
    schema = spark_wire_schema(EVENTS[LISTEN_EVENTS])
    assert schema.names == [field.name for field in EVENTS[LISTEN_EVENTS].fields] + ["_corrupt"]
    types = {field.name: field.dataType.simpleString() for field in schema}
    expected = {"ts": "bigint", "itemInSession": "int", "duration": "double", "userId": "string", "_corrupt": "string"}
    assert {name: types[name] for name in expected} == expected


def test_json_schema_accepts_what_the_validator_accepts() -> None:
    """For the zoo of odd records: a schema cannot say everything, but it must not refuse a sound event."""
    contract = EVENTS[LISTEN_EVENTS]
    checker = jsonschema.Draft202012Validator(json_schema(contract))
    checker.check_schema(json_schema(contract))
    sound_count = refused_count = 0
    for raw in odd_records():
        verdict = decode(contract, raw, NOW_MS, Limits())
        if not isinstance(verdict, Refusal):
            value = {name: given for name, given in json.loads(raw).items() if given != ""}
            assert list(checker.iter_errors(value)) == []
            sound_count += 1
        elif verdict.reason is Reason.MISSING_FIELD and isinstance(value := json.loads(raw), dict):
            bare = {name: given for name, given in value.items() if given not in (None, "")}
            assert not checker.is_valid(bare)
            refused_count += 1
    assert sound_count > 10
    assert refused_count > 2


def test_dbt_sources_list_every_column_of_every_table() -> None:
    (source,) = dbt_sources(list(TABLES.values()))["sources"]
    listed: dict[str, Any] = {table["name"]: [c["name"] for c in table["columns"]] for table in source["tables"]}
    assert listed == {name: [column.name for column in table.columns] for name, table in TABLES.items()}


def test_the_dbt_projects_sources_are_the_generated_ones() -> None:
    """Write them anew with `python -m zipotify.warehouse.sources`."""
    file = project_folder() / "models" / "staging" / "sources.yml"
    assert file.read_text() == sources_yaml()
    tables = [table["name"] for table in yaml.safe_load(sources_yaml())["sources"][0]["tables"]]
    assert set(TOPICS) < set(tables)
    assert not {"users_private", "quarantine"} & set(tables), "models must not read personal tables"


def _vendor_names() -> list[str]:
    """Wire names in the vendor's camelCase."""
    wire = {field.name for contract in fields.EVENTS.values() for field in contract.fields}
    found = sorted(name for name in wire if name != name.lower())
    assert "itemInSession" in found
    return found


def test_the_warehouse_knows_no_vendor_spelling() -> None:
    names = re.compile("|".join(rf"\b{name}\b" for name in _vendor_names()))
    found = [
        f"{file.name}: {line.strip()}"
        for pattern in ("*.sql", "*.yml")
        for file in (PROJECT / "dbt").rglob(pattern)
        if "target" not in file.parts
        for line in file.read_text().splitlines()
        if names.search(line)
    ]
    assert found == []


def test_only_who_meets_events_on_the_wire_spells_vendor_names() -> None:
    """contracts define them, the simulator writes them, the stream and the static path read them."""
    names = re.compile("|".join(rf'["\'`]{name}["\'`]' for name in _vendor_names()))
    package = Path(dialect.__file__).parents[1]
    spelling = {file.relative_to(package).parts[0] for file in package.rglob("*.py") if names.search(file.read_text())}
    assert spelling <= {"contracts", "simulate", "stream", "lake"}
