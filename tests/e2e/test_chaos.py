"""One short round of chaos: real Kafka, Spark and sender are hurt, and nothing is lost or doubled."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support.command import zipotify

pytestmark = pytest.mark.e2e


def test_a_round_ends_without_a_difference_and_is_not_run_again(tmp_path: Path) -> None:
    arguments = ("chaos", "--rounds", "1", "--seed", "392", "--users", "20", "--faults", "3", "--no-warehouse")
    done = zipotify(tmp_path / "home", *arguments)
    assert done.stdout.splitlines()[-1] == "1 rounds, 3 faults, 0 rounds with differences"
    (result,) = (tmp_path / "home" / "chaos").glob("*.json")
    report = json.loads(result.read_text())
    assert report["event_count"] > 0
    assert len(report["faults"]) == 3
    again = zipotify(tmp_path / "home", *arguments)
    assert "round 1: done before, 0 differences" in again.stdout
