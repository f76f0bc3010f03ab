"""What every reader of Million Song data gives: rows of the same columns, not cleaned yet, and what it refused."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

RAW_SCHEMA: dict[str, pl.DataType] = {
    "track_id": pl.String(),
    "song_id": pl.String(),
    "title": pl.String(),
    "artist_id": pl.String(),
    "artist_name": pl.String(),
    "release": pl.String(),
    "duration_s": pl.Float64(),
    "year": pl.Int32(),
    "genre": pl.String(),
    "tempo_bpm": pl.Float64(),
    "loudness_db": pl.Float64(),
    "song_hotness": pl.Float64(),
    "artist_hotness": pl.Float64(),
    "artist_location": pl.String(),
    "artist_lat": pl.Float64(),
    "artist_lon": pl.Float64(),
    "listen_count": pl.Int64(),
}
"""Missing values are still NaN, 0 or empty here; `clean` turns them into null."""
_MOST_EXAMPLES = 20


@dataclass
class SourceReport:
    """What one kind of source gave."""

    kind: str
    files: int = 0
    read: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    """Reason -> records."""
    broken: dict[str, str] = field(default_factory=dict)
    """Files that could not be read at all -> why."""
    examples: list[str] = field(default_factory=list)
    """A few of the refused records, with where they are."""

    def refuse(self, reason: str, example: str, count: int = 1) -> None:
        """Count refused records and remember a few."""
        if count:
            self.refused[reason] += count
            if len(self.examples) < _MOST_EXAMPLES:
                self.examples.append(f"{reason}: {example}")

    def break_off(self, path: Path, error: object) -> None:
        """A file that could not be read."""
        self.broken[str(path)] = " ".join(str(error).split())[:200] or type(error).__name__


def as_raw(frame: pl.DataFrame) -> pl.DataFrame:
    """The raw columns in order; those that a source doesn't have are null."""
    known = [name for name in RAW_SCHEMA if name in frame.columns]
    typed = frame.select(pl.col(name).cast(RAW_SCHEMA[name], strict=False) for name in known)
    missing = [pl.lit(None, RAW_SCHEMA[name]).alias(name) for name in RAW_SCHEMA if name not in known]
    return typed.with_columns(missing).select(list(RAW_SCHEMA))


def empty_raw() -> pl.DataFrame:
    """No rows."""
    return pl.DataFrame(schema=RAW_SCHEMA)
