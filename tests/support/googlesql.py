"""Google's own front end of GoogleSQL, BigQuery's dialect, offline: it analyzes statements, and runs them on few rows.

`zetasql` is open source, compiled to WebAssembly: the analyzer that BigQuery's users know by its messages, and the
reference implementation that says what a statement means.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from zetasql.api import Analyzer, CatalogBuilder, PreparedQuery, TableBuilder, Value
from zetasql.types import (
    AnalyzerOptions,
    LanguageOptions,
    ProductMode,
    TableContent,
    TableData,
    TypeKind,
    ZetaSQLBuiltinFunctionOptions,
)

KINDS = {
    "string": TypeKind.TYPE_STRING,
    "long": TypeKind.TYPE_INT64,
    "int": TypeKind.TYPE_INT64,
    "double": TypeKind.TYPE_DOUBLE,
    "bool": TypeKind.TYPE_BOOL,
    "timestamp": TypeKind.TYPE_TIMESTAMP,
    "date": TypeKind.TYPE_DATE,
}
_FIELDS = {
    TypeKind.TYPE_STRING: "string_value",
    TypeKind.TYPE_INT64: "int64_value",
    TypeKind.TYPE_DOUBLE: "double_value",
    TypeKind.TYPE_BOOL: "bool_value",
    TypeKind.TYPE_DATE: "date_value",
    TypeKind.TYPE_TIMESTAMP: "int64_value",
}
_EPOCH = datetime(1970, 1, 1)
_ALIAS = re.compile(r"\bas (?:bigint|integer)\)")
"""Names of INT64 that BigQuery knows and the analyzer, which serves several products, does not."""

Columns = dict[str, TypeKind]
Rows = list[tuple[Any, ...]]


class GoogleSql:
    """A catalog of tables, some with rows, and statements against it as BigQuery's users may write them."""

    def __init__(self) -> None:
        language = LanguageOptions.maximum_features()
        language.product_mode = ProductMode.PRODUCT_EXTERNAL
        # BigQuery's days are UTC unless told otherwise; this package's are Californian.
        self._options = AnalyzerOptions(language_options=language, default_timezone="UTC")
        functions = ZetaSQLBuiltinFunctionOptions(language_options=language)
        self._catalog = CatalogBuilder("warehouse").with_builtin_functions(functions)
        self._content: dict[str, TableContent] = {}

    def add_table(self, name: str, columns: Columns, rows: Iterable[Sequence[Any]] = ()) -> None:
        """A table with its rows, which have Python's own values."""
        table = TableBuilder(name)
        for column, kind in columns.items():
            table.add_column(column, kind)
        self._catalog.add_table(table.build())
        cells = [TableData.Row(cell=[_cell(value) for value in row]) for row in rows]
        self._content[name] = TableContent(table_data=TableData(row=cells))

    def columns(self, sql: str) -> Columns:
        """What a statement gives, with every name and type in it resolved; raises what the analyzer says of it."""
        analyzer = Analyzer(self._options, self._catalog.build())
        statement = analyzer.analyze_statement(_ALIAS.sub("as int64)", sql))
        return {column.name: column.column.type.type_kind for column in statement.output_column_list}

    def accepts(self, sql: str) -> None:
        """Resolve every name and type of a statement that gives nothing; raises what the analyzer says of it."""
        Analyzer(self._options, self._catalog.build()).analyze_statement(_ALIAS.sub("as int64)", sql))

    def rows(self, sql: str) -> Rows:
        """What a statement gives on the rows of the tables."""
        columns = self.columns(sql)
        # Instants can't be taken out of an answer by this package, numbers can.
        shown = [f"unix_micros({n}) as {n}" if k == TypeKind.TYPE_TIMESTAMP else n for n, k in columns.items()]
        prepared = PreparedQuery.builder().set_sql(
            f"select {', '.join(shown)} from (\n{_ALIAS.sub('as int64)', sql)}\n)"
        )
        prepared.set_analyzer_options(self._options).set_catalog(self._catalog.build())
        named = {name: content for name, content in self._content.items() if f"`{name}`" in sql}
        with prepared.set_table_content(named).prepare() as query:
            data = query.execute().content.table_data
        found = data.row if data else []  # an answer without rows has no data
        kinds = list(columns.values())
        return [tuple(_value(cell, kind) for cell, kind in zip(row.cell, kinds, strict=True)) for row in found]


def _cell(value: Any) -> Any:
    if value is None:
        return Value.null(TypeKind.TYPE_STRING).to_proto()
    if isinstance(value, bool):
        return Value.bool(value).to_proto()
    if isinstance(value, datetime):
        return Value.timestamp(value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)).to_proto()
    if isinstance(value, date):
        return Value.date(value.year, value.month, value.day).to_proto()
    makers = {int: Value.int64, float: Value.double, str: Value.string}
    return makers[type(value)](value).to_proto()


def _value(cell: Any, kind: TypeKind) -> Any:
    value = getattr(cell, _FIELDS[kind])
    if value is None:
        return None
    if kind == TypeKind.TYPE_DATE:
        return (_EPOCH + timedelta(days=value)).date()
    return _EPOCH + timedelta(microseconds=value) if kind == TypeKind.TYPE_TIMESTAMP else value
