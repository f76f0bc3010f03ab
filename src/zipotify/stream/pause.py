"""The moments between two bronze batches, in which others may touch the lake.

What a record becomes depends on bronze before its batch. So nobody may change bronze while a batch is under way, nor
between an attempt that was interrupted and the next one: then only the batch itself may write.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


class Pause:
    """Calls `work` only between batches; every batch is written inside `before_batch`."""

    def __init__(self, checkpoint: Path, work: Callable[[], None]) -> None:
        self._checkpoint = checkpoint
        self._work = work
        self._under_way = threading.Lock()
        self._written_id: int | None = None

    @contextmanager
    def before_batch(self, batch_id: int) -> Iterator[None]:
        """Around the writing of a batch: the pause comes first, unless the batch may be one that was begun earlier."""
        with self._under_way:
            if self._written_id is not None and batch_id > self._written_id:
                self._work()
            yield
            self._written_id = batch_id

    def use_if_idle(self) -> None:
        """Work now if no batch is under way or unfinished; else the next batch's pause will do."""
        if self._under_way.acquire(blocking=False):
            try:
                if self._newest("offsets") == self._newest("commits"):
                    self._work()
            finally:
                self._under_way.release()

    def _newest(self, log: str) -> int:
        numbers = (int(entry.name) for entry in (self._checkpoint / log).glob("*") if entry.name.isdigit())
        return max(numbers, default=-1)
