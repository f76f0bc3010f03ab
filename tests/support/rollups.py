"""Live rollups as plain rows, to compare homes by."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from zipotify.contracts import serving
from zipotify.settings import Settings


def live_counts(settings: Settings) -> list[tuple[Any, ...]]:
    """All rows of `live_counts`, in order."""
    engine = serving.connect(settings.serving_address())
    with engine.connect() as connection:
        found = sorted(tuple(row) for row in connection.execute(select(serving.live_counts)))
    engine.dispose()
    return found
