"""The targets of `bench/fuzz.py`: what once broke one, sound input, and sound input bent at random, for a short while.

`make prove` has atheris look for more, guided by coverage, for twenty minutes.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.fuzz import EDITS, bent

PROJECT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT / "bench"))

from fuzz_targets import TARGETS  # noqa: E402

KNOWN = sorted((PROJECT / "tests" / "golden" / "fuzz").glob("*/*"))


@pytest.fixture(params=TARGETS)
def target(request: pytest.FixtureRequest) -> tuple[Callable[[bytes], None], list[bytes]]:
    chosen = TARGETS[request.param]
    return chosen.make(), chosen.seeds()


@pytest.mark.parametrize("case", KNOWN, ids=lambda case: f"{case.parent.name}/{case.name}")
def test_what_once_broke_a_target_does_no_more(case: Path) -> None:
    TARGETS[case.parent.name].make()(case.read_bytes())


def test_cases_are_of_targets() -> None:
    assert len(KNOWN) >= 4
    assert {case.parent.name for case in KNOWN} <= set(TARGETS)


def test_a_target_takes_sound_input_and_bent(target: tuple[Callable[[bytes], None], list[bytes]]) -> None:
    call, seeds = target

    @given(st.sampled_from(seeds), EDITS, st.just(1.0) | st.floats(0, 1))
    @settings(max_examples=max(25, settings().max_examples // 4))
    def bend(whole: bytes, edits: list[tuple[float, bytes, str]], kept: float) -> None:
        call(bent(whole, edits, kept))

    for whole in (b"", *seeds):
        call(whole)
    bend()
