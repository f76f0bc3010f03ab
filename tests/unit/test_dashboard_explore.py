"""Explore without SQL: what is chosen becomes SQL that DuckDB answers; ids are never drawn."""

from __future__ import annotations

import duckdb
import pytest

from zipotify.contracts.answers import Answer
from zipotify.dashboard.catalogue import ColumnInfo, TableInfo
from zipotify.dashboard.components.autochart import autochart
from zipotify.dashboard.pivot import Pivot, check, pivot_sql, values_sql
from zipotify.errors import QueryError

_HASHES = [f"{number:064x}" for number in range(3)]
_TABLE = TableInfo(
    "warehouse",
    "t",
    "",
    "",
    tuple(
        ColumnInfo(name, kind)
        for name, kind in (("day", "date"), ("at", "timestamp"), ("Level", "varchar"), ("plays", "bigint"))
    ),
    4,
)


@pytest.fixture
def database() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute(
        "create table t as select * from (values (date '2024-01-01', timestamp '2024-01-01 10:00', 'free', 5),"
        " (date '2024-01-01', timestamp '2024-01-01 11:00', 'it''s', 7),"
        " (date '2024-01-02', timestamp '2024-01-02 10:00', 'free', 1),"
        " (date '2024-01-02', timestamp '2024-01-02 12:00', null, 3)) as v(day, \"at\", \"Level\", plays)"
    )
    return connection


def _rows(database: duckdb.DuckDBPyConnection, pivot: Pivot) -> list[tuple[object, ...]]:
    check(_TABLE, pivot)
    values = [row[0] for row in database.sql(values_sql(_TABLE, pivot)).fetchall()] if pivot.across else []
    return [tuple(map(str, row)) for row in database.sql(pivot_sql(_TABLE, pivot, values)).fetchall()]


def test_groups_are_counted(database: duckdb.DuckDBPyConnection) -> None:
    assert _rows(database, Pivot(("Level",))) == [("free", "2"), ("it's", "1"), ("None", "1")]


def test_instants_are_grouped_by_day(database: duckdb.DuckDBPyConnection) -> None:
    found = _rows(database, Pivot(("at",), measure="sum", of="plays"))
    assert found == [("2024-01-01", "12"), ("2024-01-02", "4")]


def test_values_stand_across_beside_the_total(database: duckdb.DuckDBPyConnection) -> None:
    found = _rows(database, Pivot(("day",), "Level", "sum", "plays"))
    assert found == [("2024-01-01", "5", "7", "12"), ("2024-01-02", "1", "None", "4")]


def test_only_rows_of_one_value(database: duckdb.DuckDBPyConnection) -> None:
    assert _rows(database, Pivot(("day",), where="Level", equals="it's")) == [("2024-01-01", "1")]


@pytest.mark.parametrize(
    ("pivot", "said"),
    [
        (Pivot(()), "nothing to group by"),
        (Pivot(("day; drop table t",)), "no column"),
        (Pivot(("day",), measure="sum"), "which column"),
    ],
)
def test_what_can_not_be_asked_is_refused_in_words(pivot: Pivot, said: str) -> None:
    with pytest.raises(QueryError, match=said):
        check(_TABLE, pivot)


@pytest.mark.parametrize(
    ("columns", "row"),
    [(["event_id", "plays"], ["a", 1]), (["listener", "plays"], [_HASHES[0], 1]), (["name", "session_id"], ["a", 1])],
)
def test_ids_are_not_drawn(columns: list[str], row: list[object]) -> None:
    assert autochart(Answer(columns, [row, row], False)) is None


def test_the_first_name_is_drawn_across_where_an_id_comes_first() -> None:
    rows = [[_HASHES[at], f"Artist {at}", 10 - at, at] for at in range(3)]
    chart = autochart(Answer(["artist_key", "artist", "plays", "rank_number"], rows, False))
    assert chart.children.children.figure.data[0].x == ("Artist 0", "Artist 1", "Artist 2")
    assert len(chart.children.children.figure.data) == 1
