"""The search on pages about music."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc

SEARCH_ID = "music-search"


def search_box() -> Any:
    """A field whose suggestions come from the tracks that were played."""
    return dmc.Select(
        id=SEARCH_ID,
        data=[],
        placeholder="Search an artist, a track or a listener's key",
        searchable=True,
        clearable=True,
        nothingFoundMessage="Nothing that was played is called so.",
        limit=30,
        size="sm",
        className="zip-search",
        comboboxProps={"withinPortal": True},
        **{"aria-label": "Search an artist, a track or a listener's key"},
    )
