"""What a table's log tells of its changes, and when it can't be told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from zipotify.warehouse.delta_log import Unknown, added_files, place


def _append(table: Path, *numbers: int) -> None:
    rows = pa.table({"number": pa.array(numbers, pa.int64()), "day": [f"a b={number}" for number in numbers]})
    write_deltalake(str(table), rows, mode="append", partition_by=["day"])


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Version 0 with one row, version 1 with two more; days whose names need escaping in paths."""
    _append(tmp_path / "things", 1)
    _append(tmp_path / "things", 2, 3)
    return tmp_path / "things"


def test_new_files_are_those_of_later_versions(table: Path) -> None:
    first = place(table, 0)
    files = added_files(table, first, 1)
    assert isinstance(files, list)
    assert len(files) == 2
    assert added_files(table, place(table, 1), 1) == []


def test_merging_files_adds_nothing(table: Path) -> None:
    before = place(table, 1)
    _append(table, 1, 1)
    _append(table, 1)
    DeltaTable(str(table)).optimize.compact()
    files = added_files(table, before, DeltaTable(str(table)).version())
    assert isinstance(files, list)
    assert len(files) == 2


def _delete(table: Path) -> None:
    DeltaTable(str(table)).delete("number = 2")


def _forget_commit(table: Path) -> None:
    (table / "_delta_log" / f"{1:020}.json").unlink()


def _rewrite_history(table: Path) -> None:
    commit = table / "_delta_log" / f"{0:020}.json"
    commit.write_bytes(commit.read_bytes() + b"\n")


def _lose_file(table: Path) -> None:
    next(table.glob("*2/*.parquet")).unlink()


def _new_column(table: Path) -> None:
    rows = pa.table({"number": [4], "day": ["d"], "colour": ["red"]})
    write_deltalake(str(table), rows, mode="append", schema_mode="merge", partition_by=["day"])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (_delete, "rows were taken out of things"),
        (_forget_commit, "version 1 of things is gone from its log"),
        (_rewrite_history, "the history of things is not the one that was built from"),
        (_lose_file, "vacuum removed files of things that were not built yet"),
        (_new_column, "the columns or properties of things changed"),
    ],
)
def test_what_cannot_be_told_is_said(table: Path, change: Callable[[Path], None], reason: str) -> None:
    first = place(table, 0)
    change(table)
    assert added_files(table, first, max(1, DeltaTable(str(table)).version())) == Unknown(reason)


def test_a_table_that_was_put_back_is_not_the_one_that_was_built_from(table: Path) -> None:
    latest = place(table, 1)
    assert isinstance(added_files(table, latest, 0), Unknown)
