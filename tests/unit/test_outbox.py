"""Records that a producer refused: in the outbox, then in quarantine, counted once at every moment."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.lake import table
from zipotify.contracts import outbox
from zipotify.contracts.fields import LISTEN_EVENTS
from zipotify.lake import ensure_tables
from zipotify.lake.load import load_files
from zipotify.ops.ledger import LedgerReport, check
from zipotify.settings import Settings

_VALUES = [b"x" * 2000, b"line\nbreaks\n\x00and bytes \xff", b"y" * 3000]


@pytest.fixture
def refused(settings: Settings) -> Settings:
    """A home whose producer refused three records."""
    refuse = outbox.refuser(settings.home, "sim", 1000)
    for value in _VALUES:
        refuse(LISTEN_EVENTS, value)
    return settings


def _counts(report: LedgerReport) -> tuple[bool, int, int, int]:
    return report.balanced, report.total("produced"), report.total("refused"), report.total("in_flight")


def test_waiting_records_are_in_flight_and_moved_ones_refused(refused: Settings) -> None:
    assert _counts(check(refused)) == (True, 3, 0, 3)
    ensure_tables(refused.home.lake)
    assert outbox.move_to_quarantine(refused.home) == 3
    assert outbox.move_to_quarantine(refused.home) == 0
    assert _counts(check(refused)) == (True, 3, 3, 0)
    kept = table(refused.home.lake, "quarantine")
    assert sorted(kept["value"]) == sorted(_VALUES)
    assert set(kept["reason"]) == {"TOO_LARGE"}


def test_a_move_that_was_interrupted_is_finished_without_doubles(refused: Settings) -> None:
    ensure_tables(refused.home.lake)
    copies = {record.path: record.path.read_bytes() for record in outbox.waiting(refused.home)}
    outbox.move_to_quarantine(refused.home)
    for path, content in copies.items():  # as if it had been killed before it removed them
        path.write_bytes(content)
    assert _counts(check(refused)) == (True, 3, 3, 0)
    outbox.move_to_quarantine(refused.home)
    assert _counts(check(refused)) == (True, 3, 3, 0)
    assert list(outbox.waiting(refused.home)) == []


def test_a_load_takes_them_along(refused: Settings, tmp_path: Path) -> None:
    file = tmp_path / "listen_events.ndjson"
    file.write_bytes(b"nope\n")
    load_files(refused, [file], "recorded")
    assert _counts(check(refused)) == (True, 4, 4, 0)
