"""What a soak writes down every few seconds, and the slopes of it: a leak shows as memory that keeps rising."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from zipotify.home import Home

_HOUR_S = 3600.0
_MB = 2**20


@dataclass(frozen=True)
class Sample:
    """One moment; sizes in bytes."""

    at_s: float
    """Since the start of the soak."""
    rate: float
    sent: int
    waiting: int | None
    memory: dict[str, int]
    """By part, shared pages split (PSS)."""
    disk: dict[str, int]
    """By folder of the home."""


def disk_of(home: Home) -> dict[str, int]:
    """Bytes by folder of the home; files beside them count as `other`."""
    sizes: dict[str, int] = {"other": 0}
    for entry in home.root.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            sizes[entry.name] = Home(entry).size_bytes()
        else:
            sizes["other"] += _size(entry)
    return sizes


def _size(file: Path) -> int:
    try:
        return file.lstat().st_size
    except FileNotFoundError:
        return 0


def slope_mb_per_hour(at_s: Sequence[float], size_bytes: Sequence[int]) -> float | None:
    """Least squares; None for fewer than two moments."""
    if len(set(at_s)) < 2:
        return None
    return round(float(np.polyfit(np.asarray(at_s) / _HOUR_S, np.asarray(size_bytes) / _MB, 1)[0]), 1)


def summary(samples: Sequence[Sample], from_s: float) -> dict[str, Any]:
    """Highest and last values of all samples, and the slopes of those from `from_s` on."""
    late = [sample for sample in samples if sample.at_s >= from_s]
    return {
        "slopes_from_s": round(from_s),
        "memory": {"total": _line(samples, late, None, "memory"), **_lines(samples, late, "memory")},
        "disk": {"total": _line(samples, late, None, "disk"), **_lines(samples, late, "disk")},
        "samples": [asdict(sample) for sample in samples],
    }


def _lines(samples: Sequence[Sample], late: Sequence[Sample], what: str) -> dict[str, Any]:
    names = sorted({name for sample in samples for name in getattr(sample, what)})
    return {name: _line(samples, late, name, what) for name in names}


def _line(samples: Sequence[Sample], late: Sequence[Sample], name: str | None, what: str) -> dict[str, Any]:
    def of(sample: Sample) -> int:
        sizes: dict[str, int] = getattr(sample, what)
        return sum(sizes.values()) if name is None else sizes.get(name, 0)

    there = [sample for sample in late if name is None or name in getattr(sample, what)]
    return {
        "highest_mb": round(max((of(sample) for sample in samples), default=0) / _MB, 1),
        "last_mb": round(of(samples[-1]) / _MB, 1) if samples else 0.0,
        "slope_mb_per_hour": slope_mb_per_hour([s.at_s for s in there], [of(s) for s in there]),
    }
