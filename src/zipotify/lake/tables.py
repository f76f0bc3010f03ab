"""Create the lake's Delta tables, let them grow with the contract, and refuse a contract that they do not fit."""

from __future__ import annotations

import json

import pyarrow as pa
from deltalake import DeltaTable, Schema

from zipotify.contracts.schemas import arrow_schema
from zipotify.contracts.tables import BRONZE, TABLES, Table
from zipotify.contracts.versions import Document, compare, document
from zipotify.errors import ContractError
from zipotify.places import Folder, replace_text

CONTRACT_FILE = "contract.json"
"""In the lake's folder: the contract that its tables were last written by."""
_SETTINGS = {"delta.checkpointInterval": "30"}
_BRONZE_SETTINGS = {"delta.dataSkippingStatsColumns": "event_at,produced_at,kafka_offset"}
"""Delta keeps smallest and largest values of these; of hashes and names they would cost time and skip nothing."""


def ensure_tables(lake: Folder) -> None:
    """Create what is missing, empty, and add columns that the contract got.

    Raises ContractError when the contract changed in a way that stored data does not fit, before anything is touched.
    """
    _require_fit(lake)
    for table in TABLES.values():
        path = lake / table.path
        if DeltaTable.is_deltatable(str(path)):
            _grow(table, path)
        else:
            _create(table, path)
    _write_contract(lake)


def stored_contract(lake: Folder) -> Document | None:
    """The contract that the lake was last written by; None where there is no lake yet."""
    try:
        stored: Document = json.loads((lake / CONTRACT_FILE).read_text())
    except FileNotFoundError:
        return None
    return stored


def _require_fit(lake: Folder) -> None:
    stored = stored_contract(lake)
    breaking = [change for change in compare(stored, document()) if not change.fits] if stored else []
    if stored and breaking:
        listed = "; ".join(change.as_line().removeprefix("BREAKING: ") for change in breaking[:5])
        raise ContractError(
            f"contract {document()['version']} does not fit the lake {lake}, written by {stored['version']}: {listed}",
            "use the contract that the lake was written by, or a new home; `zipotify contracts diff lake current`"
            " lists every change",
        )


def _create(table: Table, path: Folder) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    settings = _SETTINGS | (_BRONZE_SETTINGS if table.name in BRONZE else {})
    partitions = list(table.partition_by)
    DeltaTable.create(
        str(path), arrow_schema(table), mode="ignore", partition_by=partitions, configuration=dict(settings)
    )


def _grow(table: Table, path: Folder) -> None:
    """Add columns that are new and may be null; raises ContractError for any other difference."""
    delta = DeltaTable(str(path))
    stored = {field.name: field.type for field in pa.schema(delta.schema().to_arrow())}
    missing = []
    for field in arrow_schema(table):
        found = stored.get(field.name)
        if found is None and field.nullable:
            missing.append(field)
        elif found is None or not _same_type(found, field.type):
            raise _does_not_fit(table, path, field, found)
    if missing:
        delta.alter.add_columns(Schema.from_arrow(pa.schema(missing)).fields)


def _does_not_fit(table: Table, path: Folder, field: pa.Field, found: pa.DataType | None) -> ContractError:
    what = "is missing" if found is None else f"is stored as {found}"
    return ContractError(
        f"table {table.name} at {path}: column '{field.name}' {what}, the contract says {field.type}",
        "use a new home, or the contract that the table was written by",
    )


def _write_contract(lake: Folder) -> None:
    text = json.dumps(document(), indent=1) + "\n"
    path = lake / CONTRACT_FILE
    if not path.exists() or path.read_text() != text:
        replace_text(path, text)


def _same_type(stored: pa.DataType, wanted: pa.DataType) -> bool:
    """Strings and binaries of any width are one type to Delta."""
    text = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
    data = (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_binary_view)
    return stored == wanted or any(_any(kind, stored) and _any(kind, wanted) for kind in (text, data))


def _any(tests: tuple[object, ...], kind: pa.DataType) -> bool:
    return any(test(kind) for test in tests)  # type: ignore[operator]
