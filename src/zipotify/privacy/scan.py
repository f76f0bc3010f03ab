"""Is a text anywhere? Decoded values of every column, and raw bytes of every file: compression hides from the latter.

Parquet files are read one by one, not as tables, so that what a table's history left behind is found too.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from zipotify.errors import ZipotifyError

BYTES = "bytes"
_CHUNK_BYTES = 16 * 2**20
_OVERLAP_BYTES = 4096
_BATCH_ROWS = 65_536
_SQLITE_ENDINGS = (".db", ".sqlite")
_COLUMNS = """
    select schema_name, table_name, column_name from duckdb_columns()
    where not internal and (schema_name, table_name) in (select schema_name, table_name from duckdb_tables())
    order by all
"""
"""Not those of views, which hold nothing and may read the lake."""


@dataclass(frozen=True)
class Finding:
    """One text in one place; which text, by its number only, so that a finding gives nobody away."""

    path: Path
    where: str
    """`bytes`, or table and column."""
    text_number: int


@dataclass(frozen=True)
class ScanReport:
    """What was looked at, and what was found."""

    text_count: int
    file_count: int
    findings: list[Finding]


class Texts:
    """The texts looked for; digits count only where no further digit stands beside them."""

    def __init__(self, texts: Iterable[str]) -> None:
        self.texts = list(dict.fromkeys(texts))
        self._patterns = [self._pattern(text) for text in self.texts]
        self.any_of = "|".join(self._patterns)
        encodings = ("utf-8", "utf-16-le")
        self._raw = [
            (number, re.compile(pattern.encode() if encoding == "utf-8" else re.escape(text.encode(encoding))))
            for number, (text, pattern) in enumerate(zip(self.texts, self._patterns, strict=True))
            for encoding in encodings
        ]

    @staticmethod
    def _pattern(text: str) -> str:
        is_number = text.lstrip("-").replace(".", "", 1).isdigit()
        # Without look-behind, which the engines of Arrow and DuckDB lack.
        return rf"(?:^|[^0-9]){re.escape(text)}(?:$|[^0-9])" if is_number else re.escape(text)

    def in_text(self, text: str) -> set[int]:
        """Numbers of the texts in it."""
        return {number for number, pattern in enumerate(self._patterns) if re.search(pattern, text)}

    def in_bytes(self, raw: bytes) -> set[int]:
        """Numbers of the texts in it, as UTF-8 or UTF-16."""
        return {number for number, pattern in self._raw if pattern.search(raw)}


def scan(folders: Iterable[Path], texts: Iterable[str], leave_out: Iterable[Path] = ()) -> ScanReport:
    """Look through all files in the folders (or files), except what lies in `leave_out`."""
    wanted = Texts(texts)
    files = [file for folder in folders for file in _files(folder) if not _lies_in(file, leave_out)]
    findings: list[Finding] = []
    for file in files if wanted.texts else ():
        with suppress(FileNotFoundError):  # what runs beside us has removed it
            findings += _scan_file(file, wanted)
    return ScanReport(len(wanted.texts), len(files), findings)


def _files(folder: Path) -> list[Path]:
    if folder.is_file():
        return [folder]
    return sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def _lies_in(file: Path, folders: Iterable[Path]) -> bool:
    return any(file == folder or folder in file.parents for folder in folders)


def _scan_file(file: Path, wanted: Texts) -> Iterator[Finding]:
    yield from _scan_bytes(file, wanted)
    if file.suffix == ".parquet":
        yield from _scan_parquet(file, wanted)
    elif file.suffix == ".duckdb":
        yield from _scan_duckdb(file, wanted)
    elif file.suffix in _SQLITE_ENDINGS:
        yield from _scan_sqlite(file, wanted)


def _scan_bytes(file: Path, wanted: Texts) -> Iterator[Finding]:
    found: set[int] = set()
    with file.open("rb") as stream:
        tail = b""
        while chunk := stream.read(_CHUNK_BYTES):
            found |= wanted.in_bytes(tail + chunk)
            tail = chunk[-_OVERLAP_BYTES:]
    yield from (Finding(file, BYTES, number) for number in sorted(found))


def _scan_parquet(file: Path, wanted: Texts) -> Iterator[Finding]:
    found: set[tuple[str, int]] = set()
    for batch in pq.ParquetFile(file).iter_batches(_BATCH_ROWS):
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            found |= {(name, number) for number in _in_column(column, wanted)}
    yield from (Finding(file, name, number) for name, number in sorted(found))


def _in_column(column: Any, wanted: Texts) -> set[int]:
    """Numbers of the texts in a column; nested and binary ones are looked through value by value."""
    kind = column.type
    if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return {number for value in column.to_pylist() for number in _in_value(value, wanted)}
    as_text = column.cast(pa.string())
    hits = as_text.filter(pc.fill_null(pc.match_substring_regex(as_text, wanted.any_of), False))
    return {number for value in hits.to_pylist() for number in wanted.in_text(value)}


def _in_value(value: Any, wanted: Texts) -> set[int]:
    if isinstance(value, bytes | bytearray):
        return wanted.in_bytes(bytes(value))
    return set() if value is None else wanted.in_text(str(value))


def _scan_duckdb(file: Path, wanted: Texts) -> Iterator[Finding]:
    try:
        connection = duckdb.connect(str(file), read_only=True)
    except duckdb.IOException:
        raise ZipotifyError(f"{file} can't be looked through: it is being written", "stop the build first") from None
    with connection:
        columns = connection.execute(_COLUMNS).fetchall()
        for schema, table, column in columns:
            name = '"' + column.replace('"', '""') + '"'
            sql = f'select distinct {name}::varchar from "{schema}"."{table}" where regexp_matches({name}::varchar, ?)'  # noqa: S608
            hits = connection.execute(sql, [wanted.any_of]).fetchall()
            found = {number for (value,) in hits for number in wanted.in_text(value)}
            yield from (Finding(file, f"{schema}.{table}.{column}", number) for number in sorted(found))


def _scan_sqlite(file: Path, wanted: Texts) -> Iterator[Finding]:
    connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    try:
        tables = [row[0] for row in connection.execute("select name from sqlite_master where type = 'table'")]
        for table in tables:
            rows = connection.execute(f'select * from "{table}"')  # noqa: S608
            names = [column[0] for column in rows.description]
            found = {(names[place], n) for row in rows for place, v in enumerate(row) for n in _in_value(v, wanted)}
            yield from (Finding(file, f"{table}.{name}", number) for name, number in sorted(found))
    finally:
        connection.close()
