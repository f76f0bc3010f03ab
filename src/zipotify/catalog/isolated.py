"""Reading in a process of its own: a bent file may end the C library that reads it, but not the import.

Found by the fuzzer: after some thousand bent files, HDF5's library had damaged the memory of its process.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path

import polars as pl

from zipotify.catalog.raw import SourceReport, empty_raw

_AT_ONCE = 500
Read = Callable[[list[Path]], tuple[pl.DataFrame, SourceReport]]


def read_isolated(files: list[Path], read: Read, kind: str) -> tuple[pl.DataFrame, SourceReport]:
    """What `read` (a module's function) gives, some files a process; one that ends its process is named as broken."""
    report, parts = SourceReport(kind, len(files)), [empty_raw()]
    for start in range(0, len(files), _AT_ONCE):
        parts += _read(files[start : start + _AT_ONCE], read, report)
    frame = pl.concat(parts)
    report.read = len(frame)
    return frame, report


def _read(files: list[Path], read: Read, report: SourceReport) -> list[pl.DataFrame]:
    try:
        # Not forked: a fork of a process with threads may hang.
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            frame, found = pool.submit(read, files).result()
    except BrokenProcessPool:
        if len(files) == 1:
            report.break_off(files[0], "the library that reads it ended")
            return []
        half = len(files) // 2
        return [*_read(files[:half], read, report), *_read(files[half:], read, report)]
    report.broken |= found.broken
    return [frame]
