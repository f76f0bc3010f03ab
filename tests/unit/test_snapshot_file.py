"""Which tables of a snapshot are taken over from the one before, brought up from it, or written anew."""

from __future__ import annotations

from datetime import datetime

import duckdb
import pytest

from zipotify.contracts.snapshot import Manifest
from zipotify.settings import Settings
from zipotify.warehouse.plan import Plan
from zipotify.warehouse.snapshot_file import write_snapshot

_PLAYS = "fct_plays (event_id varchar, played_at timestamp, user_key varchar)"
_METRICS = "agg_metrics as select timestamp '2024-01-02' as as_of, timestamp '2024-01-03' as last_ingested_at"
_CONDITION = "played_at >= timestamp '2024-01-01 00:00:50' and user_key in (select user_key from changes.users)"
_PROJECT = {
    "nodes": {
        "model.zipotify.fct_plays": {"name": "fct_plays", "description": "Plays's.", "columns": {}, "tags": []},
        "model.zipotify.agg_heavy": {"name": "agg_heavy", "description": "Heavy.", "columns": {}, "tags": ["daily"]},
    }
}
_AS_BEFORE, _NOW = "as it was published", "as it is now"


@pytest.fixture
def home(settings: Settings) -> Settings:
    """A working file in which user `v` of ten has one play less, another one changed and a new one, and its snapshot.

    Other users are called `u` in the snapshot and `w` in the working file: so what was taken over can be told.
    """
    settings.home.published.mkdir(parents=True)
    settings.home.warehouse_file.parent.mkdir(parents=True)
    with duckdb.connect(str(settings.home.published / "before.duckdb")) as snapshot:
        snapshot.execute(f"create table {_PLAYS}; create table {_METRICS}; create table agg_heavy (said varchar)")
        snapshot.execute("insert into agg_heavy values (?)", [_AS_BEFORE])
        snapshot.execute(f"insert into fct_plays {_plays('u')}")
        snapshot.execute(
            "comment on table agg_heavy is 'Heavy.'; create table publication as select 'before' as publish_id"
        )
    with duckdb.connect(str(settings.home.warehouse_file)) as working:
        working.execute("create schema marts; create schema changes; create table changes.users (user_key varchar)")
        working.execute("create table changes.built (publish_id varchar); insert into changes.built values ('before')")
        working.execute("create table changes.replaced (table_name varchar, condition varchar)")
        working.execute("insert into changes.replaced values ('fct_plays', ?)", [_CONDITION])
        working.execute("insert into changes.users values ('v')")
        working.execute(
            f"use marts; create table {_PLAYS}; create table {_METRICS}; create table agg_heavy (said varchar)"
        )
        working.execute("insert into agg_heavy values (?)", [_NOW])
        working.execute(f"insert into fct_plays {_plays('w')}")
        working.execute("delete from fct_plays where event_id = '59'")
        working.execute("update fct_plays set played_at = timestamp '2024-01-01 02:00:00' where event_id = '69'")
        working.execute("insert into fct_plays values ('new', timestamp '2024-01-01 01:00:00', 'v')")
    return settings


def _plays(user: str) -> str:
    """A hundred plays, a second apart, every tenth of them of user `v`."""
    name = f"case when number % 10 = 9 then 'v' else '{user}' end"
    return f"select number, timestamp '2024-01-01' + to_seconds(number), {name} from range(100) as numbers (number)"


def _written(settings: Settings, with_analyses: bool = False, stands_for: str = "before") -> duckdb.DuckDBPyConnection:
    """The next snapshot of the home."""
    with duckdb.connect(str(settings.home.warehouse_file)) as working:
        working.execute("update changes.built set publish_id = ?", [stands_for])
    before = Manifest("before", "before.duckdb", "", None, None, {}, "", {})
    file = settings.home.published / "next.building"
    built = Plan({}, "", with_analyses)
    content = write_snapshot(settings, file, ("next", datetime(2024, 1, 4)), built, before, _PROJECT)
    assert content.row_counts == {"agg_heavy": 1, "agg_metrics": 1, "fct_plays": 100}
    assert (content.as_of, content.last_ingested_at) == (datetime(2024, 1, 2), datetime(2024, 1, 3))
    assert [path.name for path in settings.home.published.glob("next*")] == [file.name], "nothing is beside it"
    connection = duckdb.connect(str(file), read_only=True)
    assert connection.execute("select publish_id from publication").fetchall() == [("next",)]
    return connection


def _users(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    return dict(connection.execute("select user_key, count(*) from fct_plays group by user_key").fetchall())


def test_what_was_replaced_is_replaced_and_the_rest_is_as_it_was_published(home: Settings) -> None:
    published = home.home.published / "before.duckdb"
    before = published.read_bytes()
    with _written(home) as connection:
        assert _users(connection) == {"u": 90, "v": 10}
        plays = connection.execute("select event_id from fct_plays where user_key = 'v' order by played_at").fetchall()
        assert [play for (play,) in plays] == ["9", "19", "29", "39", "49", "79", "89", "99", "new", "69"]
        assert connection.execute("select * from agg_heavy").fetchall() == [(_AS_BEFORE,)]
        told = dict(connection.execute("select table_name, comment from duckdb_tables()").fetchall())
        assert told["agg_heavy"] == "Heavy."
    assert published.read_bytes() == before, "readers still have it open"


def test_analyses_are_written_anew_when_they_were_built(home: Settings) -> None:
    with _written(home, with_analyses=True) as connection:
        assert connection.execute("select * from agg_heavy").fetchall() == [(_NOW,)]
        assert _users(connection) == {"u": 90, "v": 10}


def test_another_snapshot_than_the_one_built_upon_is_not_taken_over(home: Settings) -> None:
    """A build was killed between its publication and its end, or the snapshots were put back from a backup."""
    with _written(home, stands_for="another") as connection:
        assert _users(connection) == {"w": 90, "v": 10}
        assert connection.execute("select * from agg_heavy").fetchall() == [(_NOW,)]
        told = dict(connection.execute("select table_name, comment from duckdb_tables()").fetchall())
        assert (told["fct_plays"], told["agg_heavy"]) == ("Plays's.", "Heavy.")
        order = connection.execute("select event_id from fct_plays").fetchall()
        assert [event for (event,) in order][-3:] == ["99", "new", "69"], "in the order of time"


def test_a_snapshot_that_is_gone_is_not_taken_over(home: Settings) -> None:
    (home.home.published / "before.duckdb").unlink()
    with _written(home) as connection:
        assert _users(connection) == {"w": 90, "v": 10}


def test_a_table_is_written_anew_when_much_of_it_is_new(home: Settings) -> None:
    with duckdb.connect(str(home.home.warehouse_file)) as working:
        working.execute("update marts.fct_plays set user_key = 'v'")
    with _written(home) as connection:
        assert _users(connection) == {"v": 100}
        assert connection.execute("select * from agg_heavy").fetchall() == [(_AS_BEFORE,)]


def test_a_table_is_written_anew_when_its_rows_do_not_add_up(home: Settings, caplog: pytest.LogCaptureFixture) -> None:
    with duckdb.connect(str(home.home.published / "before.duckdb")) as snapshot:
        snapshot.execute("delete from fct_plays where event_id = '0'")
    with _written(home) as connection:
        assert _users(connection) == {"w": 90, "v": 10}
    assert "the published fct_plays was not what its working table was" in caplog.text


def test_a_file_with_many_holes_is_not_taken_over(home: Settings) -> None:
    with duckdb.connect(str(home.home.published / "before.duckdb")) as snapshot:
        snapshot.execute("create table hole as select sha256(number::varchar) from range(200000) as numbers (number)")
        snapshot.execute("checkpoint; create table behind as select * from hole; checkpoint; drop table hole")
        snapshot.execute("delete from behind where rowid > 0")
    with _written(home) as connection:
        assert _users(connection) == {"w": 90, "v": 10}


def test_copies_where_the_system_can_not_clone(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("os.copy_file_range")
    with _written(home) as connection:
        assert _users(connection) == {"u": 90, "v": 10}
