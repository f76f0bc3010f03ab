"""Erased people stay out, whichever way their events come back, and the ledger counts each of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from support.lake import rows, table
from zipotify.contracts import erasure, outbox
from zipotify.contracts.erasure import SESSION, USER, ErasureList
from zipotify.errors import ErasurePendingError
from zipotify.lake import ensure_tables
from zipotify.lake.load import LoadReport, load_files
from zipotify.ops.ledger import check
from zipotify.settings import Settings

SOURCE = "web"


def page_view(user: Any, session_id: int, item: int = 0, **changes: Any) -> bytes:
    event = {"ts": 1_700_000_000_000 + item * 1000, "sessionId": session_id, "page": "Home", "auth": "Logged In"}
    event |= {"method": "GET", "status": 200, "level": "free", "itemInSession": item, "userId": user}
    return json.dumps({**event, **changes}).encode()


def loaded(settings: Settings, folder: Path, *records: bytes) -> LoadReport:
    file = folder / f"page_view_events_{len(list(folder.glob('*.json')))}.json"
    file.write_bytes(b"\n".join(records) + b"\n")
    return load_files(settings, [file], SOURCE)


def erase(settings: Settings, **named: Any) -> ErasureList:
    hasher = erasure.hasher(settings.home)
    listed = erasure.add_to_list(settings.home, [hasher.hash_of(kind, SOURCE, value) for kind, value in named.items()])
    erasure.mark_applied(settings.home)
    return listed


@pytest.mark.parametrize(
    ("user", "value"),
    [
        ("46", page_view(46, 1)),
        ("46", page_view("46", 1)),
        ("46", b'{"\\u0075serId": 46}'),
        ("46", b'{"userId": 46, "song": "cut o'),
        ("46", b'[[["userId" : "46"'),
        ("Ünï·код", page_view("Ünï·код", 1)),
        ("Ünï·код", page_view("Ünï·код", 1)[:-1]),
        ("46", page_view(46, 1).decode().encode("utf-16-le")),
        ('a"b', page_view('a"b', 1)[:-1]),
    ],
)
def test_a_record_is_recognised_readable_or_not(settings: Settings, user: str, value: bytes) -> None:
    listed = erase(settings, **{USER: user})
    assert listed.owns(SOURCE, value)
    assert not listed.owns("another", value)
    other = ErasureList(listed.key, frozenset({listed.hash_of(USER, SOURCE, user + "7"), "0" * 64}))
    assert not other.owns(SOURCE, value)


def test_their_events_are_counted_and_go_no_further(settings: Settings, tmp_path: Path) -> None:
    erase(settings, **{USER: "46", SESSION: 7})
    mine = [
        page_view(46, 1),
        page_view(None, 7, auth="Logged Out"),
        page_view(46, 1, ts="broken"),
        b'{"userId": 46, "x',
    ]
    others = [page_view(47, 2), page_view(47, 2, page=5)]
    report = loaded(settings, tmp_path, *mine, *others)
    assert (report.read_count, report.bronze_count, report.erased_count) == (6, 1, 4)
    assert [row["user_id"] for row in rows(settings.home.lake, "users_private")] == ["47"]
    assert b"46" not in b"".join(table(settings.home.lake, "quarantine")["value"])
    removed = table(settings.home.lake, "removed")
    assert removed["cause"].unique().to_list() == ["erased"]
    assert {(at.minute, at.second) for at in removed["produced_at"]} == {(0, 0)}
    ledger = check(settings)
    assert ledger.balanced
    assert ledger.total("erased") == 4


def test_what_a_producer_refused_is_left_out_too(settings: Settings) -> None:
    ensure_tables(settings.home.lake)
    erase(settings, **{USER: "46"})
    refuse = outbox.refuser(settings.home, SOURCE, 10)
    refuse("page_view_events", page_view(46, 1))
    refuse("page_view_events", page_view(47, 2))
    assert outbox.move_to_quarantine(settings.home) == 2
    assert [row["value"] for row in rows(settings.home.lake, "quarantine")] == [page_view(47, 2)]
    ledger = check(settings)
    assert ledger.balanced
    assert (ledger.total("erased"), ledger.total("refused")) == (1, 1)


def test_the_list_only_grows_and_names_nobody(settings: Settings) -> None:
    erase(settings, **{USER: "a-very-distinct-name"})
    listed = erase(settings, **{USER: "somebody-else"})
    assert len(listed.hashes) == 2
    text = "".join(path.read_text() for path in settings.home.privacy.iterdir())
    assert "distinct" not in text
    assert settings.home.secret("erasure.key").hex() not in repr(listed)


def test_an_older_lake_is_refused(settings: Settings, tmp_path: Path) -> None:
    loaded(settings, tmp_path, page_view(46, 1))
    hasher = erasure.hasher(settings.home)
    erasure.add_to_list(settings.home, [hasher.hash_of(USER, SOURCE, 46)])
    with pytest.raises(ErasurePendingError, match="privacy enforce"):
        loaded(settings, tmp_path, page_view(47, 2))
    erasure.mark_applied(settings.home)
    assert loaded(settings, tmp_path, page_view(47, 2)).bronze_count == 1
