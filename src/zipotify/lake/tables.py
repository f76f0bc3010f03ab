"""Create the lake's Delta tables, and hold stored ones against the contract."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
from deltalake import DeltaTable

from zipotify.contracts.schemas import arrow_schema
from zipotify.contracts.tables import TABLES, Table
from zipotify.errors import ContractError


def ensure_tables(lake: Path) -> None:
    """Create what is missing, empty; raises ContractError when a stored table does not fit its contract."""
    for table in TABLES.values():
        path = lake / table.path
        if DeltaTable.is_deltatable(str(path)):
            _check_schema(table, path)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            DeltaTable.create(str(path), arrow_schema(table), mode="ignore", partition_by=list(table.partition_by))


def _check_schema(table: Table, path: Path) -> None:
    stored = {field.name: field.type for field in pa.schema(DeltaTable(str(path)).schema().to_arrow())}
    for field in arrow_schema(table):
        found = stored.get(field.name)
        if found is None or not _same_type(found, field.type):
            what = "is missing" if found is None else f"is stored as {found}"
            raise ContractError(
                f"table {table.name} at {path}: column '{field.name}' {what}, the contract says {field.type}",
                "use a new home, or migrate the table before you start",
            )


def _same_type(stored: pa.DataType, wanted: pa.DataType) -> bool:
    """Strings and binaries of any width are one type to Delta."""
    text = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
    data = (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_binary_view)
    return stored == wanted or any(_any(kind, stored) and _any(kind, wanted) for kind in (text, data))


def _any(tests: tuple[object, ...], kind: pa.DataType) -> bool:
    return any(test(kind) for test in tests)  # type: ignore[operator]
