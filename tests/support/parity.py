"""Whether two engines made the same table."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

_CLOSE = 1e-9
"""Engines add fractions up in orders of their own, and take roots and logarithms in their own ways."""
NAMES = "select table_name from information_schema.tables where table_schema = ? order by table_name"
"""Tables and views of a schema in DuckDB."""


def difference(name: str, expected: pa.Table, found: pa.Table) -> list[str]:
    """What is not the same, in words; nothing when all is."""
    if expected.column_names != found.column_names:
        return [f"{name}: columns {expected.column_names} and {found.column_names}"]
    kinds = [(_kind(a.type), _kind(b.type)) for a, b in zip(expected.schema, found.schema, strict=True)]
    said = [f"{name}.{expected.column_names[n]}: {a} and {b}" for n, (a, b) in enumerate(kinds) if a != b]
    if expected.num_rows != found.num_rows:
        return [*said, f"{name}: {expected.num_rows} and {found.num_rows} rows"]
    for one, other in zip(_rows(expected), _rows(found), strict=True):
        wrong = [n for n, (a, b) in enumerate(zip(one, other, strict=True)) if not _same(a, b)]
        if wrong:
            return [*said, f"{name}: {expected.column_names} {one} and {other} differ in {wrong}"]
    return said


def _kind(type_: pa.DataType) -> str:
    """Types that hold the same: an engine may count in 64 bits what another one counts in 128."""
    if pa.types.is_integer(type_) or pa.types.is_decimal(type_):
        return "whole"
    if pa.types.is_null(type_) or pa.types.is_string(type_) or pa.types.is_large_string(type_):
        return "text"
    return "instant" if pa.types.is_timestamp(type_) else str(type_)


def _rows(table: pa.Table) -> list[tuple[Any, ...]]:
    """Rows in the order of what is exact in them."""
    columns = [[_plain(value) for value in column.to_pylist()] for column in table.columns]
    exact = [n for n, field in enumerate(table.schema) if not pa.types.is_floating(field.type)]
    return sorted(zip(*columns, strict=True), key=lambda row: [(row[n] is not None, str(row[n])) for n in exact])


def _plain(value: Any) -> Any:
    return value.astimezone(UTC).replace(tzinfo=None) if isinstance(value, datetime) and value.tzinfo else value


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=_CLOSE, abs_tol=_CLOSE)
    return bool(one == other)
