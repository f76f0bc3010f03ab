"""How much memory the parts take: each process's share (PSS: shared pages are split among those who share them)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread

import psutil

_EVERY_S = 2.0


def tree_bytes(pid: int) -> int:
    """Memory of a process and all below it; what ends meanwhile counts nothing."""
    try:
        top = psutil.Process(pid)
        family = [top, *top.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0
    return sum(process_bytes(process.pid) for process in family)


def process_bytes(pid: int) -> int:
    """Memory of one process; 0 when it is gone."""
    try:
        return int(psutil.Process(pid).memory_full_info().pss)
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return 0


@dataclass
class Peaks:
    """Highest values seen, in bytes."""

    total: int = 0
    parts: dict[str, int] = field(default_factory=dict)

    def note(self, sample: Mapping[str, int]) -> None:
        """Take one sample of all parts at the same time."""
        self.total = max(self.total, sum(sample.values()))
        for name, size in sample.items():
            self.parts[name] = max(self.parts.get(name, 0), size)

    def write(self, path: Path) -> None:
        """As JSON in bytes; the parts peak at different times, so they add up to more than the total."""
        path.write_text(json.dumps({"total_bytes": self.total, "parts_bytes": self.parts}, indent=2))


class MemorySampler:
    """Samples in the background what each part with its children takes, and what overseeing them takes."""

    def __init__(self, overseers: list[int]) -> None:
        self.pids: dict[str, int] = {}
        """The parts' processes, replaced as parts come and go."""
        self._overseers = overseers
        self.now: dict[str, int] = {}
        self.peaks = Peaks()
        self._stop = Event()
        self._thread = Thread(target=self._run, name="memory", daemon=True)

    def __enter__(self) -> MemorySampler:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(_EVERY_S):
            sample = {name: tree_bytes(pid) for name, pid in self.pids.items() if pid}
            sample["supervisor"] = sum(process_bytes(pid) for pid in self._overseers)
            self.now = sample
            self.peaks.note(sample)
