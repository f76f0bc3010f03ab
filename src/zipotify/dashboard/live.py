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

BUCKET_S = 10
MINUTE_S = 60
LINE_MINUTES = 60
ACTIVE_MINUTES = 5
TOP_MINUTES = 15
_TOP_COUNT = 8
_TICKER_COUNT = 9
_COMPARED_COUNT = 200
_FRESHNESS_MS = 10 * MINUTE_S * 1000
_PARTS = "select name, state, detail from parts order by name"


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
    """Distinct users by their latest level, last five minutes."""
    session_count: int
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


def read_live(engine: Engine) -> LiveView:
    """The picture of this moment."""
    with engine.connect() as connection:
        source, as_of_s = _newest_source(connection)
        if source is None or as_of_s is None:
            return LiveView(None, None, (), {}, 0, {}, (), (), (), 0, 0, _pipeline(connection, None))
        reader = _Reader(connection, source, as_of_s)
        events, plays = reader.line()
        upgrades, downgrades = reader.conversions()
        return LiveView(
            source,
            as_of_s,
            plays,
            reader.active_users(),
            reader.session_count(),
            reader.states(),
            reader.top("song, artist"),
            reader.top("artist, ''"),
            reader.newest(),
            upgrades,
            downgrades,
            _pipeline(connection, events / MINUTE_S),
        )


def _newest_source(connection: Connection) -> tuple[str | None, int | None]:
    newest = "select source, bucket_start_s from live_counts order by bucket_start_s desc, source limit 1"
    row = connection.execute(text(newest)).first()
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
            "select bucket_start_s, sum(event_count), sum(play_count) from live_counts"
            " where source = :source and bucket_start_s >= :start group by bucket_start_s",
            start=self._as_of_s - LINE_MINUTES * MINUTE_S,
        )
        plays, events = [0] * LINE_MINUTES, 0
        for start_s, event_count, play_count in rows:
            minutes_ago = (self._as_of_s - BUCKET_S - int(start_s)) // MINUTE_S
            plays[LINE_MINUTES - 1 - minutes_ago] += int(play_count)
            events += int(event_count) if minutes_ago == 0 else 0
        return events, tuple(plays)

    def active_users(self) -> dict[str, int]:
        # Somebody who changed the level counts once, at the level that was seen last.
        rows = self._rows(
            "select case when paid_s >= free_s then 'paid' else 'free' end as level, count(*) from ("
            " select user_key, max(case when level = 'paid' then minute_start_s else 0 end) as paid_s,"
            " max(case when level <> 'paid' then minute_start_s else 0 end) as free_s from live_users"
            " where source = :source and minute_start_s >= :start and user_key <> '' group by user_key) as users"
            " group by 1",
            start=self._minute_start(ACTIVE_MINUTES),
        )
        return {level: int(users) for level, users in rows}

    def session_count(self) -> int:
        rows = self._rows(
            "select count(distinct session_id) from live_users where source = :source and minute_start_s >= :start",
            start=self._minute_start(ACTIVE_MINUTES),
        )
        return int(rows[0][0])

    def states(self) -> dict[str, int]:
        rows = self._rows(
            "select substr(state, 1, 2), sum(play_count) from live_counts"
            " where source = :source and bucket_start_s >= :start and state <> '' group by 1",
            start=self._as_of_s - TOP_MINUTES * MINUTE_S,
        )
        return {state: int(plays) for state, plays in rows if plays}

    def conversions(self) -> tuple[int, int]:
        rows = self._rows(
            "select coalesce(sum(upgrade_count), 0), coalesce(sum(downgrade_count), 0) from live_counts"
            " where source = :source and bucket_start_s >= :start",
            start=self._as_of_s - LINE_MINUTES * MINUTE_S,
        )
        return int(rows[0][0]), int(rows[0][1])

    def top(self, columns: str) -> tuple[Ranked, ...]:
        now_s = self._minute_start(TOP_MINUTES)
        before = self._top(columns, now_s - TOP_MINUTES * MINUTE_S, now_s, _COMPARED_COUNT)
        ranks = {(name, by): rank for rank, (name, by, _plays) in enumerate(before, 1)}
        rows = self._top(columns, now_s, self._as_of_s, _TOP_COUNT)
        return tuple(Ranked(name, by, int(plays), ranks.get((name, by))) for name, by, plays in rows)

    def _top(self, columns: str, start_s: int, end_s: int, limit: int) -> list[Any]:
        return self._rows(
            f"select {columns}, sum(play_count) as plays from live_tracks where source = :source"
            " and minute_start_s >= :start and minute_start_s < :end_s"
            " group by 1, 2 order by plays desc, 1, 2 limit :limit",
            start=start_s,
            end_s=end_s,
            limit=limit,
        )

    def newest(self) -> tuple[dict[str, Any], ...]:
        rows = self._rows(
            "select event_at_ms, artist, song, level, city, state from live_plays where source = :source"
            " order by event_at_ms desc, event_id limit :limit",
            limit=_TICKER_COUNT,
        )
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
        {str(name): (str(state), str(detail)) for name, state, detail in rows(_PARTS)},
        (str(build[0][0]), int(build[0][1])) if build else None,
    )


def _in_flight(report: str) -> int | None:
    try:
        return sum(int(row["in_flight"]) for row in json.loads(report)["rows"])
    except (ValueError, KeyError, TypeError):
        return None
