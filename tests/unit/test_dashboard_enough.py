"""No filter, alone or against another view, tells of a group that is too small."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import duckdb
import pytest

from zipotify.dashboard.enough import leaves_enough_people
from zipotify.dashboard.filters import Filters
from zipotify.dashboard.scope import Scope

K = 10
DAY = datetime(2024, 2, 1)


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """Tables as the marts have them: a row a user, all active on one day."""
    with duckdb.connect() as made:
        made.execute("create table dim_locations (location_key varchar, state_code varchar)")
        made.execute(
            "create table dim_users (user_version_key varchar, user_key varchar, source varchar, level varchar,"
            " gender varchar, device varchar, location_key varchar)"
        )
        made.execute(
            "create table fct_user_days (source varchar, user_key varchar, user_version_key varchar, date_day date,"
            " first_event_at timestamp)"
        )
        made.execute("create table fct_sessions (user_key varchar, tag varchar)")
        yield made


def add(connection: duckdb.DuckDBPyConnection, count: int, **about: str) -> None:
    """So many users like that."""
    known: dict[str, str] = {"level": "free", "gender": "F", "device": "iPad", "state": "TX", "tag": "a", **about}
    connection.execute("insert into dim_locations values ($state, $state)", {"state": known["state"]})
    connection.execute("create or replace table dim_locations as select distinct * from dim_locations")
    first = connection.execute("select count(*) from dim_users").fetchone()
    for number in range(first[0] if first else 0, (first[0] if first else 0) + count):
        key = f"u{number}"
        row = [key, key, "sim", known["level"], known["gender"], known["device"], known["state"]]
        connection.execute("insert into dim_users values (?, ?, ?, ?, ?, ?, ?)", row)
        connection.execute("insert into fct_user_days values ('sim', ?, ?, ?, ?)", [key, key, DAY.date(), DAY])
        connection.execute("insert into fct_sessions values (?, ?)", [key, known["tag"]])


def may_see(connection: duckdb.DuckDBPyConnection, **filters: str) -> bool:
    scope = Scope(Filters(source="sim", period="all", **filters), "sim", DAY, datetime(2024, 2, 2), "x", K)
    rows: Any = lambda sql: connection.execute(sql).fetchall()  # noqa: E731
    return leaves_enough_people(scope, rows)


def test_a_group_needs_enough_people_and_so_does_what_is_left_without_it(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    add(connection, 95, gender="F")
    add(connection, 9, gender="M")
    assert not may_see(connection, gender="M")
    assert not may_see(connection, gender="F")  # all less these would be the nine
    add(connection, 1, gender="M")
    assert may_see(connection, gender="M")
    assert may_see(connection, gender="F")


def test_small_groups_hide_among_each_other(connection: duckdb.DuckDBPyConnection) -> None:
    for state, count in {"CA": 40, "TX": 12, "NV": 4, "UT": 3}.items():
        add(connection, count, state=state)
    assert [may_see(connection, state=state) for state in ("CA", "TX", "NV", "UT")] == [True, False, False, False]
    add(connection, 3, state="OR")
    assert [may_see(connection, state=state) for state in ("CA", "TX", "NV")] == [True, True, False]


def test_filters_together_are_held_against_each_other(connection: duckdb.DuckDBPyConnection) -> None:
    """Each alone has enough, and the two have; but those in the state who are not that would be few."""
    add(connection, 50, state="CA", level="paid")
    add(connection, 50, state="CA", level="free")
    add(connection, 40, state="TX", level="paid")
    add(connection, 2, state="TX", level="free")
    assert may_see(connection, state="TX")
    assert may_see(connection, level="paid")
    assert not may_see(connection, state="TX", level="paid")
    assert not may_see(connection, state="TX", level="free")
    assert may_see(connection, state="CA", level="free") is False  # free ones elsewhere are the two
    add(connection, 8, state="TX", level="free")
    assert may_see(connection, state="TX", level="paid")
    assert may_see(connection, state="CA", level="free")


def test_a_tag_and_nobody(connection: duckdb.DuckDBPyConnection) -> None:
    add(connection, 30, tag="a")
    assert may_see(connection, tag="a")
    assert may_see(connection, tag="none of them")
    add(connection, 5, tag="b")
    assert not may_see(connection, tag="a")
    assert not may_see(connection, tag="b")
