"""History: questions to the published snapshot, each answered once per snapshot and shared by all who ask.

A snapshot is opened read-only, so no build waits for a reader; when `current.json` names a new one, the next question
goes there, and the old file is let go when its last answer is out.
"""

from __future__ import annotations

import threading
from concurrent.futures import Future
from dataclasses import dataclass, field

import duckdb

from zipotify.contracts.answers import Answer, ask, ask_arrow, parquet_bytes
from zipotify.contracts.snapshot import Manifest, current, open_current
from zipotify.settings import Settings

_KEPT_ANSWERS = 2000
_TOO_LONG_S = 30.0
_LARGEST_EXPORT_ROWS = 1_000_000


@dataclass
class Snapshot:
    """One published file, open, with the answers that it gave."""

    manifest: Manifest
    _connection: duckdb.DuckDBPyConnection
    _answers: dict[str, Future[Answer]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def ask(self, sql: str) -> Answer:
        """The answer to one of our own questions; whoever asks the same at the same time waits for the one answer."""
        with self._lock:
            future = self._answers.get(sql)
            is_mine = future is None
            if future is None:
                if len(self._answers) >= _KEPT_ANSWERS:
                    self._answers.clear()
                future = self._answers[sql] = Future()
        if is_mine:
            self._work_out(sql, future)
        return future.result()

    def _work_out(self, sql: str, future: Future[Answer]) -> None:
        try:
            future.set_result(self._timed(sql))
        except BaseException as error:
            with self._lock:  # a later try may go well
                self._answers.pop(sql, None)
            future.set_exception(error)

    def _timed(self, sql: str) -> Answer:
        cursor = self._connection.cursor()
        limit = threading.Timer(_TOO_LONG_S, cursor.interrupt)
        limit.daemon = True
        limit.start()
        try:
            return ask(cursor, sql)
        finally:
            limit.cancel()
            cursor.close()

    def parquet(self, sql: str) -> bytes:
        """The answer as a Parquet file, with the types that the marts have."""
        cursor = self._connection.cursor()
        try:
            return parquet_bytes(ask_arrow(cursor, sql, _LARGEST_EXPORT_ROWS))
        finally:
            cursor.close()


class History:
    """The newest snapshot of one home."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._snapshot: Snapshot | None = None

    def publish_id(self) -> str | None:
        """What is published now, without opening it."""
        manifest = current(self._settings.home.published)
        return None if manifest is None else manifest.publish_id

    def newest(self) -> Snapshot | None:
        """The snapshot to ask now: the last one that there was, when none is there any more; None before the first."""
        published = self.publish_id()
        with self._lock:
            if published is None:
                return self._snapshot
            if self._snapshot is None or self._snapshot.manifest.publish_id != published:
                self._snapshot = Snapshot(
                    *open_current(self._settings.home.published, self._settings.warehouse_memory_mb)
                )
            return self._snapshot
