"""Live events as plain rows -> rows of the serving database's rollups; nothing of Spark here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from zipotify.contracts.fields import LISTEN_EVENTS, PAGE_VIEW_EVENTS, STATUS_CHANGE_EVENTS

BUCKET_S = 10
MINUTE_S = 60
LONGEST_TEXT_CHARS = 512
_LONGEST_TRACK_S = 86_400.0
"""A length beyond a day is an error of the catalogue's, and nobody hears it out."""
LEAVING_PAGES = ("Logout", "Cancel")
"""What ends a play, besides its track's end and the session's next play; the warehouse's rule for heard time too."""
DIMENSIONS = ("level", "state", "gender", "device")

Key = tuple[Any, ...]


def fitting(row: dict[str, Any]) -> dict[str, Any]:
    """The row as the serving database takes it: no nulls, no zero characters (PostgreSQL has none), no endless text."""
    return {name: _fit(value) for name, value in row.items()}


def _fit(value: Any) -> Any:
    if value is None:
        return ""
    return value.replace("\0", "\ufffd")[:LONGEST_TEXT_CHARS] if isinstance(value, str) else value


def _start(row: dict[str, Any], width_s: int) -> int:
    return int(row["ts"]) // 1000 // width_s * width_s


def counts(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of live_counts: what happened per source, bucket and dimensions."""
    totals: dict[Key, Counter[str]] = {}
    for row in rows:
        key = (row["source"], _start(row, BUCKET_S), *(row[name] for name in DIMENSIONS))
        totals.setdefault(key, Counter()).update(_measures(row))
    names = ("source", "bucket_start_s", *DIMENSIONS)
    measures = ("event_count", "play_count", "upgrade_count", "downgrade_count")
    return [dict(zip(names, key, strict=True)) | {m: count[m] for m in measures} for key, count in totals.items()]


def _measures(row: dict[str, Any]) -> list[str]:
    """Measures that one event adds to; its level is the one before the change. Page views are the events."""
    match row["topic"]:
        case t if t == PAGE_VIEW_EVENTS:
            return ["event_count"]
        case t if t == LISTEN_EVENTS:
            return ["play_count"]
        case t if t == STATUS_CHANGE_EVENTS:
            return ["downgrade_count" if row["level"] == "paid" else "upgrade_count"]
    return []


def tracks(plays: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of live_tracks: plays per source, minute, artist and song."""
    names = ("source", "minute_start_s", "artist", "song")
    keys = ((p["source"], _start(p, MINUTE_S), p["artist"], p["song"]) for p in plays)
    return [dict(zip(names, key, strict=True)) | {"play_count": count} for key, count in Counter(keys).items()]


def users(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of live_users: who was active in which minute."""
    names = ("source", "minute_start_s", "user_key", "session_id", "level")
    keys = ((r["source"], _start(r, MINUTE_S), r["user_key"], r["session_id"], r["level"]) for r in rows)
    return [dict(zip(names, key, strict=True)) for key in dict.fromkeys(keys)]


def activity(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of live_activity: who was active in which 10 s, with dimensions."""
    names = ("source", "bucket_start_s", "user_key", "session_id", *DIMENSIONS)
    keys = (
        (r["source"], _start(r, BUCKET_S), r["user_key"], r["session_id"], *(r[d] for d in DIMENSIONS)) for r in rows
    )
    return [dict(zip(names, key, strict=True)) for key in dict.fromkeys(keys)]


def play(row: dict[str, Any]) -> dict[str, Any]:
    """Row of live_plays."""
    names = ("event_id", "source", "artist", "song", "level", "city", "state", "device")
    return {name: row[name] for name in names} | {"event_at_ms": row["ts"]}


def playing(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of live_playing: for each session its newest play, and when it last left."""
    found: dict[Key, dict[str, Any]] = {}
    for row in rows:
        if row["topic"] != LISTEN_EVENTS and row["page"] not in LEAVING_PAGES:
            continue
        known = found.setdefault((row["source"], row["session_id"]), _silent(row))
        if row["topic"] != LISTEN_EVENTS:
            known["stopped_at_ms"] = max(known["stopped_at_ms"], row["ts"])
        elif (row["ts"], row["event_id"]) > (known["started_at_ms"], known["event_id"]):
            ends_at_ms = row["ts"] + round(1000 * min(row["duration"] or 0.0, _LONGEST_TRACK_S))
            known |= {"started_at_ms": row["ts"], "ends_at_ms": ends_at_ms}
            known |= {name: row[name] for name in ("user_key", "level", "event_id")}
    return list(found.values())


def _silent(row: dict[str, Any]) -> dict[str, Any]:
    """A session of which no play is known."""
    head = {name: row[name] for name in ("source", "session_id", "user_key", "level")}
    return head | {"event_id": "", "started_at_ms": 0, "ends_at_ms": 0, "stopped_at_ms": 0}
