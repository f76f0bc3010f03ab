"""A typed event -> its rows in the lake; the static path and replays from quarantine write the same ones."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from zipotify.contracts.decode import Event
from zipotify.contracts.device import device_class
from zipotify.contracts.fields import CONTRACT_VERSION, EVENTS, EXTRA
from zipotify.contracts.identity import content_hash, event_id, private_id
from zipotify.contracts.tables import PRIVATE_FIELDS

Row = dict[str, Any]


def bronze_row(topic: str, source: str, event: Event, user_key: str | None) -> Row:
    """The event's bronze row, without the columns that say where it came from."""
    contract = EVENTS[topic]
    at = datetime.fromtimestamp(event["ts"] // 1000, UTC).replace(microsecond=event["ts"] % 1000 * 1000)
    return {str(f.column): event.get(f.name) for f in contract.bronze_fields} | {
        "event_id": event_id(source, topic, event["sessionId"], event["itemInSession"], event["ts"]),
        "user_key": user_key,
        "event_at": at,
        "event_date": at.date(),
        "device": device_class(event.get("userAgent")),
        "extra": event.get(EXTRA),
        "content_hash": content_hash(contract, event, user_key),
        "contract_version": CONTRACT_VERSION,
    }


def private_row(source: str, event: Event, user_key: str | None) -> Row | None:
    """The row of `users_private`; None for an event that shows no user."""
    if user_key is None:
        return None
    values = {column: event.get(name) for name, column in PRIVATE_FIELDS.items()}
    head = {"private_id": private_id(source, list(values.values())), "source": source, "user_key": user_key}
    return {**head, **values, "ingested_at": datetime.now(UTC)}
