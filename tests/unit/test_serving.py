"""The serving database: made when it is needed, read while it is written, one row a part."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import event, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateTable

from zipotify.contracts import serving
from zipotify.contracts.serving import connect, insert_into, metadata, report_part
from zipotify.errors import ConfigError, ZipotifyError
from zipotify.settings import Settings


@pytest.fixture
def address(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/serving.db"


def test_tables_are_there_and_stay(address: str) -> None:
    first = connect(address)
    report_part(first, "stream", "running", "1 batch", 0.5)
    first.dispose()
    again = connect(address)
    with again.connect() as connection:
        (row,) = connection.execute(select(serving.parts)).all()
    again.dispose()
    assert (row.name, row.state, row.detail, row.progress) == ("stream", "running", "1 batch", 0.5)


def test_the_newest_report_of_a_part_replaces_the_last(address: str) -> None:
    engine = connect(address)
    report_part(engine, "stream", "running", "1 batch", 0.5)
    report_part(engine, "stream", "stopped")
    report_part(engine, "broker", "running")
    with engine.connect() as connection:
        found = {row.name: (row.state, row.detail, row.progress) for row in connection.execute(select(serving.parts))}
    engine.dispose()
    assert found == {"stream": ("stopped", "", None), "broker": ("running", "", None)}


def test_readers_are_not_blocked_by_a_writer(address: str) -> None:
    writer, reader = connect(address), connect(address)
    report_part(writer, "stream", "running")
    with writer.begin() as writing:
        writing.execute(serving.parts.delete())
        with reader.connect() as reading:
            assert len(reading.execute(select(serving.parts)).all()) == 1
    writer.dispose()
    reader.dispose()


@pytest.mark.parametrize("table", metadata.sorted_tables, ids=lambda table: table.name)
def test_each_table_says_what_it_holds_and_exists_in_both_databases(table: serving.Table) -> None:
    assert table.comment
    assert list(table.primary_key.columns)
    for dialect in (sqlite.dialect(), postgresql.dialect()):  # type: ignore[no-untyped-call]
        assert f"CREATE TABLE {table.name}" in str(CreateTable(table).compile(dialect=dialect))


def test_times_say_their_unit() -> None:
    times = [c.name for table in metadata.sorted_tables for c in table.columns if c.name.endswith(("_at", "_start"))]
    assert times == []


def test_an_insert_knows_conflicts_in_either_dialect(settings: Settings) -> None:
    settings.home.root.mkdir()
    engine = connect(settings.serving_address())
    statement = insert_into(engine, serving.parts).values(name="x").on_conflict_do_nothing()
    assert "ON CONFLICT DO NOTHING" in str(statement.compile(engine))
    assert event.contains(engine, "connect", serving._use_wal)
    engine.dispose()


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("mysql://me:s3cret@host/db", "a database of the kind 'mysql'"),
        ("postgres://me:s3cret@host/db", "a database of the kind 'postgres'"),
        ("postgresql+nodriver://me:s3cret@host/db", "a database of the kind 'postgresql'"),
        ("me:s3cret@host", "no database"),
        ("", "no database"),
    ],
)
def test_an_address_that_is_no_database_of_ours_is_explained(address: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as raised:
        serving.connect(address)
    assert "sqlite:///" in raised.value.to_do
    assert "s3cret" not in str(raised.value)


def test_a_database_that_does_not_answer_is_no_traceback(tmp_path: Path) -> None:
    for address in (
        f"sqlite:///{tmp_path}/no/such/folder/serving.db",
        f"postgresql+psycopg://me:s3cret@/x?host={tmp_path}",
    ):
        with pytest.raises(ZipotifyError, match="can't be used") as raised:
            serving.connect(address)
        assert "s3cret" not in str(raised.value)
