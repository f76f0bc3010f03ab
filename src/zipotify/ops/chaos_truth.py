"""What the tables must be after a round: what the static path makes of the same files, in a home of its own."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import polars as pl
from sqlalchemy import select

from zipotify.contracts import serving
from zipotify.contracts.tables import BRONZE, USERS_PRIVATE, WHERE_FROM, Table
from zipotify.lake.load import load_files
from zipotify.settings import Settings, load_settings
from zipotify.stream import rollups

_WHERE_FROM = {column.name for column in WHERE_FROM} - {"source"}
_LIVE_COLUMNS = ("source", "level", "state", "gender", "device")


def differences(settings: Settings, files: Path, source: str) -> list[str]:
    """In words, what differs between the home and the truth; empty when nothing does."""
    key = settings.user_key().hex()
    truth = load_settings(settings.home.root.parent / "truth-home", user_key_secret=key)
    load_files(truth, [files], source)
    found = []
    for table in (*BRONZE.values(), USERS_PRIVATE):
        wanted, there = _rows(truth, table), _rows(settings, table)
        missing, extra = (wanted - there).total(), (there - wanted).total()
        if missing or extra:
            found.append(f"{table.name}: {missing} rows are missing or differ, {extra} are there that should not be")
    return found + _live_differences(settings, truth)


def _rows(settings: Settings, table: Table) -> Counter[str]:
    frame = pl.read_delta(str(settings.home.lake / table.path))
    kept = [name for name in sorted(frame.columns) if name not in _WHERE_FROM]
    return Counter(str(row) for row in frame.select(kept).iter_rows())


def _live_differences(settings: Settings, truth: Settings) -> list[str]:
    events = [event for topic, table in BRONZE.items() for event in _live_events(truth, topic, table)]
    keys = ("source", "bucket_start_s", *rollups.DIMENSIONS)
    measures = ("event_count", "play_count", "upgrade_count", "downgrade_count")
    wanted = {tuple(row[k] for k in keys): tuple(row[m] for m in measures) for row in rollups.counts(events)}
    engine = serving.connect(settings.serving_address())
    with engine.connect() as connection:
        rows = connection.execute(select(serving.live_counts)).mappings().all()
    engine.dispose()
    there = {tuple(row[k] for k in keys): tuple(row[m] for m in measures) for row in rows}
    wrong = [key for key in wanted.keys() | there.keys() if wanted.get(key) != there.get(key)]
    return [f"live_counts: {len(wrong)} of {len(wanted)} rows differ"] if wrong else []


def _live_events(truth: Settings, topic: str, table: Table) -> list[dict[str, Any]]:
    frame = pl.read_delta(str(truth.home.lake / table.path))
    columns = [name for name in _LIVE_COLUMNS if name in frame.columns]
    rows = frame.select(*columns, pl.col("ts_ms").alias("ts"), pl.lit(topic).alias("topic")).to_dicts()
    return [rollups.fitting({**dict.fromkeys(_LIVE_COLUMNS), **row}) for row in rows]
