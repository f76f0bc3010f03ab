"""Recorded logs on disk: which files, which topic, which records, and what is said of those that cannot be read."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from zipotify.contracts.files import RawRecord, find_files, read_records
from zipotify.errors import MissingInputError, UsageError

OLD_LINE = json.dumps({"page": "Home", "location": "Wichita, KS", "sessionId": 1}).encode()


def written(folder: Path, name: str, *lines: bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    content = b"".join(line + b"\n" for line in lines)
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return path


def test_folders_are_searched_files_are_taken_as_named(tmp_path: Path) -> None:
    inside = [written(tmp_path, name) for name in ("a/x.json", "a/b/y.jsonl.gz", "a/z.ndjson")]
    for name in ("a/notes.txt", "a/x.json.bak", "a/data.gz"):
        written(tmp_path, name)
    named = written(tmp_path, "anything.log")
    assert find_files([tmp_path / "a", named, inside[0]]) == sorted([*inside, named])


@pytest.mark.parametrize("name", ["nowhere", "empty"])
def test_nothing_to_read_names_the_path(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(MissingInputError, match=name) as raised:
        find_files([tmp_path / name])
    assert raised.value.exit_code == 2


def test_the_files_name_tells_the_topic_and_bytes_stay_as_they_are(tmp_path: Path) -> None:
    lines = [b'{"a": 1} ', b"\xff\xfe", b"not json", b" "]
    plain = written(tmp_path, "auth_events_2024.json", *lines)
    packed = written(tmp_path, "page_view_events.ndjson.gz", *lines)
    expected = [RawRecord("auth_events", line) for line in lines]
    assert list(read_records([plain])) == expected
    assert [record.value for record in read_records([packed])] == lines


def test_empty_lines_and_any_line_end_make_no_record(tmp_path: Path) -> None:
    file = tmp_path / "auth_events.json"
    file.write_bytes(b'\n{"a":1}\r\n\r\n\n{"b":2}')
    assert [record.value for record in read_records([file])] == [b'{"a":1}', b'{"b":2}']


def test_a_topic_that_is_given_wins_over_the_name(tmp_path: Path) -> None:
    file = written(tmp_path, "auth_events.json", b"{}")
    assert [record.topic for record in read_records([file], "listen_events")] == ["listen_events"]


@pytest.mark.parametrize(
    "lines",
    [
        (OLD_LINE,),
        (b"garbage", b"[]", OLD_LINE),
        (json.dumps({"page": "Home", "auth": "Guest", "sessionId": 1}).encode(), OLD_LINE),
        (),
    ],
)
def test_the_older_dialect_is_told_by_the_first_records(tmp_path: Path, lines: tuple[bytes, ...]) -> None:
    """A guest's first record has neither place nor length; an empty day has no record at all."""
    file = written(tmp_path, "2018-11-01-events.json", *lines)
    assert [record.topic for record in read_records([file])] == ["page_view_events"] * len(lines)


def test_a_login_and_what_follows_may_lie_in_two_files(tmp_path: Path) -> None:
    login = json.dumps({"page": "Login", "location": "Wichita, KS", "sessionId": 1}).encode()
    files = [written(tmp_path, "1.json", login), written(tmp_path, "2.json", OLD_LINE)]
    assert [record.topic for record in read_records(files)][-1] == "auth_events"


@pytest.mark.parametrize(("topic", "words"), [(None, "cannot tell which topic"), ("plays", "unknown topic 'plays'")])
def test_an_unclear_topic_is_told_before_anything_is_read(tmp_path: Path, topic: str | None, words: str) -> None:
    file = written(tmp_path, "things.json", b'{"page": "Home", "city": "x"}')
    with pytest.raises(UsageError, match=words) as raised:
        read_records([written(tmp_path, "auth_events.json"), file], topic)
    assert "listen_events" in raised.value.to_do


def _bent(packed: bytes, how: str) -> bytes:
    middle = len(packed) // 2
    damage = bytes(byte ^ 0xFF for byte in packed[middle : middle + 20])
    bent = {
        "cut": packed[:middle],
        "damaged": packed[:middle] + damage + packed[middle + 20 :],
        "not packed": b"plain text",
    }
    return bent[how]


@pytest.mark.parametrize("how", ["cut", "damaged", "not packed"])
def test_a_gzip_file_that_is_not_whole_is_named(tmp_path: Path, how: str) -> None:
    packed = gzip.compress(b"".join(json.dumps({"n": n * 7919}).encode() + b"\n" for n in range(20_000)))
    file = tmp_path / "auth_events.json.gz"
    file.write_bytes(_bent(packed, how))
    with pytest.raises(MissingInputError, match=r"auth_events\.json\.gz is no whole gzip file"):
        list(read_records([file]))
