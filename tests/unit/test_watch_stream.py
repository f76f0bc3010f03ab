"""Watching the stream takes nothing in itself where a supervisor starts the stream again."""

from __future__ import annotations

import pytest

from zipotify.ops import maintenance
from zipotify.ops.maintenance import watch_stream
from zipotify.ops.supervisor import ProcessState
from zipotify.settings import Settings


class _Supervised:
    """A supervisor that knows these parts."""

    known: tuple[ProcessState, ...] = ()

    def __init__(self, _home: object) -> None:
        pass

    def states(self) -> dict[str, ProcessState]:
        return {state.name: state for state in self.known}


@pytest.mark.parametrize("state", ["BACKOFF", "STARTING", "STOPPED", "FATAL"])
def test_a_stream_that_the_supervisor_has_is_left_to_it(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, state: str
) -> None:
    monkeypatch.setattr(_Supervised, "known", (ProcessState("stream", state, 0, 0, ""),))
    assert f"the stream, which is {state}: 7 events wait" in _watch(monkeypatch, settings, expected=0)


def test_where_nobody_has_a_stream_one_pass_takes_in_what_waits(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    monkeypatch.setattr(_Supervised, "known", ())
    assert "one pass took in 7 events" in _watch(monkeypatch, settings, expected=1)


def _watch(monkeypatch: pytest.MonkeyPatch, settings: Settings, expected: int) -> str:
    passes: list[Settings] = []
    monkeypatch.setattr(maintenance, "Supervisor", _Supervised)
    monkeypatch.setattr(maintenance, "waiting_count", lambda _settings: 7)
    monkeypatch.setattr(maintenance, "catch_up", passes.append)
    said = watch_stream(settings.model_copy(update={"bootstrap_servers": "far:1"}))
    assert len(passes) == expected
    return said
