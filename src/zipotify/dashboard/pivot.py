"""Grouping and pivoting a table without writing SQL: what is chosen, as the SQL that does it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from zipotify.dashboard.catalogue import TableInfo
from zipotify.dashboard.scope import literal
from zipotify.errors import QueryError

MEASURES = {
    "rows": "Number of rows",
    "distinct": "Distinct values of",
    "sum": "Sum of",
    "avg": "Average of",
    "min": "Smallest of",
    "max": "Largest of",
}
MOST_ACROSS = 8
_CALLS = {"distinct": "count(distinct {})", "sum": "sum({})", "avg": "avg({})", "min": "min({})", "max": "max({})"}


@dataclass(frozen=True)
class Pivot:
    """What is chosen; empty means nothing is."""

    rows: tuple[str, ...]
    """Columns whose values become rows."""
    across: str = ""
    """Column whose most frequent values become columns."""
    measure: str = "rows"
    of: str = ""
    """Column that is measured."""
    where: str = ""
    """Column that must have the value `equals`."""
    equals: str = ""


def check(table: TableInfo, pivot: Pivot) -> None:
    """Raises QueryError for what can't be asked of this table."""
    known = {column.name for column in table.columns}
    unknown = [name for name in (*pivot.rows, pivot.across, pivot.of, pivot.where) if name and name not in known]
    if unknown:
        raise QueryError(f"{table.name} has no column {unknown[0]}", "choose from the lists")
    if not pivot.rows:
        raise QueryError("nothing to group by", "choose at least one column for the rows")
    if pivot.measure != "rows" and not pivot.of:
        raise QueryError(f"{MEASURES[pivot.measure]} which column?", "choose the column that is measured")


def values_sql(table: TableInfo, pivot: Pivot) -> str:
    """The most frequent values of the column across, most frequent first."""
    column = _quoted(pivot.across)
    return (
        f"select {column} from {_quoted(table.name)}{_where(pivot, f'{column} is not null')}"
        f" group by 1 order by count(*) desc, 1 limit {MOST_ACROSS}"
    )


def pivot_sql(table: TableInfo, pivot: Pivot, values: Sequence[object] = ()) -> str:
    """The SQL; `values` are those of the column across."""
    kinds = {column.name: column.type for column in table.columns}
    groups = [_group(name, kinds[name]) for name in pivot.rows]
    measure = _measure(pivot)
    cells = [
        f"{measure} filter (where {_quoted(pivot.across)} = {_value(value)}) as {_quoted(str(value))}"
        for value in values
    ]
    columns = [*groups, *cells, f"{measure} as {'total' if values else _name(pivot)}"]
    is_time = kinds[pivot.rows[0]] in ("date", "timestamp")
    order = "1" if is_time else f"{len(columns)} desc, 1"
    listed = ",\n    ".join(columns)
    return f"select\n    {listed}\nfrom {_quoted(table.name)}{_where(pivot)}\ngroup by all\norder by {order}"


def _group(name: str, kind: str) -> str:
    """Instants are grouped by their day."""
    return f"{_quoted(name)}::date as {_quoted(f'{name}_day')}" if kind == "timestamp" else _quoted(name)


def _measure(pivot: Pivot) -> str:
    return "count(*)" if pivot.measure == "rows" else _CALLS[pivot.measure].format(_quoted(pivot.of))


def _name(pivot: Pivot) -> str:
    return "row_count" if pivot.measure == "rows" else _quoted(f"{pivot.measure}_{pivot.of}")


def _where(pivot: Pivot, also: str = "") -> str:
    conditions = [also] if also else []
    if pivot.where and pivot.equals:
        conditions.append(f"{_quoted(pivot.where)}::varchar = {literal(pivot.equals)}")
    return f"\nwhere {' and '.join(conditions)}" if conditions else ""


def _value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return literal(value) if isinstance(value, (int, float)) else literal(str(value))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
