"""One SELECT and its answer: what `zipotify query`, the dashboard and its API give back, in the same form."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import orjson
import pyarrow as pa
import pyarrow.parquet as parquet

from zipotify.errors import QueryError

_ALLOWED = {duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN}
_MESSAGE_CHARS = 300
_BATCH_ROWS = 10_000


@dataclass(frozen=True)
class Answer:
    """Rows of a query, values as JSON has them: instants as ISO-8601 with Z, days as YYYY-MM-DD."""

    columns: list[str]
    rows: list[list[Any]]
    is_cut: bool
    """Whether there were more rows than asked for."""

    def records(self) -> list[dict[str, Any]]:
        """Rows by column name."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]

    def as_json(self) -> str:
        """An array of objects."""
        return orjson.dumps(self.records()).decode()

    def as_csv(self) -> str:
        """Comma-separated with a header; null is empty."""
        text = io.StringIO()
        # The writer quotes a lone carriage return only when it quotes everything.
        has_return = any(isinstance(value, str) and "\r" in value for row in self.rows for value in row)
        writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL if has_return else csv.QUOTE_MINIMAL)
        writer.writerow([_no_formula(column) for column in self.columns])
        writer.writerows([_no_formula(value) for value in row] for row in self.rows)
        return text.getvalue()


_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def _no_formula(value: Any) -> Any:
    """Text that a spreadsheet would run as a formula gets an apostrophe before it; numbers stay as they are."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA_STARTS) else value


def of_records(records: Sequence[Mapping[str, Any]]) -> Answer:
    """Rows that are there already, in the same form; columns are those of the first."""
    columns = list(records[0]) if records else []
    return Answer(columns, [[plain(record.get(name)) for name in columns] for record in records], False)


def ask(connection: duckdb.DuckDBPyConnection, sql: str, limit: int | None = None) -> Answer:
    """Answer one SELECT (or WITH, DESCRIBE, SHOW, EXPLAIN); raises QueryError."""
    statement = _only_statement(connection, sql)
    try:
        result = connection.execute(statement)
        rows = result.fetchall() if limit is None else result.fetchmany(limit + 1)
    except duckdb.Error as error:
        raise QueryError(_said(error), "`SHOW TABLES` lists the tables, `DESCRIBE fct_plays` its columns") from None
    columns = _distinct([column[0] for column in result.description or []])
    kept = rows if limit is None else rows[:limit]
    return Answer(columns, [[plain(value) for value in row] for row in kept], len(kept) < len(rows))


def ask_arrow(connection: duckdb.DuckDBPyConnection, sql: str, limit: int) -> pa.Table:
    """The same, as Arrow, with the types of the columns; at most `limit` rows."""
    statement = _only_statement(connection, sql)
    try:
        batches = connection.execute(statement).to_arrow_reader(_BATCH_ROWS)
        kept, count = [], 0
        for batch in batches:
            kept.append(batch.slice(0, limit - count))
            count += kept[-1].num_rows
            if count >= limit:
                break
        return pa.Table.from_batches(kept, batches.schema)
    except (duckdb.Error, pa.ArrowException) as error:
        raise QueryError(_said(error), "correct the SQL") from None


def parquet_bytes(table: pa.Table) -> bytes:
    """A Parquet file in memory."""
    buffer = io.BytesIO()
    parquet.write_table(table, buffer, compression="zstd")
    return buffer.getvalue()


def _only_statement(connection: duckdb.DuckDBPyConnection, sql: str) -> duckdb.Statement:
    try:
        statements = connection.extract_statements(sql)
    except duckdb.Error as error:
        raise QueryError(_said(error), "correct the SQL") from None
    if len(statements) != 1 or statements[0].type not in _ALLOWED:
        raise QueryError("one query at a time, and only reading", "use one SELECT, WITH, DESCRIBE, SHOW or EXPLAIN")
    return statements[0]


def _said(error: Exception) -> str:
    """First lines of what DuckDB says, as one."""
    return " ".join(str(error).split("\n\nLINE")[0].split())[:_MESSAGE_CHARS]


def _distinct(names: list[str]) -> list[str]:
    """Column names, told apart by numbers where they repeat."""
    seen: dict[str, int] = {}
    result = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        result.append(name if seen[name] == 1 else f"{name}_{seen[name]}")
    return result


def plain(value: Any) -> Any:
    """A value as JSON has it."""
    match value:
        case None | bool() | str():
            return value
        case int():
            return value if -(2**63) <= value < 2**64 else str(value)
        case float():
            return value if math.isfinite(value) else None
        case Decimal():
            return float(value)
        case datetime():
            return value.replace(tzinfo=None).isoformat() + "Z"
        case date():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case list() | tuple():
            return [plain(item) for item in value]
        case dict():
            return {str(key): plain(item) for key, item in value.items()}
    return str(value)
