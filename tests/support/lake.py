"""Delta tables as plain rows, without the columns that say where and when a record came in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from zipotify.contracts.tables import TABLES, WHERE_FROM

_WHERE_FROM = {column.name for column in WHERE_FROM} - {"source"}


def table(lake: Path, name: str) -> pl.DataFrame:
    """One lake table, all columns."""
    return pl.read_delta(str(lake / TABLES[name].path))


def rows(lake: Path, name: str) -> list[dict[str, Any]]:
    """One lake table's rows without where-from columns, in a fixed order."""
    frame = table(lake, name)
    kept = frame.select([column for column in frame.columns if column not in _WHERE_FROM])
    return kept.sort(kept.columns[0]).to_dicts()
