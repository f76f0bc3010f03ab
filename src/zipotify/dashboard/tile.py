"""A tile: one question, the SQL that answers it, and how the answer is drawn and told.

Everything that a tile offers (picture, text for screen readers, definition, SQL, CSV, Parquet, JSON, a place in the
report) comes from this one description.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from zipotify.access.roles import Role
from zipotify.contracts.answers import Answer
from zipotify.dashboard.scope import Scope

Component = Any
"""Whatever Dash can show; its classes are untyped."""


@dataclass(frozen=True)
class Frame:
    """An answer with its names: what a tile draws."""

    answer: Answer
    scope: Scope

    def column(self, name: str) -> list[Any]:
        """One column's values."""
        at = self.answer.columns.index(name)
        return [row[at] for row in self.answer.rows]

    def records(self) -> list[dict[str, Any]]:
        """Rows by column name."""
        return self.answer.records()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not self.answer.rows


@dataclass(frozen=True)
class Tile:
    """One tile of a page."""

    id: str
    """Stable: part of addresses of the API."""
    title: str
    """Names the metric, not the chart."""
    unit: str
    """What is counted, over what: one short line under the title."""
    definition: str
    """What exactly it counts, for the "i"."""
    sql: Callable[[Scope], str]
    draw: Callable[[Frame], Component]
    tell: Callable[[Frame], str]
    """The picture in one or two sentences, for who can't see it."""
    width: Literal["full", "two-thirds", "half", "third"] = "half"
    metrics: tuple[str, ...] = ()
    """Names in the metrics file whose definitions belong to it."""
    people: bool = True
    """Whether filters on people apply; where they don't, the tile says so."""
    needs: tuple[str, ...] = ()
    """Filters without which it says nothing: the artist, the track or the user that it is about."""
    tables: tuple[str, ...] = ()
    """Tables that `zipotify analyses` fills; before it ran, the tile says that."""
    role: Role = Role.VIEWER
    """Who may see it."""
    why_empty: str = ""
    """What an empty answer means, where it is not that nothing happened."""
    is_empty: Callable[[Frame], bool] = lambda frame: frame.is_empty
