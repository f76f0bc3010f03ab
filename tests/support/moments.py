"""A short session at each moment that calendars stumble over; every play lasts 30 s and begins as the last one ends."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

SOURCE = "moments"
MOMENTS = {
    1: "2023-12-31T23:59:00Z",  # New Year at midnight, in the middle of the session
    2: "2024-02-28T23:59:00Z",  # into a leap day
    3: "2024-02-29T23:59:00Z",  # and out of it
    4: "2024-03-10T06:59:00Z",  # 01:59 in New York: the clock jumps to 03:00
    5: "2024-11-03T05:59:00Z",  # 01:59 in New York: the clock goes back to 01:00
    6: "2023-02-28T23:59:00Z",  # a year without a leap day
}
"""Session -> when it begins."""
PLAYS = 4
STEP_S = 30


def begin_s(session_id: int) -> int:
    """When a session begins, in seconds since 1970."""
    return int(datetime.fromisoformat(MOMENTS[session_id]).timestamp())


def days_of(session_id: int) -> list[str]:
    """UTC days of the session's plays, in order."""
    times = [begin_s(session_id) + number * STEP_S for number in range(PLAYS)]
    return [datetime.fromtimestamp(at_s, UTC).date().isoformat() for at_s in times]


def write_moments(folder: Path) -> Path:
    """One file of all of the sessions' plays."""
    path = folder / "listen_events.json"
    path.write_text("".join(json.dumps(_play(s, n)) + "\n" for s in MOMENTS for n in range(PLAYS)))
    return path


def _play(session_id: int, number: int) -> dict[str, object]:
    at_ms = (begin_s(session_id) + number * STEP_S) * 1000
    who = {"userId": f"u{session_id}", "sessionId": session_id, "itemInSession": number, "level": "free"}
    return {**who, "ts": at_ms, "auth": "Logged In", "artist": "A", "song": f"S{number}", "duration": float(STEP_S)}
