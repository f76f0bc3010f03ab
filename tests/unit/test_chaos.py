"""Chaos without Kafka or Spark: parts are killed, frozen and started again; each difference is found."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import psutil
import pytest
from deltalake import DeltaTable
from odd_records import bent

from support.command import wait_until
from zipotify.contracts import serving
from zipotify.contracts.fields import LISTEN_EVENTS, TOPICS
from zipotify.contracts.tables import TABLES
from zipotify.errors import HomeFullError
from zipotify.lake.load import load_files
from zipotify.ops.chaos_parts import ChaosPart, filled
from zipotify.ops.chaos_traffic import SOURCE, Live
from zipotify.ops.chaos_truth import differences
from zipotify.settings import Settings, load_settings
from zipotify.simulate.state import Checkpoint, write_checkpoint
from zipotify.stream.live import LiveWriter

_KEY = "0123456789abcdef" * 4


@pytest.fixture
def files(tmp_path: Path) -> Path:
    folder = tmp_path / "round" / "truth"
    folder.mkdir(parents=True)
    listens = b"\n".join(bent(sessionId=n, userId=n, ts=1_704_067_238_000 + 7_000 * n) for n in range(30))
    (folder / "listen_events.ndjson").write_bytes(listens)
    return folder


@pytest.fixture
def home(tmp_path: Path, files: Path) -> Settings:
    """A home that holds exactly the truth."""
    settings = load_settings(tmp_path / "round" / "home", user_key_secret=_KEY)
    load_files(settings, [files], "chaos")
    frame = pl.read_delta(str(settings.home.lake / TABLES[LISTEN_EVENTS].path))
    columns = ("event_id", "source", "user_key", "session_id", "artist", "song", "city", "level", "state", "gender")
    topic = pl.lit(LISTEN_EVENTS).alias("topic")
    more = {"duration": pl.col("duration_s"), "page": pl.lit(None)}
    events = frame.select(*columns, "device", topic, **more, ts=pl.col("ts_ms"), produced_ms=pl.col("ts_ms")).to_dicts()
    engine = serving.connect(settings.serving_address())
    LiveWriter(settings, engine).apply(events, 0)
    engine.dispose()
    return settings


def test_no_difference_where_there_is_none(home: Settings, files: Path) -> None:
    assert differences(home, files, "chaos") == []


@pytest.mark.parametrize("harm", ["lost", "doubled", "changed"])
def test_a_lost_doubled_or_changed_event_is_found(home: Settings, files: Path, harm: str) -> None:
    delta = DeltaTable(str(home.home.lake / TABLES[LISTEN_EVENTS].path))
    if harm == "lost":
        delta.delete("session_id = 7")
    elif harm == "changed":
        delta.update(updates={"song": "'Other'"}, predicate="session_id = 7")
    else:
        pl.read_delta(str(home.home.lake / TABLES[LISTEN_EVENTS].path)).filter(session_id=7).write_delta(
            str(home.home.lake / TABLES[LISTEN_EVENTS].path), mode="append"
        )
    expected = {"lost": (1, 0), "doubled": (0, 1), "changed": (1, 1)}[harm]
    (found,) = differences(home, files, "chaos")
    assert (
        found == f"listen_events: {expected[0]} rows are missing or differ, {expected[1]} are there that should not be"
    )


def test_a_play_that_live_tiles_count_twice_is_found(home: Settings, files: Path) -> None:
    engine = serving.connect(home.serving_address())
    with engine.begin() as connection:
        table = serving.live_counts
        connection.execute(table.update().values(play_count=table.c.play_count + 1))
    engine.dispose()
    (found,) = differences(home, files, "chaos")
    assert found.startswith("live_counts: ")


def test_a_home_is_full_only_meanwhile(home: Settings) -> None:
    limit = 8 * 2**30
    with filled(home.home, limit), pytest.raises(HomeFullError):
        home.home.require_room(limit)
    home.home.require_room(limit)


def test_the_truth_about_a_live_run_is_what_it_sent(home: Settings, tmp_path: Path) -> None:
    """Made again from its checkpoint; nothing where it never came to one."""
    traffic = Live(tmp_path / "truth", home, users=20, seed=5, rate=100)
    traffic.write_truth()
    assert {file.name: file.stat().st_size for file in (tmp_path / "truth").iterdir()} == {
        f"{topic}.ndjson": 0 for topic in TOPICS
    }
    sent = _live_run_until_checkpoint(traffic, home)
    again = Live(tmp_path / "again", home, users=20, seed=5, rate=100)
    again.write_truth()
    lines = [line for file in (tmp_path / "again").iterdir() for line in file.read_bytes().splitlines()]
    assert sorted(lines) == sorted(sent)
    assert len(lines) > 100


def _live_run_until_checkpoint(traffic: Live, home: Settings) -> list[bytes]:
    """What a lane hands out in a while, with the checkpoint that it leaves; without Kafka."""
    run = traffic.run()
    lanes = run._lanes()
    sent = [record.value for lane in lanes for _ in range(10) for record in lane.take(run._began_s, 30)]
    write_checkpoint(
        home.home.simulator_state / SOURCE,
        Checkpoint(run._call, run._began_s, {lane.name: lane.save() for lane in lanes}),
    )
    return sent


@pytest.fixture
def part(tmp_path: Path) -> Iterator[ChaosPart]:
    """A part that started a child, as the stream starts its JVM."""
    code = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(600)'])"
    made = ChaosPart("part", [sys.executable, "-c", code], dict(os.environ), tmp_path)
    made.start()
    wait_until(lambda: len(made._family()) == 2, "its child")
    yield made
    made.kill()


def test_kill_ends_the_whole_family_and_it_starts_again(part: ChaosPart) -> None:
    family = part._family()
    part.kill()
    wait_until(lambda: not any(p.is_running() and p.status() != psutil.STATUS_ZOMBIE for p in family), "their end")
    wait_until(lambda: part.start_if_dead() or bool(part._family()), "its new start")
    assert not part.has_succeeded


def test_freeze_stops_it_and_lets_it_go_on(part: ChaosPart, monkeypatch: pytest.MonkeyPatch) -> None:
    def all_stopped() -> bool:
        return [process.status() for process in part._family()] == [psutil.STATUS_STOPPED] * 2

    monkeypatch.setattr(
        "zipotify.ops.chaos_parts.time.sleep", lambda _s: wait_until(all_stopped, "both of them standing still")
    )
    part.freeze(1.0)
    monkeypatch.undo()
    wait_until(lambda: psutil.STATUS_STOPPED not in [process.status() for process in part._family()], "its going on")


def test_a_part_that_came_to_its_end_is_left_alone(tmp_path: Path) -> None:
    part = ChaosPart("part", [sys.executable, "-c", "pass"], dict(os.environ), tmp_path)
    part.start_if_dead()
    assert not part.has_succeeded
    part.start()
    wait_until(lambda: part.has_succeeded, "its end")
    part.start_if_dead()
    assert part.has_succeeded
