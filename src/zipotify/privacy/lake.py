"""Erasing from the lake: rows go from every table, and so do the files and log entries that remembered them.

Delta keeps deleted rows in old files, and smallest and largest values of each column (names, in `users_private`) in its
log. So after deleting, old files are vacuumed, the log is summed up in a checkpoint, and all entries before it go.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import polars as pl
from deltalake import DeltaTable, write_deltalake

from zipotify.contracts.analyses import PERSONAL_RESULTS
from zipotify.contracts.erasure import ErasureList
from zipotify.contracts.schemas import arrow_schema
from zipotify.contracts.tables import BRONZE, ERASED, QUARANTINE, REMOVED, REPEATS, USERS_PRIVATE, WHERE_FROM, Table
from zipotify.places import Folder
from zipotify.privacy.people import Session, scan

_ORIGIN = [column.name for column in WHERE_FROM]
_AT_ONCE = 2_000
_VERSION_DIGITS = 20


@dataclass(frozen=True)
class Done:
    """What was done at one place."""

    place: str
    what: str
    row_count: int = 0
    file_count: int = 0


@dataclass(frozen=True)
class Targets:
    """Whom to erase: their hashes in events, their sessions, and values that only they have."""

    erased: ErasureList
    user_keys: Sequence[str]
    sessions: Sequence[Session]
    values: Sequence[str] = field(repr=False)


class LakeCleaner:
    """Erases from one lake, which the caller holds; done again after a crash, it goes on."""

    def __init__(self, lake: Folder, targets: Targets) -> None:
        self._lake = lake
        self._targets = targets
        self.events: list[pl.DataFrame] = []
        """The rows that were erased from bronze, with their topic, as long as this process lives."""

    def clean(self) -> Iterator[Done]:
        """Erase table by table; `users_private`, by which people are found, is the last."""
        for topic, table in BRONZE.items():
            yield self._clean_events(topic, table)
        yield self._clean_repeats()
        yield self._clean_quarantine()
        for table in (*PERSONAL_RESULTS, USERS_PRIVATE):
            yield self._clean_by(table, [f"user_key in ({_texts(self._targets.user_keys)})"])

    def _clean_events(self, topic: str, table: Table) -> Done:
        events = scan(self._lake, table)
        if events is None:
            return Done(f"lake/{table.path}", "not there")
        sessions = pl.LazyFrame(
            self._targets.sessions, schema={"source": pl.String, "session_id": pl.Int64}, orient="row"
        )
        named = events.filter(pl.col("user_key").is_in(self._targets.user_keys))
        guest = events.filter(pl.col("user_key").is_null()).join(sessions, ["source", "session_id"], "semi")
        rows = pl.concat([named, guest]).with_columns(pl.lit(topic).alias("topic")).collect()
        self.events.append(rows)
        self._remember(rows)
        return self._clean_by(table, self._event_predicates(rows))

    def _event_predicates(self, rows: pl.DataFrame) -> list[str]:
        """By key, and by session where the user was not shown."""
        predicates = [f"user_key in ({_texts(self._targets.user_keys)})"]
        hidden = rows.filter(pl.col("user_key").is_null()).select("source", "session_id").unique()
        for (source,), part in hidden.group_by(["source"]):
            for some in _slices(sorted(part["session_id"])):
                listed = ", ".join(str(number) for number in some)
                predicates.append(f"user_key is null and source = {_texts([source])} and session_id in ({listed})")
        return predicates

    def _clean_repeats(self) -> Done:
        repeats = scan(self._lake, REPEATS)
        if repeats is None:
            return Done(f"lake/{REPEATS.path}", "not there")
        ids = pl.concat([rows.select("event_id") for rows in self.events]).lazy()
        rows = repeats.join(ids, "event_id", "semi").collect()
        self._remember(rows)
        predicates = [f"event_id in ({_texts(some)})" for some in _slices(sorted(rows["event_id"].unique()))]
        return self._clean_by(REPEATS, predicates)

    def _clean_quarantine(self) -> Done:
        """What can be read is judged by its user and session, the rest also by values that only they have."""
        quarantine = scan(self._lake, QUARANTINE)
        if quarantine is None:
            return Done(f"lake/{QUARANTINE.path}", "not there")
        texts = [value.encode() for value in self._targets.values]
        rows = quarantine.collect()
        mine = [self._is_theirs(source, value, texts) for source, value in rows.select("source", "value").iter_rows()]
        theirs = rows.filter(pl.Series(mine, dtype=pl.Boolean))
        self._remember(theirs)
        return self._clean_by(QUARANTINE, list(_origin_predicates(theirs)))

    def _is_theirs(self, source: str, value: bytes | None, texts: list[bytes]) -> bool:
        raw = value or b""
        return self._targets.erased.owns(source, raw) or any(text in raw for text in texts)

    def _remember(self, rows: pl.DataFrame) -> None:
        """Write down that these records were erased, before they are: the ledger counts each once."""
        if rows.height:
            now = pl.lit(datetime.now(UTC)).cast(pl.Datetime("us", "UTC")).alias("ingested_at")
            hour = pl.col("produced_at").dt.truncate("1h")
            kept = rows.select("topic", pl.lit(ERASED).alias("cause"), *_ORIGIN).with_columns(hour, now)
            schema = arrow_schema(REMOVED)
            write_deltalake(str(self._lake / REMOVED.path), kept.to_arrow().cast(schema), mode="append")

    def _clean_by(self, table: Table, predicates: list[str]) -> Done:
        path = self._lake / table.path
        if not DeltaTable.is_deltatable(str(path)):
            return Done(f"lake/{table.path}", "not there")
        deleted = [DeltaTable(str(path)).delete(predicate)["num_deleted_rows"] for predicate in predicates]
        file_count = forget_history(path)
        return Done(f"lake/{table.path}", "rows deleted, old files and log entries removed", sum(deleted), file_count)


def forget_history(path: Folder) -> int:
    """Remove all files of a Delta table that its present version does not need; returns how many."""
    vacuumed = DeltaTable(str(path)).vacuum(
        retention_hours=0, enforce_retention_duration=False, dry_run=False, full=True
    )
    table = DeltaTable(str(path))
    table.create_checkpoint()
    old = [entry for entry in (path / "_delta_log").iterdir() if _is_before(entry.name, table.version())]
    for entry in old:
        entry.unlink()
    return len(vacuumed) + len(old)


def _is_before(name: str, version: int) -> bool:
    """Log entries are named after their version; Hadoop's checksums of them begin with a dot."""
    digits = name.removeprefix(".")[:_VERSION_DIGITS]
    return len(digits) == _VERSION_DIGITS and digits.isdigit() and int(digits) < version


def _origin_predicates(rows: pl.DataFrame) -> Iterator[str]:
    """Predicates that pick these rows by where they came from."""
    streamed = rows.filter(pl.col("load_id").is_null())
    for (topic, number), part in streamed.group_by(["topic", "kafka_partition"]):
        for some in _slices(sorted(part["kafka_offset"])):
            listed = ", ".join(str(offset) for offset in some)
            yield f"topic = {_texts([topic])} and kafka_partition = {number} and kafka_offset in ({listed})"
    for (load_id,), part in rows.filter(pl.col("load_id").is_not_null()).group_by(["load_id"]):
        for some in _slices(sorted(part["load_row"])):
            yield f"load_id = {_texts([load_id])} and load_row in ({', '.join(str(row) for row in some)})"


def _slices(values: list[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(values), _AT_ONCE):
        yield values[start : start + _AT_ONCE]


def _texts(values: Sequence[object]) -> str:
    """SQL literals; none at all becomes one that nothing equals."""
    quoted = ", ".join("'" + str(value).replace("'", "''") + "'" for value in values)
    return quoted or "''"
