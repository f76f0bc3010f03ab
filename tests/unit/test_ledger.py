"""The ledger's arithmetic: every line balances by itself, and each kind of loss or doubling shows."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Any

import polars as pl
import pytest
from deltalake import DeltaTable, write_deltalake
from odd_records import bent
from sqlalchemy import insert, select

from zipotify.contracts import serving
from zipotify.contracts.checkpoints import committed_offsets
from zipotify.contracts.fields import LISTEN_EVENTS
from zipotify.contracts.tables import BRONZE, TABLES
from zipotify.lake import ensure_tables
from zipotify.lake.arrow import arrow_table
from zipotify.lake.load import load_files
from zipotify.ops import ledger
from zipotify.ops.ledger import LedgerReport, LedgerRow, check, watch
from zipotify.settings import Settings

_AT = datetime(2024, 1, 1, 10, 59, 59, 999000, UTC)


@pytest.fixture
def loaded(settings: Settings, tmp_path: Path) -> Settings:
    """A home with three plays, a repeat, a conflict and a malformed record."""
    lines = [bent(itemInSession=item) for item in (0, 1, 2, 0)] + [bent(song="Another"), b"nope"]
    file = tmp_path / "listen_events.ndjson"
    file.write_bytes(b"\n".join(lines))
    load_files(settings, [file], "recorded")
    return settings


def table_of(settings: Settings, name: str) -> DeltaTable:
    return DeltaTable(str(settings.home.lake / TABLES[name].path))


def test_a_line_is_closed_by_what_is_missing() -> None:
    row = LedgerRow("sim", "t", 0, None, 21, bronze=6, refused=5, repeats=4, in_flight=3, erased=2, expired=1)
    row.close()
    assert row.difference == 0
    row.produced += 1
    row.close()
    assert row.difference == 1


def test_two_wrongs_make_no_right() -> None:
    """A loss in one line and a doubling in another add up to nothing and still are not balanced."""
    rows = [LedgerRow("sim", "t", number, None, produced=5, bronze=5 + sign) for number, sign in enumerate((1, -1))]
    for row in rows:
        row.close()
    report = LedgerReport(rows, "reachable")
    assert [row.difference for row in rows] == [-1, 1]
    assert (report.total("difference"), report.balanced) == (0, False)


def test_an_empty_home_balances(settings: Settings) -> None:
    settings.home.root.mkdir(parents=True)
    report = check(settings)
    assert (report.rows, report.balanced, report.kafka) == ([], True, "not used")


def test_a_load_is_accounted_for_by_source_topic_and_hour(loaded: Settings) -> None:
    (row,) = check(loaded).as_json()["rows"]
    hour = row.pop("hour")
    assert row == {
        "source": "recorded",
        "topic": LISTEN_EVENTS,
        "partition": None,
        "produced": 6,
        "bronze": 3,
        "refused": 2,
        "repeats": 1,
        "in_flight": 0,
        "erased": 0,
        "expired": 0,
        "difference": 0,
    }
    assert datetime.fromisoformat(hour) <= datetime.now(UTC)
    assert hour.endswith(":00:00Z")


@pytest.mark.parametrize("name", [LISTEN_EVENTS, "quarantine", "repeats"])
def test_a_row_that_vanishes_is_missed(loaded: Settings, name: str) -> None:
    lake = table_of(loaded, name)
    first = pl.read_delta(str(loaded.home.lake / TABLES[name].path))["load_row"].min()
    lake.delete(f"load_row = {first}")
    report = check(loaded)
    assert [row.difference for row in report.rows] == [1]
    assert report.balanced is False


@pytest.mark.parametrize("name", [LISTEN_EVENTS, "quarantine", "repeats"])
def test_a_row_that_is_doubled_is_seen(loaded: Settings, name: str) -> None:
    lake = table_of(loaded, name)
    write_deltalake(lake, lake.to_pyarrow_table().slice(0, 1), mode="append")
    report = check(loaded)
    assert [row.difference for row in report.rows] == [-1]
    assert report.balanced is False


def test_a_lost_row_of_a_load_that_did_not_end_is_in_flight(loaded: Settings) -> None:
    """It may still come, as the load may be resumed."""
    table_of(loaded, "loads").delete("chunk = -1")
    table_of(loaded, LISTEN_EVENTS).delete("item_in_session = 1")
    report = check(loaded)
    assert (report.balanced, report.total("in_flight")) == (True, 1)


def streamed(settings: Settings, offsets: dict[int, int], bronze: list[int], gaps: tuple[tuple[int, int], ...]) -> None:
    """A home whose stream has come so far: offsets per partition, bronze rows by offset of partition 0, gaps there."""
    ensure_tables(settings.home.lake)
    checkpoint = settings.home.checkpoints / "bronze"
    for folder in ("commits", "offsets"):
        (checkpoint / folder).mkdir(parents=True)
    (checkpoint / "commits" / "3").write_text("v1\n{}")
    ends = {str(number): end for number, end in offsets.items()}
    (checkpoint / "offsets" / "3").write_text(f"v1\n{{}}\n{json.dumps({LISTEN_EVENTS: ends})}")
    rows = [_bronze_row(offset) for offset in bronze]
    path = str(settings.home.lake / BRONZE[LISTEN_EVENTS].path)
    write_deltalake(path, arrow_table(BRONZE[LISTEN_EVENTS], rows), mode="append")
    engine = serving.connect(settings.serving_address())
    with engine.begin() as connection:
        for number, end in offsets.items():
            place = {"topic": LISTEN_EVENTS, "partition": number}
            connection.execute(insert(serving.ledger_offsets).values(**place, next_offset=end))
        for start, end in gaps:
            gap = {"topic": LISTEN_EVENTS, "partition": 0, "start_offset": start, "end_offset": end}
            connection.execute(insert(serving.ledger_gaps).values(**gap))
    engine.dispose()


def _bronze_row(offset: int) -> dict[str, Any]:
    filled: dict[str, Any] = {"string": str(offset), "long": 0, "int": 0, "bool": True, "double": 0.0}
    row = {column.name: filled.get(column.type, _AT) for column in BRONZE[LISTEN_EVENTS].columns if not column.nullable}
    place = {"kafka_partition": 0, "kafka_offset": offset}
    return row | {"event_date": _AT.date(), "source": "sim", "produced_at": _AT, "ingested_at": _AT, **place}


def counted(settings: Settings, count: int, hour: int = 10) -> None:
    hour_s = int(_AT.replace(hour=hour, minute=0, second=0, microsecond=0).timestamp())
    row = {"topic": LISTEN_EVENTS, "partition": 0, "source": "sim", "hour_s": hour_s, "produced_count": count}
    engine = serving.connect(settings.serving_address())
    with engine.begin() as connection:
        connection.execute(insert(serving.ledger_counts).values(**row))
    engine.dispose()


def test_streamed_records_are_compared_up_to_the_committed_offsets(settings: Settings) -> None:
    """A batch that is being written lies beyond them and counts on neither side."""
    streamed(settings, {0: 3}, bronze=[0, 1, 2, 3, 4], gaps=())
    counted(settings, 3)
    report = check(settings)
    assert (report.kafka, report.balanced, report.total("bronze")) == ("unreachable", True, 3)


def test_a_lost_streamed_record_shows_in_its_hour(settings: Settings) -> None:
    streamed(settings, {0: 3}, bronze=[0, 2], gaps=())
    counted(settings, 3)
    (row,) = check(settings).rows
    assert (row.source, row.partition, row.hour, row.difference) == ("sim", 0, "2024-01-01T10:00:00Z", 1)


def test_a_record_in_the_wrong_hour_shows_in_both(settings: Settings) -> None:
    streamed(settings, {0: 2}, bronze=[0, 1], gaps=())
    counted(settings, 1, hour=10)
    counted(settings, 1, hour=11)
    report = check(settings)
    assert (sorted(row.difference for row in report.rows), report.balanced) == ([-1, 1], False)


def test_what_retention_removed_uncounted_is_expired_unless_it_had_landed(settings: Settings) -> None:
    streamed(settings, {0: 10}, bronze=[0, 1, 2, 8, 9], gaps=((0, 8),))
    counted(settings, 2)
    report = check(settings)
    gap, rest = report.rows
    assert (gap.source, gap.hour, gap.produced, gap.bronze, gap.expired) == (None, None, 8, 3, 5)
    assert (rest.produced, rest.bronze) == (2, 2)
    assert report.balanced


def test_the_streams_place_is_that_of_its_last_finished_batch(tmp_path: Path) -> None:
    assert committed_offsets(tmp_path) == {}
    files = (("commits", "9", 0), ("commits", ".10.crc", 0), ("offsets", "9", 90), ("offsets", "10", 100))
    for folder, name, ends in files:
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / name).write_text(f'v1\n{{}}\n{{"{LISTEN_EVENTS}": {{"0": {ends}, "1": 5}}}}')
    assert committed_offsets(tmp_path) == {(LISTEN_EVENTS, 0): 90, (LISTEN_EVENTS, 1): 5}


def test_watching_keeps_the_newest_checks(loaded: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "_KEEP_CHECKS", 2)
    stop, checks = Event(), iter(range(4))

    def wait(_limit_s: float) -> bool:
        if next(checks) == 3:
            stop.set()
        return stop.is_set()

    monkeypatch.setattr(stop, "wait", wait)
    watch(loaded, stop)
    engine = serving.connect(loaded.serving_address())
    with engine.connect() as connection:
        stored = connection.execute(select(serving.ledger_checks)).all()
        part = connection.execute(select(serving.parts)).one()
    engine.dispose()
    assert 0 < len(stored) <= 2
    assert all(row.balanced and json.loads(row.report)["balanced"] for row in stored)
    assert (part.name, part.state) == ("ledger", "stopped")
