"""What the tables must be after a round: what the static path makes of the same files, in a home of its own."""

from __future__ import annotations

import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import polars as pl
from sqlalchemy import select

from zipotify.contracts import serving
from zipotify.contracts.snapshot import open_current
from zipotify.contracts.tables import BRONZE, USERS_PRIVATE, WHERE_FROM, Table
from zipotify.errors import ZipotifyError
from zipotify.lake.load import load_files
from zipotify.runtime.processes import environment_of, zipotify_command
from zipotify.settings import Settings, load_settings
from zipotify.stream import rollups

_WHERE_FROM = {column.name for column in WHERE_FROM} - {"source"}
_ARRIVAL = {"ingested_at", "last_ingested_at"}
_ABOUT_THE_BUILD = {"publication"}
_READER_MEMORY_MB = 512
_LIVE_COLUMNS = ("source", "level", "state", "gender", "device")


def differences(settings: Settings, files: Path, source: str, with_warehouse: bool = False) -> list[str]:
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
    found += _live_differences(settings, truth)
    return found + (_warehouse_differences(settings, truth) if with_warehouse else [])


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


def _warehouse_differences(settings: Settings, truth: Settings) -> list[str]:
    """Both warehouses are built and published by the verb; every table must have the same rows."""
    for each in (settings, truth):
        _build(each)
    there, wanted = _marts(settings), _marts(truth)
    names = sorted(there.keys() | wanted.keys())
    wrong = [name for name in names if there.get(name) != wanted.get(name)]
    return [f"warehouse: {name} differs" for name in wrong] + ([] if wanted else ["warehouse: no tables"])


def _build(settings: Settings) -> None:
    command = zipotify_command("build")
    done = subprocess.run(command, env=environment_of(settings), capture_output=True, text=True, check=False)
    if done.returncode:
        raise ZipotifyError(f"the warehouse of {settings.home.root} can't be built", done.stderr.strip()[-2000:])


def _marts(settings: Settings) -> dict[str, list[tuple[Any, ...]]]:
    """Rows of every published table, in order, without what says when they came in."""
    _, connection = open_current(settings.home.published, _READER_MEMORY_MB)
    with connection:
        names = [row[0] for row in connection.execute("show tables").fetchall() if row[0] not in _ABOUT_THE_BUILD]
        return {name: _mart_rows(connection, name) for name in names}


def _mart_rows(connection: Any, name: str) -> list[tuple[Any, ...]]:
    columns = [row[0] for row in connection.execute(f"describe {name}").fetchall() if row[0] not in _ARRIVAL]
    listed = ", ".join(f'"{column}"' for column in columns)
    return list(connection.execute(f"select {listed} from {name} order by all").fetchall())  # noqa: S608
