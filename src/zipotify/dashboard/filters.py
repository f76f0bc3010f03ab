"""Filters, as they stand in the address: a link shows the same view to everybody.

`?source=sim&period=28d&level=paid&gender=F&state=CA&device=iPhone&tag=B`; a custom period is `2018-11-01..2018-11-15`.
What an address says is checked here, once; everything else may rely on it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta
from urllib.parse import parse_qsl, urlencode

from zipotify.errors import UsageError

PERIODS = {"today": "Today", "7d": "7 days", "28d": "28 days", "90d": "90 days", "all": "All"}
DEFAULT_PERIOD = "28d"
LEVELS = ("free", "paid")
GENDERS = {"F": "Women", "M": "Men"}
_STATE_CODES = (
    "AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR"
    " PA RI SC SD TN TX UT VT VA WA WV WI WY"
)
STATES = frozenset(_STATE_CODES.split())
_LONGEST_TEXT = 200
_LONGEST_NAME = 500
_EARLIEST, _LATEST = date(2000, 1, 1), date(2200, 1, 1)
_LONGEST_ADDRESS = 2000
_RANGE = re.compile(r"(\d{4}-\d{2}-\d{2})\.\.(\d{4}-\d{2}-\d{2})")


class FilterError(UsageError):
    """The address asks for something that does not exist."""


@dataclass(frozen=True)
class Filters:
    """What the reader wants to see; empty means everything."""

    source: str = ""
    period: str = DEFAULT_PERIOD
    level: str = ""
    gender: str = ""
    state: str = ""
    device: str = ""
    tag: str = ""
    user: str = ""
    """One user's key, for pages of one listener; whoever asks must be allowed to see row-level data."""
    artist: str = ""
    """The artist that a page is about, by name as played."""
    song: str = ""
    """The track that a page is about, by title; with its artist."""

    @property
    def narrows_people(self) -> bool:
        """Whether only some of the users are looked at."""
        return any((self.level, self.gender, self.state, self.device, self.tag))

    def search(self) -> str:
        """The query part of the address; what is as usual is left out."""
        given = {f.name: getattr(self, f.name) for f in fields(self) if getattr(self, f.name) != f.default}
        return f"?{urlencode(given, safe='.')}" if given else ""

    def with_(self, **changes: str) -> Filters:
        """These filters, some of them changed."""
        return replace(self, **changes)


def parse(search: str | None) -> Filters:
    """Read the query part of an address; raises FilterError naming what is wrong. Unknown names are not ours."""
    known = {f.name for f in fields(Filters)}
    given = {name: value for name, value in parse_qsl((search or "").lstrip("?")) if name in known and value}
    if sum(map(len, given.values())) > _LONGEST_ADDRESS:  # what is not ours may be long: Explore's SQL is
        raise FilterError("the address is too long", "start from the page without filters")
    _check(given)
    return Filters(**given)


def checked(filters: Filters) -> Filters:
    """Filters that did not come from an address; raises FilterError as `parse` does."""
    return parse(filters.search())


def _check(given: dict[str, str]) -> None:
    _one_of(given, "level", LEVELS)
    _one_of(given, "gender", tuple(GENDERS))
    if "state" in given and given["state"] not in STATES:
        raise FilterError(f"state={_short(given['state'])} is no US state", "use the two-letter code, as in state=CA")
    for name in ("source", "device", "tag", "user"):
        if len(given.get(name, "")) > _LONGEST_TEXT:
            raise FilterError(f"{name} is too long", f"at most {_LONGEST_TEXT} characters")
    for name in ("artist", "song"):
        if len(given.get(name, "")) > _LONGEST_NAME:
            raise FilterError(f"{name} is too long", f"at most {_LONGEST_NAME} characters")
    period = given.get("period", DEFAULT_PERIOD)
    if period not in PERIODS:
        custom_days(period)


def year_period(year: int) -> str:
    """A calendar year as a period of an address."""
    return f"{year}-01-01..{year}-12-31"


def _one_of(given: dict[str, str], name: str, allowed: tuple[str, ...]) -> None:
    if name in given and given[name] not in allowed:
        raise FilterError(f"{name}={_short(given[name])} is unknown", f"allowed: {', '.join(allowed)}")


def custom_days(period: str) -> tuple[date, date]:
    """First and last day of a period that is given by its days."""
    match = _RANGE.fullmatch(period)
    try:
        first, last = (date.fromisoformat(day) for day in match.groups()) if match else (None, None)
    except ValueError:
        first, last = None, None
    if first is None or last is None or not _EARLIEST <= first <= last <= _LATEST:
        allowed = ", ".join(PERIODS)
        raise FilterError(f"period={_short(period)} is unknown", f"allowed: {allowed}, or 2018-11-01..2018-11-15")
    return first, last


def _short(value: str) -> str:
    return value if len(value) <= 30 else f"{value[:30]}…"


@dataclass(frozen=True)
class Span:
    """A stretch of time [start, end), and the one to compare it with; instants are UTC without a zone."""

    start: datetime
    end: datetime
    before_start: datetime | None
    before_end: datetime | None
    """None when there is nothing before: the period is everything."""

    @property
    def first_day(self) -> date:
        """Day of the first instant."""
        return self.start.date()

    @property
    def last_day(self) -> date:
        """Day of the last instant."""
        return (self.end - timedelta(microseconds=1)).date()


def resolve(period: str, first_event: datetime, as_of: datetime) -> Span:
    """When the period is, by the clock of the events.

    A period ends with the newest event at the latest; the one before is as long and ends as early in its last day, so
    that a morning is compared with a morning. A period that begins before the first event is not compared with.
    """
    span = _resolve(period, first_event, as_of)
    if span.before_start is not None and span.before_start.date() < first_event.date():
        return replace(span, before_start=None, before_end=None)
    return span


def _resolve(period: str, first_event: datetime, as_of: datetime) -> Span:
    end = as_of + timedelta(milliseconds=1)
    if period == "all":
        return Span(_midnight(first_event.date()), end, None, None)
    if period in PERIODS:
        days = 1 if period == "today" else int(period.removesuffix("d"))
        start = _midnight(as_of.date()) - timedelta(days=days - 1)
        return Span(start, end, start - timedelta(days=days), end - timedelta(days=days))
    first, last = custom_days(period)
    start, stop = _midnight(first), _midnight(last) + timedelta(days=1)
    before_start = start - (stop - start)
    reached = min(stop, end) if start < end else stop
    return Span(start, reached, before_start, before_start + (reached - start))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, datetime.min.time())
