"""A range of days (UTC) that recorded events are picked by, before they are judged."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from zipotify.contracts.decode import parse_json
from zipotify.errors import UsageError


@dataclass(frozen=True)
class Period:
    """From the start of the first day to the end of the last one; a bound that is None is open."""

    first_day: date | None = None
    last_day: date | None = None

    @property
    def is_open(self) -> bool:
        """Whether nothing is left out."""
        return self.first_day is None and self.last_day is None

    def holds(self, raw: bytes) -> bool:
        """Whether the record's `ts` (ms since 1970) is within; one that cannot be told is, to be judged and kept."""
        value = parse_json(raw)
        ts = value.get("ts") if isinstance(value, dict) else None
        if not isinstance(ts, int) or isinstance(ts, bool):
            return True
        return self._from_ms <= ts < self._to_ms

    @property
    def _from_ms(self) -> float:
        return float("-inf") if self.first_day is None else _start_ms(self.first_day)

    @property
    def _to_ms(self) -> float:
        return float("inf") if self.last_day is None else _start_ms(self.last_day) + _DAY_MS

    def __str__(self) -> str:
        return f"{self.first_day or ''}/{self.last_day or ''}"


_DAY_MS = timedelta(days=1) // timedelta(milliseconds=1)


def _start_ms(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1000


def period_of(first_day: str | None, last_day: str | None) -> Period:
    """The range between two days as people write them; raises UsageError for what is none."""
    period = Period(_day("--first-day", first_day), _day("--last-day", last_day))
    if period.first_day and period.last_day and period.first_day > period.last_day:
        raise UsageError(f"--first-day {first_day} is after --last-day {last_day}", "swap them")
    return period


def _day(flag: str, text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{flag}: '{text}' is no day", "write it as 2026-01-31") from None
