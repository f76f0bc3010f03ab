"""Input made to do harm: it is taken as data or refused, and what shows it later shows it as text."""

from __future__ import annotations

import csv
import gzip
import io
import json
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import polars as pl
import pytest

from support.lake import table
from zipotify.catalog.hdf5 import read_hdf5
from zipotify.catalog.raw import SourceReport
from zipotify.catalog.recognise import find_sources
from zipotify.catalog.texts import read_listen_counts
from zipotify.catalog.triplets import read_triplets
from zipotify.cli import _tables
from zipotify.contracts import files
from zipotify.contracts.answers import Answer
from zipotify.contracts.decode import Limits, Refusal, decode, parse_json
from zipotify.contracts.fields import EVENTS, LISTEN_EVENTS
from zipotify.contracts.files import find_files, read_records
from zipotify.contracts.reasons import Reason
from zipotify.errors import UsageError
from zipotify.lake.load import load_files
from zipotify.ops.ledger import LedgerReport, LedgerRow, check
from zipotify.runtime.terminal import harmless
from zipotify.settings import Settings
from zipotify.stream import rollups
from zipotify.warehouse import show

CASES = json.loads((Path(__file__).parents[1] / "golden" / "malicious" / "records.json").read_text())
SOUND: dict[str, Any] = {
    **{"ts": 1_700_000_000_000, "sessionId": 5, "itemInSession": 0, "auth": "Logged In", "level": "free"},
    **{"artist": "An artist", "song": "A song", "userId": "46"},
}
LIMITS = Limits()
Reader = Callable[[list[Path]], tuple[pl.DataFrame, SourceReport]]


def record(case: dict[str, Any], number: int = 0) -> bytes:
    if "raw" in case:
        return str(case["raw"]).encode()
    changes = {name: value for name, value in case.items() if name not in ("name", "expect")}
    return json.dumps({**SOUND, "itemInSession": number, **changes}).encode()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_record_is_taken_as_data_or_refused(case: dict[str, Any]) -> None:
    verdict = decode(EVENTS[LISTEN_EVENTS], record(case), SOUND["ts"], LIMITS)
    found = str(verdict.reason) if isinstance(verdict, Refusal) else "accepted"
    assert found in case["expect"].split("|")
    if isinstance(verdict, dict) and "song" in case:
        assert (verdict["song"], verdict["artist"]) == (case["song"], case["artist"])


def test_all_of_them_at_once_go_through_the_static_path(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "listen_events.json"
    path.write_bytes(b"".join(record(case, number) + b"\n" for number, case in enumerate(CASES)))
    report = load_files(settings, [path], "bad")
    accepted = [case for case in CASES if case["expect"] == "accepted"]
    assert (report.read_count, report.bronze_count) == (len(CASES), len(accepted))
    assert set(table(settings.home.lake, LISTEN_EVENTS)["song"]) == {case.get("song", "A song") for case in accepted}
    assert check(settings).balanced
    refused = table(settings.home.lake, "quarantine")["message"]
    assert not any(text in message for message in refused for text in ("uuuu", "$gt"))  # never a personal value


@pytest.mark.parametrize("unit", [b"[", b'{"a":', b'[{"a":[', b"[[],"])
def test_json_nested_100_000_deep_is_refused(unit: bytes) -> None:
    verdict = parse_json(unit * 100_000)
    assert isinstance(verdict, Refusal)
    assert verdict.reason is Reason.TOO_DEEP


def bomb(path: Path, unit: bytes, count: int) -> Path:
    squeezer = zlib.compressobj(9, zlib.DEFLATED, 31)
    with path.open("wb") as stream:
        for _ in range(count):
            stream.write(squeezer.compress(unit))
        stream.write(squeezer.flush())
    return path


@pytest.mark.parametrize(
    ("unit", "problem"), [(b"0" * 2**20, "has a line of"), (b"0" * 2**10 + b"\n", "expands to more than")]
)
def test_a_gzip_bomb_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unit: bytes, problem: str) -> None:
    """With smaller bounds than the real ones, so that the bomb can be small too."""
    monkeypatch.setattr(files, "LONGEST_LINE_BYTES", 2**22)
    monkeypatch.setattr(files, "SMALL_BYTES", 2**22)
    path = bomb(tmp_path / "listen_events.json.gz", unit, 64 * 2**20 // len(unit))
    assert path.stat().st_size < 2**20
    tracemalloc.start()
    with pytest.raises(UsageError, match=problem):
        for _ in read_records([path]):
            pass
    assert tracemalloc.get_traced_memory()[1] < 2**25
    tracemalloc.stop()


def _catalogue_bomb(folder: Path, kind: str) -> tuple[Path, Reader]:
    """A small file that stands for very much, of each kind that the catalogue is read from."""
    line = b"u1\tSOAAAAA12345678901\t3\n"
    if kind == "gzip":
        return bomb(folder / "train_triplets.txt.gz", line * 1000, 64 * 2**20 // 25_000), read_triplets
    if kind == "zip":
        listens = b"TRAAAAA12345678901\tArtist\tTitle\tAR1\t3\n"
        with zipfile.ZipFile(folder / "listens.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("../../listen_counts.tsv", listens * (64 * 2**20 // len(listens)))
        return folder / "listens.zip", read_listen_counts
    with h5py.File(folder / "song.h5", "w") as content:
        for name in ("metadata/songs", "analysis/songs", "musicbrainz/songs"):
            shape = (2, 3) if kind == "hdf5 of two dimensions" else (10**13,)
            content.create_dataset(name, shape, dtype="S100", chunks=True)
    return folder / "song.h5", read_hdf5


@pytest.mark.parametrize("kind", ["gzip", "zip", "hdf5", "hdf5 of two dimensions"])
def test_a_bomb_among_catalogue_files_is_named_and_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Tables of 10^13 rows take no place in a file; they must take none in memory either."""
    monkeypatch.setattr(files, "SMALL_BYTES", 2**22)
    monkeypatch.setattr(files, "MOST_EXPANSION", 20)
    path, read = _catalogue_bomb(tmp_path, kind)
    assert path.stat().st_size < 2**20
    assert [*find_sources([path]).files.values()] == [[path]]
    tracemalloc.start()
    frame, report = read([path])
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (len(frame), list(report.broken)) == (0, [str(path)])
    assert "bomb" in report.broken[str(path)] or "dimensions" in report.broken[str(path)]
    assert peak_bytes < 2**25
    assert not (tmp_path.parent.parent / "listen_counts.tsv").exists()


def test_archives_that_can_not_be_read_are_named(tmp_path: Path) -> None:
    """One with a wrong checksum, an empty one, one that is none, and one whose method nobody knows."""
    line = b"TRAAAAA12345678901\tArtist\tTitle\tAR1\t3\n"
    with zipfile.ZipFile(tmp_path / "good.zip", "w") as archive:
        archive.writestr("listen_counts.tsv", line)
    whole = (tmp_path / "good.zip").read_bytes()
    assert len(read_listen_counts([tmp_path / "good.zip"])[0]) == 1
    zipfile.ZipFile(tmp_path / "empty.zip", "w").close()
    (tmp_path / "empty.zip").write_bytes(b"PK\x03\x04")
    (tmp_path / "checksum.zip").write_bytes(whole.replace(b"Artist", b"Tritas"))
    (tmp_path / "method.zip").write_bytes(whole.replace(b"\x14\0\0\0\0\0", b"\x14\0\0\0\x63\0"))
    bad = sorted(tmp_path.glob("[!g]*.zip"))
    _, report = read_listen_counts(bad)
    assert sorted(report.broken) == sorted(map(str, bad))


def test_a_gzip_that_compresses_well_is_no_bomb(tmp_path: Path) -> None:
    path = tmp_path / "listen_events.json.gz"
    path.write_bytes(gzip.compress((json.dumps(SOUND).encode() + b"\n") * 20_000))
    assert sum(1 for _ in read_records([path])) == 20_000


def test_chunks_end_by_bytes_too(monkeypatch: pytest.MonkeyPatch) -> None:
    from zipotify.lake import load

    monkeypatch.setattr(load, "CHUNK_BYTES", 1000)
    records = iter([files.RawRecord(LISTEN_EVENTS, b"x" * 400)] * 7)
    sizes = []
    while chunk := load._next_chunk(records):
        sizes.append(len(chunk))
    assert sizes == [3, 3, 1]


@pytest.mark.parametrize("name", ["../evil.json", "/etc/passwd", "a\0b", "~/x"])
def test_a_path_is_only_a_path(tmp_path: Path, name: str) -> None:
    """What is named is read as it is named; nothing in a record or an archive ever becomes a path."""
    with pytest.raises((UsageError, ValueError)):
        list(read_records(find_files([tmp_path / "nothing" / name])))


TEXTS = ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", "\n=1"]


def test_spreadsheets_run_nothing() -> None:
    rows = [[text, -1.5, f"a{text}"] for text in TEXTS]
    out = list(csv.reader(io.StringIO(Answer(["=head", "number", "c"], rows, False).as_csv(), newline="")))
    assert out[0] == ["'=head", "number", "c"]
    assert [row[0] for row in out[1:]] == ["'" + text for text in TEXTS]
    assert {row[1] for row in out[1:]} == {"-1.5"}
    assert [row[2] for row in out[1:]] == ["a" + text for text in TEXTS]


@pytest.mark.parametrize("case", [case for case in CASES if "song" in case], ids=lambda case: case["name"])
def test_terminals_show_text_as_text(case: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    show.show(Answer(["song", "[/x]"], [[case["song"], case["artist"]]], False), "table")
    shown = capsys.readouterr().out
    assert not any(character in shown for character in "\x1b\x07\x00\u202e\u2066")
    assert "[/bold][red]" in shown or "[/bold]" not in case["song"]


def test_names_from_kafka_cannot_break_the_ledger(capsys: pytest.CaptureFixture[str]) -> None:
    row = LedgerRow("[/red]\x1b[2J\nzipotify: all is well", "listen_events", 0, None, 1, 1)
    _tables.print_ledger(LedgerReport([row], "reachable"))
    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    assert not any(line.startswith("zipotify: all is well") for line in shown.splitlines())


def test_harmless_keeps_what_people_write() -> None:
    kept = "Ünï·код 日本 🎵 [a] 100 %"
    assert harmless(kept) == kept
    assert harmless("a\nb\x1bc\u202ed") == "a�b�c�d"
    assert harmless("a\n\tb", keep="\n") == "a\n�b"


def test_live_rows_fit_any_serving_database() -> None:
    """PostgreSQL has no zero character, and its columns have an end."""
    fitted = rollups.fitting({"song": "a\0b" + "x" * 2000, "level": None, "ts": 5})
    assert fitted["song"] == ("a\ufffdb" + "x" * 2000)[: rollups.LONGEST_TEXT_CHARS]
    assert (fitted["level"], fitted["ts"]) == ("", 5)
