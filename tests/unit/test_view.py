"""What `up` shows where there is no terminal: a line when something changed, and not the same line again."""

from __future__ import annotations

import pytest

from zipotify.ops import view as module
from zipotify.ops.health import PartStatus
from zipotify.ops.view import View, _table


def part(state: str, detail: str = "", progress: float | None = None) -> PartStatus:
    return PartStatus("stream", state, detail, progress, False, "")


def shown(capsys: pytest.CaptureFixture[str], *statuses: PartStatus) -> list[str]:
    with View() as view:
        for status in statuses:
            view.show([status], {"stream": 300 * 2**20})
    return capsys.readouterr().out.splitlines()


def test_a_changed_state_is_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    lines = shown(capsys, part("starting"), part("starting"), part("running", "batch 1"), part("running", "batch 2"))
    assert lines == ["stream     starting   300 MB", "stream     running   batch 1 300 MB"]


def test_a_changed_detail_is_told_now_and_then(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([0.0, 0.0, 100.0, 100.0, 100.0])
    monkeypatch.setattr(module.time, "monotonic", lambda: next(clock))
    lines = shown(capsys, part("loading", "10%", 0.1), part("loading", "50%", 0.5))
    assert [line.split()[2] for line in lines] == ["10%", "50%"]
    assert "(50%)" in lines[1]


def test_square_brackets_of_a_message_stay(capsys: pytest.CaptureFixture[str]) -> None:
    assert "[red]5[/red]" in shown(capsys, part("failed", "[red]5[/red]"))[0]
    assert _table([part("failed", "[/x]")], {}).row_count == 2
