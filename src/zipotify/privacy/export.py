"""Everything that is stored of one person, as JSON: attributes, events by topic, and refused records."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import polars as pl

from zipotify.contracts.analyses import PERSONAL_RESULTS
from zipotify.contracts.erasure import NOBODY, SESSION, USER, ErasureList
from zipotify.contracts.tables import BRONZE, QUARANTINE, USERS_PRIVATE, WHERE_FROM, Table
from zipotify.errors import UsageError
from zipotify.privacy.people import Person, Session, named_people, scan, sessions_of
from zipotify.settings import Settings

_INTERNAL = {"content_hash", "contract_version", "private_id", *(c.name for c in WHERE_FROM)} - {"source"}


def export(settings: Settings, user_id: str, source: str | None = None) -> dict[str, Any]:
    """The person's data; raises UsageError or MissingInputError when the id names nobody, or several."""
    lake = settings.home.lake
    person = named_people(settings, [user_id], source, must_exist=True)[0]
    if (private := scan(lake, USERS_PRIVATE)) is None:
        raise UsageError("there is no lake yet", "load or stream events first")
    sessions = sessions_of(lake, [person])
    return {
        "kind": "zipotify personal data",
        "exported_at": _plain(datetime.now(UTC)),
        "source": person.source,
        "user_id": person.user_id,
        "user_key": person.user_key,
        "attributes": _rows(private.filter(user_key=person.user_key)),
        "sessions": [session_id for _, session_id in sessions],
        "events": {topic: _events(settings, topic, person, sessions) for topic in BRONZE},
        "refused_records": _refused(settings, person, sessions),
        "results": {
            table.name.removeprefix("analyses_"): _results(settings, table, person) for table in PERSONAL_RESULTS
        },
    }


def _events(settings: Settings, topic: str, person: Person, sessions: list[Session]) -> list[dict[str, Any]]:
    """Events that show the person, and those without a user in sessions that were theirs alone."""
    events = scan(settings.home.lake, BRONZE[topic])
    if events is None:
        return []
    ids = [session_id for _, session_id in sessions]
    is_theirs = (pl.col("user_key") == person.user_key) | (
        pl.col("user_key").is_null() & (pl.col("source") == person.source) & pl.col("session_id").is_in(ids)
    )
    return _rows(events.filter(is_theirs).sort("event_at", "item_in_session"))


def _results(settings: Settings, table: Table, person: Person) -> list[dict[str, Any]]:
    rows = scan(settings.home.lake, table)
    return [] if rows is None else _rows(rows.filter(user_key=person.user_key))


def _refused(settings: Settings, person: Person, sessions: list[Session]) -> list[dict[str, Any]]:
    quarantine = scan(settings.home.lake, QUARANTINE)
    if quarantine is None:
        return []
    # The list's way of recognising a record, with a list of one.
    hashes = [NOBODY.hash_of(USER, person.source, person.user_id)]
    hashes += [NOBODY.hash_of(SESSION, *session) for session in sessions]
    alone = ErasureList(NOBODY.key, frozenset(hashes))
    rows = quarantine.filter(source=person.source).collect().to_dicts()
    theirs = [row for row in rows if alone.owns(row["source"], row["value"] or b"")]
    return [
        {name: _plain(row[name]) for name in ("topic", "reason", "message", "produced_at", "value")} for row in theirs
    ]


def _rows(frame: pl.LazyFrame) -> list[dict[str, Any]]:
    rows = frame.collect().to_dicts()
    return [{name: _plain(value) for name, value in row.items() if name not in _INTERNAL} for row in rows]


def _plain(value: Any) -> Any:
    """As JSON has it: instants as ISO-8601 with Z, bytes as text with what is no UTF-8 escaped."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else value
