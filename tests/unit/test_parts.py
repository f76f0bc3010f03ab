"""The parts: in which order they start and stop, with and without a broker of ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from zipotify.cli import verbs
from zipotify.ops.parts import PARTS, parts_of, startable, stoppable
from zipotify.settings import load_settings


def test_each_part_is_a_verb_and_needs_parts_that_stand_before_it() -> None:
    seen: set[str] = set()
    for part in PARTS:
        assert part.arguments[0] in {*verbs(), "dashboard"}
        assert set(part.needs) <= seen
        seen.add(part.name)


def test_an_external_broker_is_not_run_and_not_waited_for(tmp_path: Path) -> None:
    parts = parts_of(load_settings(tmp_path, bootstrap_servers="far:1"))
    assert [part.name for part in parts] == [part.name for part in PARTS if part.name != "broker"]
    assert {"stream", "simulator", "dashboard"} <= startable(parts, set())


def test_starting_goes_by_what_is_ready() -> None:
    first = startable(PARTS, set())
    assert first == {"broker", "dashboard"}
    second = startable(PARTS, {"broker"}) - first
    assert second == {"stream", "simulator"}
    assert startable(PARTS, {"broker", "stream"}) == {part.name for part in PARTS}


def test_stopping_is_the_other_way_round() -> None:
    running: set[str] = {part.name for part in PARTS}
    waves = []
    while running:
        wave = stoppable(PARTS, running)
        assert wave, "nothing may stop"
        waves.append(wave)
        running -= wave
    assert [name in wave for wave in waves for name in ("broker",)] == [False] * (len(waves) - 1) + [True]
    assert next(n for n, wave in enumerate(waves) if "stream" in wave) > next(
        n for n, wave in enumerate(waves) if "warehouse" in wave
    )


@pytest.mark.parametrize("name", [part.name for part in PARTS])
def test_a_part_that_runs_alone_may_stop(name: str) -> None:
    assert stoppable(PARTS, {name}) == {name}
