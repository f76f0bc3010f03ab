"""Memory of the parts: a whole family counts, what is gone counts nothing, peaks stay."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.command import wait_until
from zipotify.ops import memory
from zipotify.ops.memory import MemorySampler, Peaks, process_bytes, tree_bytes

_PARENT = """\
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "x = bytearray(50_000_000); print(1, flush=True); input()"],
                         stdin=subprocess.PIPE, stdout=subprocess.PIPE)
child.stdout.readline()
print(child.pid, flush=True)
sys.stdin.read()
"""


def test_children_count_with_their_parent() -> None:
    with subprocess.Popen([sys.executable, "-c", _PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert process_bytes(child) > 45_000_000
        assert tree_bytes(parent.pid) > process_bytes(parent.pid) + 45_000_000
    assert tree_bytes(parent.pid) == process_bytes(parent.pid) == 0


def test_the_total_peak_is_of_one_moment(tmp_path: Path) -> None:
    peaks = Peaks()
    for sample in ({"a": 10, "b": 1}, {"a": 2, "b": 5}, {}):
        peaks.note(sample)
    assert (peaks.total, peaks.parts) == (11, {"a": 10, "b": 5})
    peaks.write(tmp_path / "peak.json")
    assert json.loads((tmp_path / "peak.json").read_text()) == {"total_bytes": 11, "parts_bytes": {"a": 10, "b": 5}}


def test_the_sampler_follows_the_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_EVERY_S", 0.01)
    with MemorySampler([os.getpid()]) as sampler:
        sampler.pids = {"stream": os.getpid(), "gone": 0}
        wait_until(lambda: "stream" in sampler.peaks.parts, "a sample", 60)
    assert sampler.peaks.parts.keys() == {"stream", "supervisor"}
    assert sampler.peaks.total >= sampler.peaks.parts["stream"] > 0
