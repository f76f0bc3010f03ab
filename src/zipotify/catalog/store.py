"""The catalogue as tables of the lake: `catalog/tracks` and `catalog/artists`."""

from __future__ import annotations

import polars as pl
from deltalake import DeltaTable, write_deltalake
from deltalake.exceptions import TableNotFoundError

from zipotify.catalog.builtin import BUILTIN_PREFIX, builtin_artists, builtin_tracks
from zipotify.places import Folder


def write_catalog(lake: Folder) -> bool:
    """Write the built-in catalogue into the lake, unless it or an imported one is there; returns whether it did."""
    if is_imported(lake):
        return False
    changed = [
        _write(lake / "catalog" / "tracks", builtin_tracks()),
        _write(lake / "catalog" / "artists", builtin_artists()),
    ]
    return any(changed)


def write_imported(lake: Folder, tracks: pl.DataFrame, artists: pl.DataFrame) -> None:
    """Put an imported catalogue in the place of what is there; a reader sees the old or the new tables."""
    for name, table in (("artists", artists), ("tracks", tracks)):
        path = lake / "catalog" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_deltalake(str(path), table.to_arrow(), mode="overwrite", schema_mode="overwrite")


def stored(lake: Folder, name: str) -> pl.DataFrame | None:
    """The lake's `tracks` or `artists`, by id; None when there are none."""
    return _read(lake / "catalog" / name)


def is_imported(lake: Folder) -> bool:
    """Whether the lake holds tracks that aren't the built-in ones."""
    path = lake / "catalog" / "tracks"
    if not DeltaTable.is_deltatable(str(path)):
        return False
    first = pl.scan_delta(str(path)).select("track_id").head(1).collect()
    return bool(len(first)) and not str(first.item()).startswith(BUILTIN_PREFIX)


def _write(path: Folder, table: pl.DataFrame) -> bool:
    stored = _read(path)
    if stored is not None and stored.equals(table):
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    write_deltalake(str(path), table.to_arrow(), mode="overwrite", schema_mode="overwrite")
    return True


def _read(path: Folder) -> pl.DataFrame | None:
    try:
        table = DeltaTable(str(path)).to_pyarrow_table()
    except TableNotFoundError:
        return None
    stored = pl.from_arrow(table)
    assert isinstance(stored, pl.DataFrame)  # noqa: S101 - a table is never a series
    return stored.sort(stored.columns[0])
