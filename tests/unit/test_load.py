"""The static path into the lake: exactly once whenever it is killed, nothing lost, nothing changed."""

from __future__ import annotations

import gzip
import json
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from odd_records import bent, odd_records

from support.command import environment
from support.lake import rows, table
from zipotify.contracts.decode import Limits, Refusal, decode
from zipotify.contracts.fields import EVENTS, LISTEN_EVENTS, TOPICS
from zipotify.contracts.period import Period, period_of
from zipotify.contracts.tables import TABLES
from zipotify.errors import ContractError, HomeInUseError, UsageError
from zipotify.lake import ensure_tables, load
from zipotify.lake.load import LoadReport, load_files
from zipotify.ops.ledger import check
from zipotify.settings import Settings, load_settings

NOW_MS = 1_800_000_000_000
_SMALL_CHUNK = 7


def listens(folder: Path, *values: bytes, name: str = "listen_events.ndjson") -> Path:
    file = folder / name
    file.write_bytes(b"".join(value + b"\n" for value in values))
    return file


def state(settings: Settings) -> dict[str, list[dict[str, Any]]]:
    """Everything in the lake but where and when it came from, in a fixed order."""
    return {
        name: sorted(rows(settings.home.lake, name), key=repr)
        for name in (*TOPICS, "users_private", "quarantine", "repeats")
    }


def totals(settings: Settings) -> tuple[bool, int, int, int, int, int]:
    report = check(settings)
    columns = ("produced", "bronze", "refused", "repeats", "in_flight")
    return report.balanced, *(report.total(column) for column in columns)  # type: ignore[return-value]


def test_a_real_recording_lands_whole(settings: Settings, shared_data: Path) -> None:
    """Against a plain reading of the same files."""
    folder = shared_data / "sparkify"
    records = [json.loads(line) for file in sorted(folder.rglob("*.json")) for line in file.read_text().splitlines()]
    plays = [record for record in records if record["page"] == "NextSong"]
    report = load_files(settings, [folder], "recorded")
    assert (report.repeat_count, report.refused) == (0, Counter())
    views = table(settings.home.lake, "page_view_events")
    assert views.height == len(records) == 4_586
    assert sorted(views.select("session_id", "item_in_session", "ts_ms").iter_rows()) == sorted(
        (record["sessionId"], record["itemInSession"], record["ts"]) for record in records
    )
    stored = table(settings.home.lake, LISTEN_EVENTS)
    assert stored["event_id"].n_unique() == stored.height == len(plays) == 3_901
    assert Counter(stored.select("artist", "song", "duration_s").iter_rows()) == Counter(
        (play["artist"], play["song"], play["length"]) for play in plays
    )
    users = {str(record["userId"]) for record in records if record.get("userId")}
    private = table(settings.home.lake, "users_private")
    assert set(private["user_id"]) == users
    assert private["private_id"].n_unique() == private.height
    assert stored["user_key"].n_unique() == len({play["userId"] for play in plays})
    assert totals(settings) == (True, report.read_count, report.read_count, 0, 0, 0)


def test_packed_files_give_the_same_rows(tmp_path: Path, shared_data: Path) -> None:
    """The four topics as Eventsim wrote them, plain in one home and packed in another with the same secret."""
    plain, packed = shared_data / "eventsim" / "reference_sample", tmp_path / "packed"
    packed.mkdir()
    for file in plain.iterdir():
        (packed / f"{file.name}.gz").write_bytes(gzip.compress(file.read_bytes()))
    states = []
    for name, folder in (("one", plain), ("other", packed)):
        settings = home_at(tmp_path, name)
        report = load_files(settings, [folder], "recorded")
        assert report.bronze_count == report.read_count > 100
        states.append(state(settings))
    assert states[0] == states[1]


def test_event_time_and_day_are_utc_to_the_millisecond(settings: Settings, tmp_path: Path) -> None:
    instants = [1_704_067_199_999, 1_704_067_200_000, 946_684_800_000]
    load_files(settings, [listens(tmp_path, *(bent(ts=ts) for ts in instants))], "recorded")
    stored = table(settings.home.lake, LISTEN_EVENTS)
    assert Counter(stored["event_at"].dt.epoch("ms")) == Counter(instants)
    assert {str(day) for day in stored["event_date"]} == {"2023-12-31", "2024-01-01", "2000-01-01"}


def test_loading_again_changes_nothing_but_the_count_of_repeats(settings: Settings, tmp_path: Path) -> None:
    file = listens(tmp_path, *(bent(itemInSession=item) for item in range(30)), bent(itemInSession=3))
    first = load_files(settings, [file], "recorded")
    before = {**state(settings), "repeats": []}
    again = load_files(settings, [file], "recorded")
    assert (first.bronze_count, first.repeat_count) == (30, 1)
    assert (again.bronze_count, again.repeat_count) == (0, 31)
    assert again.load_id != first.load_id
    assert {**state(settings), "repeats": []} == before
    assert totals(settings) == (True, 62, 30, 0, 32, 0)


def test_the_same_event_in_other_spelling_is_a_repeat(settings: Settings, tmp_path: Path) -> None:
    event = json.loads(bent())
    spelled = json.dumps(dict(reversed(event.items())), indent=None, separators=(" , ", " : "), ensure_ascii=False)
    same = [spelled.encode(), bent(new_field=1), bent(userId="46"), bent(lastName="Renamed"), bent(played_ms=None)]
    report = load_files(settings, [listens(tmp_path, bent(), *same)], "recorded")
    assert (report.bronze_count, report.repeat_count, report.refused.total()) == (1, len(same), 0)


def test_other_content_is_a_conflict_and_the_first_one_stays(settings: Settings, tmp_path: Path) -> None:
    others = [bent(song="Another"), bent(userId=47), bent(duration=1.0)]
    report = load_files(settings, [listens(tmp_path, bent(), *others, bent())], "recorded")
    assert report.refused == {"CONFLICT": 3}
    assert (report.bronze_count, report.repeat_count) == (1, 1)
    kept = table(settings.home.lake, "quarantine")
    assert sorted(kept["value"]) == sorted(others)
    assert table(settings.home.lake, LISTEN_EVENTS)["song"].to_list() == ["Ninety Rivers"]
    assert totals(settings)[0]


_DAY_MS = 86_400_000
_MIDNIGHT_MS = 1_704_067_200_000


def test_ranges_of_days_give_what_one_load_gives(tmp_path: Path) -> None:
    """Three ranges without a gap, the middle one twice; a record without a time is in each, and is kept each time."""
    moments = [_MIDNIGHT_MS + offset for offset in (-1, 0, _DAY_MS - 1, _DAY_MS, 3 * _DAY_MS - 1, 3 * _DAY_MS)]
    file = listens(
        tmp_path, *(bent(ts=ts, itemInSession=item) for item, ts in enumerate(moments)), bent(ts="noon"), b"no JSON"
    )
    whole, parts = home_at(tmp_path, "whole"), home_at(tmp_path, "parts")
    load_files(whole, [file], "recorded")
    ranges = [(None, "2023-12-31"), ("2024-01-01", "2024-01-01"), ("2024-01-01", "2024-01-01"), ("2024-01-02", None)]
    reports = [load_files(parts, [file], "recorded", period=period_of(*days)) for days in ranges]
    assert [report.bronze_count for report in reports] == [1, 2, 0, 3]
    assert [report.outside_count for report in reports] == [5, 4, 4, 3]
    assert [report.refused.total() for report in reports] == [2] * 4
    assert state(parts)[LISTEN_EVENTS] == state(whole)[LISTEN_EVENTS]
    assert totals(parts) == (True, 8 + 8, 6, 8, 2, 0)


def test_a_range_of_days_that_is_none_is_wrong_use() -> None:
    assert period_of(None, None) == Period()
    for first, last in (("2024-02-30", None), ("2024-01-02", "2024-01-01"), (None, "yesterday"), ("", None)):
        with pytest.raises(UsageError, match="-day"):
            period_of(first, last)


def test_sources_do_not_mix(settings: Settings, tmp_path: Path) -> None:
    file = listens(tmp_path, bent())
    for source in ("one", "other"):
        assert load_files(settings, [file], source).bronze_count == 1
    stored = table(settings.home.lake, LISTEN_EVENTS)
    assert stored["event_id"].n_unique() == stored["user_key"].n_unique() == 2


def test_refused_records_keep_their_bytes(settings: Settings, tmp_path: Path) -> None:
    odd = [raw.strip(b"\r\n") for raw in odd_records() if raw]
    verdicts = [(raw, decode(EVENTS[LISTEN_EVENTS], raw, NOW_MS, Limits())) for raw in odd]
    expected = Counter((raw, str(v.reason)) for raw, v in verdicts if isinstance(v, Refusal))
    report = load_files(settings, [listens(tmp_path, *odd)], "recorded")
    kept = table(settings.home.lake, "quarantine").filter(pl.col("reason") != "CONFLICT")
    assert Counter(kept.select("value", "reason").iter_rows()) == expected
    assert report.read_count == len(odd)
    assert totals(settings)[:2] == (True, len(odd))


def test_wrong_use_begins_nothing(settings: Settings, tmp_path: Path) -> None:
    for arguments in (([tmp_path / "missing"], "recorded"), ([listens(tmp_path)], "No Source"), ([tmp_path], "a", "x")):
        with pytest.raises(UsageError):
            load_files(settings, *arguments)
    unclear = listens(tmp_path, b'{"page": "Home"}', name="things.json")
    with pytest.raises(UsageError, match=r"things\.json"):
        load_files(settings, [listens(tmp_path, bent()), unclear], "recorded")
    assert not settings.home.root.exists()


def test_only_one_writer_at_a_time(settings: Settings, tmp_path: Path) -> None:
    file = listens(tmp_path, bent())
    with settings.home.lock("lake"), pytest.raises(HomeInUseError, match="its lake is held by"):
        load_files(settings, [file], "recorded")
    assert not settings.home.lake.exists()


def test_stored_tables_of_another_contract_are_refused(settings: Settings, tmp_path: Path) -> None:
    from deltalake import DeltaTable

    ensure_tables(settings.home.lake)
    path = settings.home.lake / TABLES["repeats"].path
    for file in sorted(path.rglob("*"), reverse=True):
        file.unlink() if file.is_file() else file.rmdir()
    frame = pl.DataFrame({"topic": [1]})
    frame.write_delta(str(path))
    assert DeltaTable(str(path)).version() == 0
    with pytest.raises(ContractError, match="column 'topic' is stored as int64, the contract says string"):
        load_files(settings, [listens(tmp_path, bent())], "recorded")


class Killed(BaseException):
    """Stands for SIGKILL: nothing may catch it."""


def killed_after(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """The process dies when it has written so many times."""
    real, numbers = load.write_deltalake, iter(range(1, 10_000))

    def write(*arguments: Any, **named: Any) -> None:
        real(*arguments, **named)
        if next(numbers) == count:
            raise Killed

    monkeypatch.setattr(load, "write_deltalake", write)


def mixed_load(folder: Path) -> list[Path]:
    """Two chunks with every outcome: new events of two topics, repeats, a conflict and malformed records."""
    plays = [bent(itemInSession=item, userId=item % 3) for item in range(8)]
    views = [bent(itemInSession=item, page="NextSong", method="PUT", status=200) for item in range(4)]
    odd = [b"nope", bent(itemInSession=2, userId=2), bent(itemInSession=1, song="Another"), bent(ts="x")]
    return [listens(folder, *plays, *odd), listens(folder, *views, name="page_view_events.ndjson")]


def test_killed_at_any_write_and_resumed_it_lands_exactly_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "CHUNK_RECORDS", 8)
    files = mixed_load(tmp_path)
    whole = home_at(tmp_path, "whole")
    expected = load_files(whole, files, "recorded")
    expected_state = state(whole)
    assert (expected.bronze_count, expected.repeat_count, expected.refused.total()) == (12, 1, 3)
    write_count = sum(version_of(whole, name) for name in TABLES)
    for kill in range(1, write_count):
        settings = home_at(tmp_path, f"killed-{kill}")
        with monkeypatch.context() as dying, pytest.raises(Killed):  # noqa: PT012 - the death is what comes out
            killed_after(dying, kill)
            load_files(settings, files, "recorded")
        check_interrupted(settings)
        report = load_files(settings, files, "recorded")
        assert report == expected, kill
        assert state(settings) == expected_state, kill
        assert totals(settings) == (True, 16, 12, 3, 1, 0), kill


def home_at(folder: Path, name: str) -> Settings:
    return load_settings(folder / "homes" / name, user_key_secret="ab" * 32)


def version_of(settings: Settings, name: str) -> int:
    """Writes into a table since it was created."""
    from deltalake import DeltaTable

    return DeltaTable(str(settings.home.lake / TABLES[name].path)).version()


def check_interrupted(settings: Settings) -> None:
    """The books of a load that was killed balance: what it read and did not write is in flight."""
    balanced, produced, bronze, refused, repeats, in_flight = totals(settings)
    assert balanced
    assert produced == bronze + refused + repeats + in_flight


_LOADER = """\
import sys
from pathlib import Path
from zipotify.lake import load
from zipotify.settings import load_settings
load.CHUNK_RECORDS = 7
def pause(report):
    print(report.read_count, flush=True)
    sys.stdin.readline()
load.load_files(load_settings(Path(sys.argv[1])), [Path(sys.argv[2])], "recorded", on_progress=pause)
"""


def test_a_process_that_is_killed_leaves_no_lock_and_goes_on_where_it_was(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = listens(tmp_path, *(bent(itemInSession=item) for item in range(30)))
    call = [sys.executable, "-c", _LOADER, str(settings.home.root), str(file)]
    with subprocess.Popen(call, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment()) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == "7\n"
        process.stdin.write("\n")
        process.stdin.flush()
        assert process.stdout.readline() == "14\n"
        process.send_signal(signal.SIGKILL)
    assert table(settings.home.lake, LISTEN_EVENTS).height == 14
    check_interrupted(settings)
    monkeypatch.setattr(load, "CHUNK_RECORDS", _SMALL_CHUNK)
    report = load_files(settings, [file], "recorded")
    assert (report.bronze_count, report.repeat_count) == (30, 0)
    assert table(settings.home.lake, LISTEN_EVENTS)["event_id"].n_unique() == 30
    assert totals(settings) == (True, 30, 30, 0, 0, 0)


def test_a_load_is_not_resumed_in_chunks_of_another_size(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after an upgrade that changed the size: chunk 1 of ten is not chunk 1 of seven, and nothing may be missed."""
    file = listens(tmp_path, *(bent(itemInSession=item) for item in range(30)))
    with monkeypatch.context() as dying, pytest.raises(Killed):  # noqa: PT012
        dying.setattr(load, "CHUNK_RECORDS", _SMALL_CHUNK)
        killed_after(dying, 6)
        load_files(settings, [file], "recorded")
    monkeypatch.setattr(load, "CHUNK_RECORDS", 10)
    load_files(settings, [file], "recorded")
    assert table(settings.home.lake, LISTEN_EVENTS)["event_id"].n_unique() == 30
    check_interrupted(settings)


def test_another_load_in_between_takes_nothing_away(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A load dies, an overlapping one runs to its end, the first one is resumed: each event is there once."""
    first = listens(tmp_path, *(bent(itemInSession=item) for item in range(20)))
    (tmp_path / "b").mkdir()
    second = listens(tmp_path / "b", *(bent(itemInSession=item) for item in range(10, 30)))
    monkeypatch.setattr(load, "CHUNK_RECORDS", _SMALL_CHUNK)
    with monkeypatch.context() as dying, pytest.raises(Killed):  # noqa: PT012
        killed_after(dying, 5)
        load_files(settings, [first], "recorded")
    load_files(settings, [second], "recorded")
    check_interrupted(settings)
    load_files(settings, [first], "recorded")
    stored = table(settings.home.lake, LISTEN_EVENTS)
    assert stored["event_id"].n_unique() == stored.height == 30
    assert totals(settings) == (True, 40, 30, 0, 10, 0)


_RECORD = st.tuples(st.integers(0, 3), st.sampled_from(["a", "b"])) | st.just(None)


@hypothesis_settings(max_examples=8)
@given(loads=st.lists(st.lists(_RECORD, min_size=1, max_size=12), min_size=1, max_size=3))
def test_any_records_in_any_loads_are_accounted_for(
    tmp_path_factory: pytest.TempPathFactory, loads: list[list[tuple[int, str] | None]]
) -> None:
    """Against a plain model: the first content of an identity wins, its equals repeat, others conflict."""
    folder = tmp_path_factory.mktemp("loads")
    settings = load_settings(folder / "home")
    first: dict[int, str] = {}
    expected: Counter[str] = Counter()
    for number, records in enumerate(loads):
        (folder / str(number)).mkdir()
        file = listens(folder / str(number), *(_as_value(record) for record in records))
        report = load_files(settings, [file], "recorded")
        counts = _by_model(records, first)
        assert _counts(report) == counts
        expected += counts
    stored = dict(table(settings.home.lake, LISTEN_EVENTS).select("item_in_session", "song").iter_rows())
    assert stored == first
    assert totals(settings)[:2] == (True, expected.total())


def _as_value(record: tuple[int, str] | None) -> bytes:
    return b"nope" if record is None else bent(itemInSession=record[0], song=record[1])


def _by_model(records: list[tuple[int, str] | None], first: dict[int, str]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for record in records:
        if record is None:
            counts["NOT_JSON"] += 1
        elif record[0] not in first:
            first[record[0]] = record[1]
            counts["new"] += 1
        else:
            counts["repeat" if first[record[0]] == record[1] else "CONFLICT"] += 1
    return counts


def _counts(report: LoadReport) -> Counter[str]:
    return +Counter({"new": report.bronze_count, "repeat": report.repeat_count, **report.refused})
