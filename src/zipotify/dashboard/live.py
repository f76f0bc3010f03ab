"""What the Now page shows, read from the serving database in one go.

"Now" is the event clock of the source that was heard of last: windows end with its newest ten seconds, so that a
replayed day looks as live as today, and a silence shows as a line that stops instead of one that falls to zero.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.engine import Connection, Engine

from zipotify.dashboard import live_sql

BUCKET_S = 10
MINUTE_S = 60
LINE_MINUTES = 60
ACTIVE_MINUTES = 5
TOP_MINUTES = 15
_TRACK_COUNT = 8
_ARTIST_COUNT = 13
"""Entries take two lines and one, so that the lists are of a height."""
_TICKER_COUNT = 9
_COMPARED_COUNT = 200
_FRESHNESS_MS = 10 * MINUTE_S * 1000
_PARTS = "select name, state, detail, heartbeat_at_ms from parts order by name"
_SILENT_MS = 5 * MINUTE_S * 1000
"""Parts speak every twenty seconds or so; one that has said nothing for so long was killed or hangs."""


@dataclass(frozen=True)
class Ranked:
    """One entry of a top list; `before` is its rank in the window before, None when it was not in the list."""

    name: str
    by: str
    play_count: int
    before: int | None


@dataclass(frozen=True)
class Pipeline:
    """How the machinery does."""

    events_per_s: float | None
    p99_ms: dict[str, int]
    """Produced -> visible, 99th percentile, newest measurement per stage."""
    measured_at_ms: dict[str, int]
    ledger_balanced: bool | None
    ledger_checked_at_ms: int | None
    in_flight: int | None
    parts: dict[str, tuple[str, str]]
    """State and detail of each part, as it says itself."""
    build: tuple[str, int] | None
    """State of the newest build, and when it started."""


@dataclass(frozen=True)
class LiveView:
    """Everything on the Now page; equal views need no new picture."""

    source: str | None
    as_of_s: int | None
    """End of the newest ten seconds in which anything happened, event time."""
    plays_per_minute: tuple[int, ...]
    """One per minute of the last hour, oldest first; the last one ends at `as_of_s`."""
    active_users: dict[str, int]
    """Distinct users by their latest level, last five minutes; under '' where a level has too few to be shown."""
    session_count: int
    playing_count: int
    """Sessions that hear a track at `as_of_s`."""
    states: dict[str, int]
    tracks: tuple[Ranked, ...]
    artists: tuple[Ranked, ...]
    newest: tuple[dict[str, Any], ...]
    upgrades: int
    downgrades: int
    pipeline: Pipeline

    @property
    def minutes(self) -> list[int]:
        """Ends of the minutes in `plays_per_minute`, seconds since 1970."""
        end = self.as_of_s or 0
        return [end - MINUTE_S * back for back in range(len(self.plays_per_minute) - 1, -1, -1)]


def read_live(engine: Engine, k_anonymity: int = 10) -> LiveView:
    """The picture of this moment; groups of fewer people are not shown, nor anything about who played what."""
    with engine.connect() as connection:
        source, as_of_s = _newest_source(connection)
        if source is None or as_of_s is None:
            return LiveView(None, None, (), {}, 0, 0, {}, (), (), (), 0, 0, _pipeline(connection, None))
        reader = _Reader(connection, source, as_of_s)
        events, plays = reader.line()
        upgrades, downgrades = reader.conversions()
        return LiveView(
            source,
            as_of_s,
            plays,
            reader.active_users(k_anonymity),
            reader.session_count(),
            reader.playing_count(),
            reader.states(),
            reader.top(live_sql.TRACKS, _TRACK_COUNT),
            reader.top(live_sql.ARTISTS, _ARTIST_COUNT),
            reader.newest(),
            upgrades,
            downgrades,
            _pipeline(connection, events / MINUTE_S),
        )


def _newest_source(connection: Connection) -> tuple[str | None, int | None]:
    row = connection.execute(text(live_sql.NEWEST_SOURCE)).first()
    return (None, None) if row is None else (row[0], int(row[1]) + BUCKET_S)


class _Reader:
    """Reads windows of one source that end at `as_of_s`."""

    def __init__(self, connection: Connection, source: str, as_of_s: int) -> None:
        self._connection = connection
        self._source = source
        self._as_of_s = as_of_s

    def _rows(self, sql: str, **parameters: Any) -> list[Any]:
        return list(self._connection.execute(text(sql), {"source": self._source, **parameters}))

    def _minute_start(self, minutes: int) -> int:
        """Start of the first of so many clock minutes, the running one included."""
        return (self._as_of_s - 1) // MINUTE_S * MINUTE_S - (minutes - 1) * MINUTE_S

    def line(self) -> tuple[int, tuple[int, ...]]:
        """Events of the last minute, and plays of each minute of the last hour."""
        rows = self._rows(
            live_sql.LINE,
            start=self._as_of_s - LINE_MINUTES * MINUTE_S,
        )
        plays, events = [0] * LINE_MINUTES, 0
        for start_s, event_count, play_count in rows:
            minutes_ago = (self._as_of_s - BUCKET_S - int(start_s)) // MINUTE_S
            plays[LINE_MINUTES - 1 - minutes_ago] += int(play_count)
            events += int(event_count) if minutes_ago == 0 else 0
        return events, tuple(plays)

    def active_users(self, k: int) -> dict[str, int]:
        rows = self._rows(live_sql.ACTIVE_USERS, start=self._minute_start(ACTIVE_MINUTES))
        by_level = {level: int(users) for level, users in rows}
        return by_level if min(by_level.values(), default=k) >= k else {"": sum(by_level.values())}

    def session_count(self) -> int:
        rows = self._rows(live_sql.SESSIONS, start=self._minute_start(ACTIVE_MINUTES))
        return int(rows[0][0])

    def playing_count(self) -> int:
        rows = self._rows(live_sql.PLAYING, now_ms=self._as_of_s * 1000)
        return int(rows[0][0])

    def states(self) -> dict[str, int]:
        rows = self._rows(live_sql.STATES, start=self._as_of_s - TOP_MINUTES * MINUTE_S)
        return {state: int(plays) for state, plays in rows if plays}

    def conversions(self) -> tuple[int, int]:
        rows = self._rows(live_sql.CONVERSIONS, start=self._as_of_s - LINE_MINUTES * MINUTE_S)
        return int(rows[0][0]), int(rows[0][1])

    def top(self, sql: str, count: int) -> tuple[Ranked, ...]:
        now_s = self._minute_start(TOP_MINUTES)
        before = self._top(sql, now_s - TOP_MINUTES * MINUTE_S, now_s, _COMPARED_COUNT)
        ranks = {(name, by): rank for rank, (name, by, _plays) in enumerate(before, 1)}
        rows = self._top(sql, now_s, self._as_of_s, count)
        return tuple(Ranked(name, by, int(plays), ranks.get((name, by))) for name, by, plays in rows)

    def _top(self, sql: str, start_s: int, end_s: int, limit: int) -> list[Any]:
        return self._rows(sql, start=start_s, end_s=end_s, limit=limit)

    def newest(self) -> tuple[dict[str, Any], ...]:
        rows = self._rows(live_sql.NEWEST, limit=_TICKER_COUNT)
        return tuple(dict(row._mapping) for row in rows)


def _pipeline(connection: Connection, events_per_s: float | None) -> Pipeline:
    def rows(sql: str, **parameters: Any) -> list[Any]:
        return list(connection.execute(text(sql), parameters))

    checked = rows("select checked_at_ms, balanced, report from ledger_checks order by checked_at_ms desc limit 1")
    build = rows("select state, started_at_ms from builds order by started_at_ms desc limit 1")
    since_ms = int(time.time() * 1000) - _FRESHNESS_MS
    measured = "select stage, measured_at_ms, p99_ms from freshness where measured_at_ms >= :since order by 2"
    lags = rows(measured, since=since_ms)  # of each stage, the newest one stays
    return Pipeline(
        events_per_s,
        {str(stage): int(p99) for stage, _at, p99 in lags},
        {str(stage): int(at) for stage, at, _p99 in lags},
        bool(checked[0][1]) if checked else None,
        int(checked[0][0]) if checked else None,
        _in_flight(checked[0][2]) if checked else None,
        _parts(rows(_PARTS)),
        (str(build[0][0]), int(build[0][1])) if build else None,
    )


def _parts(rows: list[Any]) -> dict[str, tuple[str, str]]:
    """State and detail of each part; where a stream is, a part that says it runs and has been silent, since when."""
    is_live = any(name == "stream" and state != "stopped" for name, state, _detail, _at in rows)
    return {str(name): _part(*told) if is_live else tuple(told[:2]) for name, *told in rows}


def _part(state: str, detail: str, heartbeat_at_ms: int) -> tuple[str, str]:
    if state == "stopped" or time.time() * 1000 - heartbeat_at_ms < _SILENT_MS:
        return str(state), str(detail)
    since = time.strftime("%-d %b, %H:%M UTC", time.gmtime(heartbeat_at_ms / 1000))
    return f"silent since {since}", f"it last said: {state}, {detail}"


def _in_flight(report: str) -> int | None:
    try:
        return sum(int(row["in_flight"]) for row in json.loads(report)["rows"])
    except (ValueError, KeyError, TypeError):
        return None
