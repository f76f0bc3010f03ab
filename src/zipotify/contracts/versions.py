"""The contract as a document, and what differs between two of them: what fits data that is stored, and what does not.

A new optional field fits: events without it stay right. All else would make stored events, or producers that are out
there, wrong; so it is refused when something starts, not when an event comes at night.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from zipotify.contracts.fields import CONTRACT_VERSION, EVENTS, EventField

Document = dict[str, Any]


@dataclass(frozen=True)
class Change:
    """One difference; `fits` tells whether stored data and old producers stay right."""

    topic: str
    field: str
    what: str
    fits: bool

    def as_line(self) -> str:
        """For people."""
        place = f"{self.topic}.{self.field}" if self.field else self.topic
        return f"{'compatible' if self.fits else 'BREAKING'}: {place} {self.what}"


def document() -> Document:
    """The contract that this installation has."""
    events = {topic: {field.name: _described(field) for field in event.fields} for topic, event in EVENTS.items()}
    return {"version": CONTRACT_VERSION, "events": events}


def _described(field: EventField) -> dict[str, Any]:
    return {"type": field.kind, "column": field.column, "required": field.required, "since": field.since}


def compare(old: Document, new: Document) -> list[Change]:
    """All differences from `old` to `new`, in the order of their names."""
    topics = sorted({*old["events"], *new["events"]})
    return [change for topic in topics for change in _topic(topic, old["events"].get(topic), new["events"].get(topic))]


def _topic(topic: str, old: dict[str, Any] | None, new: dict[str, Any] | None) -> Iterator[Change]:
    if old is None or new is None:
        yield Change(topic, "", "is new" if old is None else "is gone", old is None)
        return
    for name in sorted({*old, *new}):
        yield from _field(topic, name, old.get(name), new.get(name))


def _field(topic: str, name: str, old: dict[str, Any] | None, new: dict[str, Any] | None) -> Iterator[Change]:
    if old is None and new is not None:
        if new["required"]:
            yield Change(topic, name, "is new and required: events that are stored, or on their way, lack it", False)
        else:
            yield Change(topic, name, f"is new, optional, of type {new['type']}", True)
    elif new is None:
        yield Change(topic, name, "is gone: stored events have it", False)
    elif old is not None:
        yield from _differences(topic, name, old, new)


def _differences(topic: str, name: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[Change]:
    if old["type"] != new["type"]:
        yield Change(topic, name, f"changes its type from {old['type']} to {new['type']}", False)
    if old["required"] != new["required"]:
        words = ("optional", "required") if new["required"] else ("required", "optional")
        yield Change(topic, name, f"was {words[0]} and becomes {words[1]}", False)
    if old["column"] != new["column"]:
        columns = [column or "users_private only" for column in (old["column"], new["column"])]
        yield Change(topic, name, f"moves from {columns[0]} to {columns[1]}", False)
