"""How records are fetched to be counted: all of a range, each once, and never more asked for than there are."""

from __future__ import annotations

from typing import Any

import pytest

from zipotify.contracts.checkpoints import Partition
from zipotify.errors import BrokerUnreachableError
from zipotify.ops import ledger_kafka
from zipotify.ops.ledger_kafka import messages

LISTENS: Partition = ("listen_events", 0)
VIEWS: Partition = ("page_view_events", 1)


class _Message:
    def __init__(self, place: Partition, offset: int) -> None:
        self._at = (*place, offset)

    def error(self) -> None:
        return None

    def topic(self) -> str:
        return self._at[0]

    def partition(self) -> int:
        return self._at[1]

    def offset(self) -> int:
        return self._at[2]


class _Waiting:
    """A consumer that, as the real one does, comes back early only with as many records as it was asked for."""

    def __init__(self, held: dict[Partition, list[int]], newer: int = 0) -> None:
        self._held = [_Message(place, offset) for place, offsets in held.items() for offset in offsets]
        self._newer = newer

    def assign(self, _places: Any) -> None:
        pass

    def consume(self, count: int, timeout: float) -> list[_Message]:
        assert count <= len(self._held) + self._newer, f"it would wait {timeout} s for records that are not there"
        found, self._held = self._held[:count], self._held[count:]
        return found


def _read(consumer: Any, starts: dict[Partition, int], ends: dict[Partition, int]) -> list[tuple[str, int, int]]:
    return [message._at for message in messages(consumer, starts, ends)]  # type: ignore[attr-defined]


def test_a_few_records_are_not_waited_for() -> None:
    consumer = _Waiting({LISTENS: [3, 4, 5], VIEWS: [0]})
    found = _read(consumer, {LISTENS: 3, VIEWS: 0}, {LISTENS: 6, VIEWS: 1})
    assert sorted(found) == [(*LISTENS, 3), (*LISTENS, 4), (*LISTENS, 5), (*VIEWS, 0)]


def test_records_that_came_since_are_left_out() -> None:
    consumer = _Waiting({LISTENS: [0, 1, 2, 3], VIEWS: [7]}, newer=1)
    assert sorted(_read(consumer, {LISTENS: 0, VIEWS: 7}, {LISTENS: 2, VIEWS: 8})) == [
        (*LISTENS, 0),
        (*LISTENS, 1),
        (*VIEWS, 7),
    ]


def test_offsets_may_have_holes() -> None:
    consumer = _Waiting({LISTENS: [0, 8, 9]}, newer=10)
    assert _read(consumer, {LISTENS: 0}, {LISTENS: 10}) == [(*LISTENS, 0), (*LISTENS, 8), (*LISTENS, 9)]


def test_a_range_without_records_asks_nobody_and_silence_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _read(_Waiting({}), {LISTENS: 4}, {LISTENS: 4}) == []
    monkeypatch.setattr(ledger_kafka, "_TIMEOUT_S", 0.0)
    with pytest.raises(BrokerUnreachableError, match="Kafka sent nothing"):
        _read(_Waiting({}, newer=2), {LISTENS: 0}, {LISTENS: 2})
