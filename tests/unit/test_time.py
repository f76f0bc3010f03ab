"""Clocks that are set back, and days that calendars stumble over, on the way into the lake and the live tiles."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any, Self

import pytest
from sqlalchemy import func, select

from support.lake import table
from support.moments import MOMENTS, PLAYS, SOURCE, begin_s, days_of, write_moments
from zipotify.contracts import serving
from zipotify.contracts.fields import LISTEN_EVENTS
from zipotify.lake import load
from zipotify.lake.load import load_files
from zipotify.ops.ledger import check
from zipotify.settings import Settings
from zipotify.stream.live import LiveWriter


class SetClock(datetime):
    """The clock of the load; tests set it."""

    shows = datetime(2024, 11, 3, 6, 30, tzinfo=UTC)

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Self:
        return cls.fromtimestamp(cls.shows.timestamp(), tz)


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Pacific/Kiritimati"])
def test_events_lie_on_their_day_in_utc_wherever_the_machine_is(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, zone: str
) -> None:
    import time

    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        report = load_files(settings, [write_moments(tmp_path)], SOURCE)
    finally:
        monkeypatch.undo()
        time.tzset()
    assert (report.bronze_count, report.repeat_count) == (PLAYS * len(MOMENTS), 0)
    rows = table(settings.home.lake, LISTEN_EVENTS).sort("event_at")
    for session in MOMENTS:
        mine = rows.filter(session_id=session)
        assert [day.isoformat() for day in mine["event_date"]] == days_of(session)
        assert mine["event_at"][0] == datetime.fromtimestamp(begin_s(session), UTC)
    assert check(settings).balanced


def test_a_clock_that_is_set_back_an_hour_loses_and_doubles_nothing(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between two loads, and between a load and the same one again; each record counts in one hour of the ledger."""
    monkeypatch.setattr(load, "datetime", SetClock)
    for folder in ("first", "second"):
        (tmp_path / folder).mkdir()
    first, second = write_moments(tmp_path / "first"), write_moments(tmp_path / "second")
    second.write_text(second.read_text().replace('"sessionId": ', '"sessionId": 10'))
    assert load_files(settings, [first], SOURCE).bronze_count == 24
    monkeypatch.setattr(SetClock, "shows", SetClock.shows - timedelta(hours=1))
    assert load_files(settings, [second], SOURCE).bronze_count == 24
    again = load_files(settings, [first], SOURCE)
    assert (again.bronze_count, again.repeat_count) == (0, 24)
    ledger = check(settings)
    assert ledger.balanced
    hours = Counter[str | None]()
    for row in ledger.rows:
        hours[row.hour] += row.produced
    assert sorted(hours.values()) == [24, 48]


def test_live_counts_take_events_of_a_clock_that_was_set_back(settings: Settings) -> None:
    settings.home.root.mkdir(parents=True)
    engine = serving.connect(settings.serving_address())
    writer = LiveWriter(settings, engine)
    now_ms = 1_730_616_000_000
    for batch, at_ms in enumerate([now_ms, now_ms - 3_600_000, now_ms - 3_599_000, now_ms + 1000]):
        writer.apply([_live_play(batch, at_ms)], batch)
    with engine.connect() as connection:
        assert connection.execute(select(func.sum(serving.live_counts.c.play_count))).scalar_one() == 4
        assert connection.execute(select(func.count()).select_from(serving.live_plays)).scalar_one() == 4
    engine.dispose()


def _live_play(number: int, at_ms: int) -> dict[str, Any]:
    who = {"event_id": str(number), "topic": LISTEN_EVENTS, "source": "sim", "user_key": "u", "session_id": 1}
    what = {
        "duration": 200.0,
        "page": None,
        "artist": "A",
        "song": "S",
        "city": "",
        "state": "",
        "gender": "",
        "level": "free",
        "device": "",
    }
    return {**who, **what, "ts": at_ms, "produced_ms": at_ms}
