"""What changes in the lake after a build reaches every table by the next one, also where that one is killed.

Each home is held against its own build from nothing, and against a home that was as it should be from the beginning.
"""

from __future__ import annotations

import json
import random
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl
import pytest
from deltalake import write_deltalake

from support.command import command, environment, wait_until
from support.warehouse import SECRET, ask, is_as_from_nothing, key, marts, new_home, working_tables
from zipotify.lake.load import load_files
from zipotify.lake.quarantine import refused_records
from zipotify.lake.requests import Request
from zipotify.lake.requests import ask as amend
from zipotify.privacy.erase import erase
from zipotify.settings import Settings
from zipotify.warehouse import build as building
from zipotify.warehouse import runner

pytestmark = [pytest.mark.integration, pytest.mark.filterwarnings("ignore")]

_BENT = 40
Lines = dict[str, list[bytes]]


@pytest.fixture(scope="module")
def events(sources: dict[str, Path]) -> Lines:
    """The simulated events by topic, in the order of time."""
    found: Lines = {}
    for file in sorted(sources["sim"].rglob("*.ndjson")):
        found.setdefault(file.name, []).extend(file.read_bytes().splitlines())
    return {name: sorted(lines, key=lambda line: int(json.loads(line)["ts"])) for name, lines in found.items()}


@pytest.fixture(scope="module")
def without_checks() -> Iterator[None]:
    """Builds here are compared with each other; their checks run in the other tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runner, "_NO_UNIT_TESTS", ("--exclude-resource-types", "unit_test", "test"))
        yield


@pytest.fixture(scope="module")
def begun(events: Lines, without_checks: None, tmp_path_factory: pytest.TempPathFactory) -> Settings:  # noqa: ARG001
    """A home whose warehouse knows the first half of the time; see `home`."""
    folder = tmp_path_factory.mktemp("begun")
    settings = new_home(folder / "home")
    load_files(settings, [_written(folder / "first", _halves(events)[0])], "sim")
    _build(settings)
    return settings


@pytest.fixture
def home(begun: Settings, tmp_path: Path) -> Settings:
    """A copy of it, to be changed."""
    shutil.copytree(begun.home.root, tmp_path / "home")
    return new_home(tmp_path / "home")


def _written(folder: Path, lines: Lines, keep: Callable[[dict[str, object]], bool] = lambda _record: True) -> Path:
    folder.mkdir()
    for name, records in lines.items():
        kept = [record for record in records if keep(json.loads(record))]
        (folder / name).write_bytes(b"".join(record + b"\n" for record in kept))
    return folder


def _halves(lines: Lines) -> tuple[Lines, Lines]:
    """The first half of the time, and the rest."""
    middle = {name: len(records) // 2 for name, records in lines.items()}
    return (
        {name: records[: middle[name]] for name, records in lines.items()},
        {name: records[middle[name] :] for name, records in lines.items()},
    )


def _build(settings: Settings, full: bool = False) -> str:
    """Why the build started from nothing; empty when it did not."""
    return building.build(settings, full).full_because


def _is_published_as(settings: Settings, other: Settings) -> None:
    expected = marts(other)
    assert len(expected["fct_plays"]) > 1000
    for name, rows in marts(settings).items():
        assert rows == expected[name], name


@pytest.mark.usefixtures("without_checks")
def test_replayed_quarantine_reaches_every_table(events: Lines, tmp_path: Path) -> None:
    chance = random.Random(3)
    chosen = set(chance.sample(range(len(events["listen_events.ndjson"])), _BENT))
    plays = enumerate(events["listen_events.ndjson"])
    bent = [line.replace(b'"ts":', b'"ts":"when","was":', 1) if n in chosen else line for n, line in plays]
    home, sound = new_home(tmp_path / "home"), new_home(tmp_path / "sound")
    load_files(home, [_written(tmp_path / "bent", {**events, "listen_events.ndjson": bent})], "sim")
    _build(home)
    refused = [record.id for record in refused_records(home.home.lake)]
    assert len(refused) == _BENT
    originals = dict(zip(refused, (events["listen_events.ndjson"][n] for n in sorted(chosen)), strict=True))
    assert set(amend(home, Request("replay", refused, originals), 0).values()) == {"bronze"}
    assert _build(home) == ""
    load_files(sound, [_written(tmp_path / "files", events)], "sim")
    _build(sound)
    _is_published_as(home, sound)
    is_as_from_nothing(home)


@pytest.mark.usefixtures("without_checks")
@pytest.mark.prove
def test_another_catalogue_reaches_every_table(events: Lines, home: Settings, tmp_path: Path) -> None:
    """The build after it starts from nothing; what comes then is matched with the new one."""
    rest, other = _halves(events)[1], new_home(tmp_path / "other")
    before = marts(home)
    for settings in (home, other):
        _change_catalogue(settings)
    assert _build(home) == "the catalogue changed"
    changed = {name for name, rows in marts(home).items() if rows != before[name]}
    assert changed >= {"dim_tracks", "agg_catalogue_month", "agg_top_tracks", "agg_track_day"}
    load_files(home, [_written(tmp_path / "rest", rest)], "sim")
    assert _build(home) == ""
    genres = ask(home, "select distinct value from agg_catalogue_month where dimension = 'genre' order by all")
    assert [row[0] for row in genres if row[0] != "unknown"] == ["changed"]
    load_files(other, [_written(tmp_path / "all", events)], "sim")
    _build(other)
    _is_published_as(home, other)


def _change_catalogue(settings: Settings) -> None:
    """Every track has another genre; every third one another title, by which plays without an id no longer find it."""
    path = str(settings.home.lake / "catalog" / "tracks")
    tracks = pl.read_delta(path).with_row_index("place")
    title = pl.when(pl.col("place") % 3 == 0).then(pl.col("title") + " (anew)").otherwise("title")
    changed = tracks.with_columns(title.alias("title"), pl.lit("changed").alias("genre")).drop("place")
    write_deltalake(path, changed.to_arrow(), mode="overwrite")


@pytest.mark.usefixtures("without_checks")
def test_an_erased_person_is_in_no_figure(events: Lines, home: Settings, tmp_path: Path) -> None:
    """Neither of what was there, nor of what comes later: as in a home that never knew them."""
    first, rest = _halves(events)
    records = [json.loads(line) for line in first["listen_events.ndjson"]]
    person = max({str(r["userId"]) for r in records}, key=lambda user: sum(str(r["userId"]) == user for r in records))
    shown = [record for lines in first.values() for record in map(json.loads, lines)]
    sessions = {record["sessionId"] for record in shown if str(record.get("userId")) == person}

    def is_others(record: dict[str, object]) -> bool:
        return str(record.get("userId")) != person and record["sessionId"] not in sessions

    other = new_home(tmp_path / "other")
    user = key()("sim", person)
    assert ask(home, f"select count(*) > 20 from fct_plays where user_key = '{user}'") == [(True,)]
    elsewhere = home.home.warehouse_file.parent / "spark" / "marts"  # what another engine made of the same people
    elsewhere.mkdir(parents=True)
    (elsewhere / "part.parquet").write_bytes(user.encode())
    erase(home, [person], "sim")
    assert not elsewhere.exists()
    load_files(home, [_written(tmp_path / "rest", rest)], "sim")
    assert _build(home) == ""
    # What a later session does before its login shows nobody.
    load_files(other, [_written(tmp_path / "others", events, is_others)], "sim")
    _build(other)
    _is_published_as(home, other)
    assert not any(user in row for rows in working_tables(home).values() for row in rows)
    is_as_from_nothing(home)


def _killed_build(settings: Settings, has_come: Callable[[str], bool], what: str, *arguments: str) -> None:
    """A build in a process of its own, ended by SIGKILL as soon as what it says in dbt's log is far enough."""
    log = settings.home.logs / "dbt.log"
    before = log.stat().st_size if log.exists() else 0
    child = subprocess.Popen(
        command(settings.home.root, "build", *arguments),
        env=environment(ZIPOTIFY_USER_KEY_SECRET=SECRET),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    def is_there() -> bool:
        assert child.poll() is None, f"the build ended before {what}"
        return log.exists() and has_come(log.read_bytes()[before:].decode())

    try:
        wait_until(is_there, what)
    finally:
        child.kill()
        assert child.wait() == -signal.SIGKILL


@pytest.mark.usefixtures("without_checks")
@pytest.mark.prove
def test_builds_killed_at_any_moment_and_run_again_make_the_same(events: Lines, tmp_path: Path) -> None:
    first, rest = _halves(events)
    home = new_home(tmp_path / "home")
    load_files(home, [_written(tmp_path / "first", first)], "sim")
    _killed_build(home, lambda log: "OK created sql incremental model intermediate" in log, "intermediate models")
    assert not (home.home.published / "current.json").exists()
    assert _build(home) == "the build before was not finished"
    before = marts(home)
    load_files(home, [_written(tmp_path / "rest", rest)], "sim")
    for model in ("intermediate.int_user_versions", "marts.fct_plays", "marts.agg_day"):
        _killed_build(home, lambda log, model=model: f"START sql incremental model {model}" in log, model)
        assert marts(home) == before  # what was published stays
    assert _build(home) == ""
    assert marts(home) != before
    is_as_from_nothing(home)


@pytest.mark.usefixtures("without_checks")
@pytest.mark.prove
def test_a_build_killed_while_it_publishes_leaves_the_old_or_the_new(
    events: Lines, home: Settings, tmp_path: Path
) -> None:
    rest = _halves(events)[1]
    before = marts(home)
    load_files(home, [_written(tmp_path / "rest", rest)], "sim")
    _killed_build(home, lambda _log: any(home.home.published.glob("*.building*")), "a snapshot that is being written")
    assert marts(home) == before
    assert _build(home) == ""
    assert not list(home.home.published.glob("*.building*"))
    is_as_from_nothing(home)
