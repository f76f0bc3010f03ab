"""Refused records come back exactly once, or are given up; the ledger counts each of them in one place, always."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from deltalake import write_deltalake
from odd_records import SOUND, bent

from support.command import zipotify
from support.lake import rows, table
from zipotify.contracts.fields import LISTEN_EVENTS
from zipotify.contracts.tables import QUARANTINE
from zipotify.errors import MissingInputError, ZipotifyError
from zipotify.lake import amend
from zipotify.lake.arrow import arrow_table
from zipotify.lake.load import load_files
from zipotify.lake.quarantine import refused_records, value_of
from zipotify.lake.requests import Request, apply_waiting, ask
from zipotify.ops.ledger import check
from zipotify.settings import Settings, load_settings

_BAD = [bent(ts="yesterday"), bent(sessionId=None), b"nope", bent(song="Another"), bent(sessionId=5, ts=1_000)]
"""Wrong type, missing field, no JSON, a conflict with the sound event, out of range."""


def _load(settings: Settings, tmp_path: Path, records: list[bytes]) -> str:
    file = tmp_path / "listen_events.ndjson"
    file.write_bytes(b"\n".join(records) + b"\n")
    return load_files(settings, [file], "sim").load_id


@pytest.fixture
def home(settings: Settings, tmp_path: Path) -> Settings:
    """A home with one sound event and five refused records, the load's rows 1 to 5."""
    _load(settings, tmp_path, [bent(), *_BAD])
    return settings


def _ids(settings: Settings) -> list[str]:
    return [record.id for record in refused_records(settings.home.lake)]


def _books(settings: Settings) -> dict[str, Any]:
    report = check(settings)
    assert report.balanced
    return {name: report.total(name) for name in ("produced", "bronze", "refused", "repeats", "in_flight")}


def _replay(settings: Settings, ids: list[str], repaired: dict[str, bytes] | None = None) -> dict[str, str]:
    return ask(settings, Request("replay", ids, repaired or {}), limit_s=0)


def test_list_filters_and_shows_the_original_bytes(home: Settings) -> None:
    assert Counter(record.reason for record in refused_records(home.home.lake)) == {
        **dict.fromkeys(("WRONG_TYPE", "MISSING_FIELD", "NOT_JSON", "CONFLICT", "TIME_OUT_OF_RANGE"), 1)
    }
    (record,) = refused_records(home.home.lake, reason="CONFLICT")
    assert value_of(home.home.lake, record.id) == bent(song="Another")
    assert refused_records(home.home.lake, topic="auth_events") == []
    with pytest.raises(MissingInputError):
        value_of(home.home.lake, "listen_events:0:99")


def test_without_a_fix_everything_is_refused_again(home: Settings) -> None:
    outcome = _replay(home, _ids(home))
    assert set(amend.summary(outcome)) == {
        f"still refused: {reason}"
        for reason in ("WRONG_TYPE", "MISSING_FIELD", "NOT_JSON", "CONFLICT", "TIME_OUT_OF_RANGE")
    }
    assert _books(home) == {"produced": 6, "bronze": 1, "refused": 5, "repeats": 0, "in_flight": 0}


def test_a_repaired_record_moves_from_refused_to_bronze_once(home: Settings) -> None:
    ids = _ids(home)
    wrong = next(record.id for record in refused_records(home.home.lake, reason="WRONG_TYPE"))
    assert _replay(home, [wrong], {wrong: bent(sessionId=77)}) == {wrong: "bronze"}
    assert _books(home) == {"produced": 6, "bronze": 2, "refused": 4, "repeats": 0, "in_flight": 0}
    assert sorted(_ids(home)) == sorted(set(ids) - {wrong})
    assert _replay(home, [wrong], {wrong: bent(sessionId=77)}) == {}
    assert _books(home)["bronze"] == 2
    assert len(rows(home.home.lake, "users_private")) == 1


def test_a_record_repaired_into_an_event_that_is_there_is_a_repeat(home: Settings) -> None:
    (conflict,) = [record.id for record in refused_records(home.home.lake, reason="CONFLICT")]
    assert _replay(home, [conflict], {conflict: bent()}) == {conflict: "repeat"}
    assert _books(home) == {"produced": 6, "bronze": 1, "refused": 4, "repeats": 1, "in_flight": 0}


def test_a_new_rule_lets_a_record_in_as_it_is(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zipotify.contracts.decode.EARLIEST_MS", 0)
    outcome = _replay(home, _ids(home))
    assert amend.summary(outcome)["bronze"] == 1
    assert _books(home) == {"produced": 6, "bronze": 2, "refused": 4, "repeats": 0, "in_flight": 0}


@pytest.mark.parametrize("fails_at", ["events/listen_events", "users_private", "delete"])
def test_a_replay_that_is_killed_anywhere_ends_the_same(
    home: Settings, monkeypatch: pytest.MonkeyPatch, fails_at: str
) -> None:
    wrong = next(record.id for record in refused_records(home.home.lake, reason="WRONG_TYPE"))
    repaired = {wrong: bent(sessionId=77, lastName="Frost")}
    real = amend.write_deltalake

    def failing(path: str, *args: Any, **kwargs: Any) -> None:
        real(path, *args, **kwargs)
        if path.endswith(fails_at):
            raise KeyboardInterrupt

    monkeypatch.setattr(amend, "write_deltalake", failing)
    if fails_at == "delete":
        monkeypatch.setattr(amend, "_predicates", lambda _records: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        _replay(home, [wrong], repaired)
    monkeypatch.undo()
    with home.home.lock("lake"):
        assert apply_waiting(home) == 1
    assert _books(home) == {"produced": 6, "bronze": 2, "refused": 4, "repeats": 0, "in_flight": 0}


def test_discarded_records_lose_their_content_and_stay_counted(home: Settings) -> None:
    ids = _ids(home)
    assert set(ask(home, Request("discard", ids[:2], {}), 0).values()) == {"discarded"}
    assert sorted(_ids(home)) == sorted(ids[2:])
    assert sorted(record.id for record in refused_records(home.home.lake, discarded=True)) == sorted(ids[:2])
    assert table(home.home.lake, "quarantine")["value"].null_count() == 2
    assert _books(home)["refused"] == 5
    assert _replay(home, ids[:1]) == {}


def test_a_record_of_kafka_keeps_its_place_in_kafka(home: Settings) -> None:
    at = datetime(2026, 11, 24, 12, 30, tzinfo=UTC)
    origin = {"source": "sim", "produced_at": at, "ingested_at": at, "kafka_partition": 1, "kafka_offset": 17}
    row = {"topic": LISTEN_EVENTS, "reason": "NOT_JSON", "message": "no", "value": b"nope", **origin}
    write_deltalake(str(home.home.lake / QUARANTINE.path), arrow_table(QUARANTINE, [row]), mode="append")
    record = f"{LISTEN_EVENTS}:1:17"
    assert _replay(home, [record], {record: bent(sessionId=88)}) == {record: "bronze"}
    (placed,) = table(home.home.lake, LISTEN_EVENTS).filter(session_id=88).to_dicts()
    assert {name: placed[name] for name in origin if name != "ingested_at"} | {"ingested_at": at} == origin
    assert record not in _ids(home)


def test_a_request_that_fails_is_answered_and_does_not_come_again(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(amend.Amender, "discard", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    ids = _ids(home)
    assert set(ask(home, Request("discard", ids, {}), 0).values()) == {"still refused: FAILED: disk full"}
    monkeypatch.undo()
    with home.home.lock("lake"):
        assert apply_waiting(home) == 0
    assert _ids(home) == ids


def test_nobody_amends_a_lake_whose_stream_has_a_batch_to_finish(home: Settings) -> None:
    for log, batch in (("offsets", "0"), ("commits", "0"), ("offsets", "1")):
        (home.home.checkpoints / "bronze" / log).mkdir(parents=True, exist_ok=True)
        (home.home.checkpoints / "bronze" / log / batch).write_text("v1")
    with pytest.raises(ZipotifyError, match="nobody came to it"):
        ask(home, Request("discard", _ids(home), {}), 0)
    (home.home.checkpoints / "bronze" / "commits" / "1").write_text("v1")
    with home.home.lock("lake"):
        assert apply_waiting(home) == 1
    assert _ids(home) == []


def test_the_command(tmp_path: Path) -> None:
    settings = load_settings(tmp_path / "home")
    _load(settings, tmp_path, [bent(ts="x"), b"nope"])
    listed = json.loads(zipotify(settings.home.root, "quarantine", "list", "--format", "json").stdout)
    wrong = next(record["id"] for record in listed if record["reason"] == "WRONG_TYPE")
    assert json.loads(zipotify(settings.home.root, "quarantine", "show", wrong).stdout)["ts"] == "x"
    (tmp_path / "repaired.json").write_text(json.dumps(SOUND) + "\n")
    done = zipotify(settings.home.root, "quarantine", "replay", wrong, "--with", str(tmp_path / "repaired.json"))
    assert done.stdout == "1 records: 1 bronze\n"
    again = zipotify(settings.home.root, "quarantine", "replay", "--all", code=1)
    assert "still refused: NOT_JSON" in again.stderr
    assert "which records are meant" in zipotify(settings.home.root, "quarantine", "discard", code=2).stderr
    assert len(rows(settings.home.lake, LISTEN_EVENTS)) == 1
