"""Live rollups on SQLite and on a real PostgreSQL: the same numbers, equal to a plain recount, whatever is retried."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from sqlalchemy import Engine, create_engine, delete, func, insert, make_url, select, text
from sqlalchemy.exc import ProgrammingError

from support.postgres import running_postgres
from zipotify.access.serving_roles import grant_serving
from zipotify.contracts import serving
from zipotify.contracts.serving import connect, report_part
from zipotify.dashboard.live import read_live
from zipotify.errors import UsageError, ZipotifyError
from zipotify.privacy.serving import clean_serving
from zipotify.settings import load_settings
from zipotify.stream.live import LiveWriter

pytestmark = pytest.mark.integration

_START_S = 1_704_067_200
_SPAN_S = 70 * 60
_DIMENSIONS = ("level", "state", "gender", "device")


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    with running_postgres() as address:
        yield address


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An empty serving database."""
    address = f"sqlite:///{tmp_path}/serving.db"
    if request.param == "postgresql":
        address = request.getfixturevalue("postgres")
    made = connect(address)
    serving.metadata.drop_all(made)
    made.dispose()
    fresh = connect(address)
    yield fresh
    fresh.dispose()


def _events(count: int = 3_000) -> list[dict[str, Any]]:
    """Events of many sessions over 70 minutes, in no order; some texts that databases stumble over."""
    draw = random.Random(7)
    events = []
    for number in range(count):
        user = draw.randrange(60)
        at_ms = (_START_S + draw.randrange(_SPAN_S)) * 1000
        topic = draw.choice(["listen_events", "page_view_events", "page_view_events", "status_change_events"])
        song = draw.randrange(30)
        who = {"user_key": None if user == 0 else f"{user:064x}", "gender": None if user == 0 else "MF"[user % 2]}
        where = {"city": "Wichita", "state": draw.choice(["KS", "KS-MO", None]), "device": draw.choice(["iPad", "Mac"])}
        what = {"artist": f"O'Hara \\ \0 {song % 7}", "song": f"100% «Söng» {song}"} if topic == "listen_events" else {}
        head = {"event_id": f"{number:064x}", "topic": topic, "source": "sim", "ts": at_ms, "produced_ms": at_ms}
        level = "paid" if user % 3 == 0 else "free"
        none = {"artist": None, "song": None, "duration": None, "page": None}
        if topic == "listen_events":
            what["duration"] = draw.choice([None, 15.0, 300.25, 1800.0])
        elif topic == "page_view_events":
            what["page"] = draw.choice(["Home", "Logout", "Cancel"])
        events.append({**none, **head, **who, **where, **what, "level": level, "session_id": user * 10 + number % 2})
    return events


def _apply(engine: Engine, tmp_path: Path, batches: list[list[dict[str, Any]]]) -> None:
    writer = LiveWriter(load_settings(tmp_path / "home"), engine)
    for number, batch in enumerate(batches):
        writer.apply(batch, number)


def _in_batches(events: list[dict[str, Any]], size: int = 700) -> list[list[dict[str, Any]]]:
    return [events[start : start + size] for start in range(0, len(events), size)]


def _rows(engine: Engine, table: Any) -> list[tuple[Any, ...]]:
    with engine.connect() as connection:
        return sorted(tuple(row) for row in connection.execute(select(table)))


def test_plays_per_ten_seconds_equal_a_recount(engine: Engine, tmp_path: Path) -> None:
    events = _events()
    _apply(engine, tmp_path, _in_batches(events))
    expected: Counter[Any] = Counter()
    for event in events:
        if event["topic"] == "listen_events":
            expected[event["ts"] // 10_000 * 10, *(event[name] or "" for name in _DIMENSIONS)] += 1
    table = serving.live_counts
    with engine.connect() as connection:
        rows = connection.execute(select(table).where(table.c.play_count > 0)).all()
    assert {(r.bucket_start_s, r.level, r.state, r.gender, r.device): r.play_count for r in rows} == expected


@pytest.mark.parametrize("width_s", [10, 60])
@pytest.mark.parametrize("dimension", _DIMENSIONS)
def test_users_and_sessions_equal_a_recount(engine: Engine, tmp_path: Path, width_s: int, dimension: str) -> None:
    events = _events()
    _apply(engine, tmp_path, _in_batches(events))
    users, sessions = defaultdict(set), defaultdict(set)
    for event in events:
        key = (event["ts"] // 1000 // width_s * width_s, event[dimension] or "")
        sessions[key].add(event["session_id"])
        if event["user_key"]:
            users[key].add(event["user_key"])
    sql = (
        f"select bucket_start_s / {width_s} * {width_s} as start_s, {dimension},"
        " count(distinct case when user_key <> '' then user_key end), count(distinct session_id)"
        " from live_activity group by 1, 2"
    )
    with engine.connect() as connection:
        found = {(int(r[0]), r[1]): (r[2], r[3]) for r in connection.execute(text(sql))}
    assert found == {key: (len(users[key]), len(ids)) for key, ids in sessions.items()}


@pytest.mark.parametrize("minutes", [15, 60])
def test_top_tracks_over_sliding_windows_equal_a_recount(engine: Engine, tmp_path: Path, minutes: int) -> None:
    events = _events()
    _apply(engine, tmp_path, _in_batches(events))
    end_s = _START_S + _SPAN_S
    start_s = end_s - minutes * 60
    plays = [e for e in events if e["topic"] == "listen_events" and start_s * 1000 <= e["ts"]]
    expected = Counter((e["artist"].replace("\0", "\ufffd"), e["song"]) for e in plays)
    table = serving.live_tracks
    counted = select(table.c.artist, table.c.song, func.sum(table.c.play_count)).group_by(table.c.artist, table.c.song)
    with engine.connect() as connection:
        found = {(r[0], r[1]): int(r[2]) for r in connection.execute(counted.where(table.c.minute_start_s >= start_s))}
    assert found == expected


def test_who_hears_a_track_now_equals_a_recount(engine: Engine, tmp_path: Path) -> None:
    events = _events()
    _apply(engine, tmp_path, _in_batches(random.Random(5).sample(events, len(events))))
    view = read_live(engine)
    assert view.as_of_s is not None
    last_plays: dict[int, tuple[int, str, float]] = {}
    last_leaves: dict[int, int] = {}
    for event in events:
        if event["topic"] == "listen_events":
            play = (event["ts"], event["event_id"], event["duration"] or 0)
            last_plays[event["session_id"]] = max(play, last_plays.get(event["session_id"], play))
        elif event["page"] in ("Logout", "Cancel"):
            last_leaves[event["session_id"]] = max(event["ts"], last_leaves.get(event["session_id"], 0))
    hearing = {
        session
        for session, (at_ms, _, length_s) in last_plays.items()
        if at_ms + length_s * 1000 > view.as_of_s * 1000 and last_leaves.get(session, 0) < at_ms
    }
    assert 0 < len(hearing) < len(last_plays)
    assert view.playing_count == len(hearing)


def test_a_batch_applied_again_changes_nothing(engine: Engine, tmp_path: Path) -> None:
    batches = _in_batches(_events(1_000), 300)
    tables = (serving.live_counts, serving.live_tracks, *serving.LIVE_OF_USERS, serving.live_plays)
    _apply(engine, tmp_path, batches)
    before = {table.name: _rows(engine, table) for table in tables}
    _apply(engine, tmp_path, batches)
    assert {table.name: _rows(engine, table) for table in tables} == before


def test_a_batch_that_fails_half_way_leaves_no_trace(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = _events(500)
    monkeypatch.setattr(LiveWriter, "_record_freshness", lambda *_: (_ for _ in ()).throw(RuntimeError("killed")))
    with pytest.raises(RuntimeError):
        _apply(engine, tmp_path, [events])
    assert _rows(engine, serving.live_counts) == []
    monkeypatch.undo()
    _apply(engine, tmp_path, [events])
    with engine.connect() as connection:
        total = connection.execute(select(func.sum(serving.live_counts.c.play_count))).scalar_one()
    assert int(total) == sum(event["topic"] == "listen_events" for event in events)


def test_order_and_cut_of_batches_make_no_difference(engine: Engine, tmp_path: Path) -> None:
    events = _events(1_000)
    tables = (serving.live_counts, serving.live_tracks, *serving.LIVE_OF_USERS)
    _apply(engine, tmp_path, _in_batches(events, 250))
    first = {table.name: _rows(engine, table) for table in tables}
    serving.metadata.drop_all(engine)
    serving.metadata.create_all(engine)
    shuffled = random.Random(3).sample(events, len(events))
    _apply(engine, tmp_path, _in_batches(shuffled, 90))
    assert {table.name: _rows(engine, table) for table in tables} == first


def test_the_dashboard_reads_either_database(engine: Engine, tmp_path: Path) -> None:
    events = _events()
    _apply(engine, tmp_path, _in_batches(events))
    report_part(engine, "stream", "running")
    view = read_live(engine)
    assert view.source == "sim"
    assert sum(view.plays_per_minute) > 0
    assert view.tracks
    assert view.newest


def test_an_erased_person_leaves_either_database_as_if_never_there(engine: Engine, tmp_path: Path) -> None:
    """Every table afterwards equals one that only ever saw the others."""
    events, gone = _events(), f"{7:064x}"
    tables = (serving.live_counts, serving.live_tracks, *serving.LIVE_OF_USERS)
    _apply(engine, tmp_path, _in_batches([event for event in events if event["user_key"] != gone]))
    expected = {table.name: _rows(engine, table) for table in tables}
    for table in serving.metadata.sorted_tables:
        with engine.begin() as connection:
            connection.execute(delete(table))
    _apply(engine, tmp_path, _in_batches(events))
    assert {table.name: _rows(engine, table) for table in tables} != expected

    theirs = pl.DataFrame([event for event in events if event["user_key"] == gone]).rename({"ts": "ts_ms"})
    done = clean_serving(engine, [gone], [theirs])
    assert done.row_count > 0
    assert {table.name: _rows(engine, table) for table in tables} == expected
    assert _rows(engine, serving.live_plays) == []


def test_accounts_of_the_database_may_do_their_part_and_nothing_else(postgres: str, tmp_path: Path) -> None:
    owner = connect(postgres)
    with owner.begin() as connection:
        for name in ("parts account", "board"):
            connection.execute(text(f'CREATE ROLE "{name}" LOGIN'))
        connection.execute(text("CREATE TABLE IF NOT EXISTS of_somebody_else (a INT)"))
    grant_serving(owner, {"writer": "parts account", "reader": "board"})
    accounts = [str(make_url(postgres).set(username=name)) for name in ("parts account", "board")]
    parts, board = (connect(address) for address in accounts)

    _apply(parts, tmp_path, _in_batches(_events(300)))
    assert read_live(board).source == "sim"
    report_part(board, "dashboard", "running")
    row = {"query_id": "x", "batch_id": 1, "committed_at_ms": 0}
    refused = [
        (board, insert(serving.live_batches).values(row)),
        (board, delete(serving.live_users)),
        (board, delete(serving.parts)),
        (board, text("CREATE TABLE mine (a INT)")),
        (board, text("SELECT * FROM of_somebody_else")),
        (board, text("SELECT * FROM pg_authid")),
        (parts, text("DROP TABLE live_users")),
        (parts, text("CREATE TABLE mine (a INT)")),
        (parts, text("SELECT * FROM of_somebody_else")),
        (parts, text("ALTER TABLE live_users OWNER TO board")),
    ]
    for engine, statement in refused:
        with engine.connect() as connection, pytest.raises(ProgrammingError, match=r"permission denied|must be owner"):
            connection.execute(statement)
    with pytest.raises(ZipotifyError, match="nobody"):
        grant_serving(owner, {"reader": "nobody"})
    for engine in (parts, board, owner):
        engine.dispose()


def test_a_file_has_no_accounts(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is a file"):
        grant_serving(create_engine(f"sqlite:///{tmp_path}/serving.db"), {"reader": "ann"})
