"""Filters meet a snapshot: which source, which time, which people; and the pieces of SQL that say so."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import cached_property

from zipotify.dashboard.filters import Filters, Span, resolve, year_period
from zipotify.dashboard.history import Snapshot

_SOURCES = "select source, first_event_at, as_of from agg_metrics order by as_of desc, source"


@dataclass(frozen=True)
class Scope:
    """What one view looks at; `where` and `people` put it into SQL."""

    filters: Filters
    source: str
    first_event_at: datetime
    as_of: datetime
    publish_id: str = ""
    k_anonymity: int = 10
    """Groups of fewer people are not shown."""

    @cached_property
    def span(self) -> Span:
        """The period in instants."""
        return resolve(self.filters.period, self.first_event_at, self.as_of)

    @property
    def year(self) -> int:
        """The calendar year of the period's last day."""
        return self.span.last_day.year

    @property
    def is_year_running(self) -> bool:
        """Whether that year goes on, by the clock of the events."""
        return self.as_of.date() < date(self.year, 12, 31)

    @property
    def running_day(self) -> date | None:
        """The last day of the period, where the data ends within it."""
        is_running = self.span.start <= self.as_of < self.span.end and self.as_of.time() < time(23, 59)
        return self.as_of.date() if is_running else None

    @property
    def is_everybody(self) -> bool:
        """Whether nobody is left out."""
        return not self.filters.narrows_people and not self.filters.user

    def whole_year(self) -> Scope:
        """The scope with that year as its period."""
        return replace(self, filters=self.filters.with_(period=year_period(self.year)))

    def where(self, instant: str, before: bool = False, alias: str = "") -> str:
        """Rows of the source in the period (or the one before) and of the people looked at."""
        start, end = (self.span.before_start, self.span.before_end) if before else (self.span.start, self.span.end)
        if start is None or end is None:
            return f"{self.where_people(alias)} and false"
        return f"{self.where_people(alias)} and {instant} >= {literal(start)} and {instant} < {literal(end)}"

    def where_people(self, alias: str = "") -> str:
        """Rows of the source and of the people looked at, at any time."""
        dot = f"{alias}." if alias else ""
        return " and ".join([f"{dot}source = {literal(self.source)}", *self._people(dot)])

    def where_days(self) -> str:
        """Like `where`, for tables of whole days; their last day ends where the data ends."""
        return f"{self.where_people()} and date_day {self.days}"

    def where_whole_days(self, before: bool = False) -> str:
        """Days of the source, and of the people looked at, that are in the period (or the one before) to their end."""
        return " and ".join([self.whole_days(before), *self._people("")])

    def whole_days(self, before: bool = False) -> str:
        """The same, of everybody. No event is after the newest one: what is cut off of its day is empty."""
        start, end = self.span.start, self.span.last_day + timedelta(days=1)
        if before:
            if self.span.before_start is None or self.span.before_end is None:
                return "false"
            start, end = self.span.before_start, self.span.before_end.date()
        return f"source = {literal(self.source)} and date_day >= {literal(start.date())} and date_day < {literal(end)}"

    def where_cut_day(self, instant: str, before: bool = False) -> str:
        """Rows of the day within which the period before ends; empty when it ends with a day."""
        cut = self._cut_day(instant, before)
        return f"{self.where_people()} and {cut}" if cut else ""

    def where_active(self, before: bool = False) -> str:
        """Days of fct_user_days on which users were active in the period; on its last day, up to its end."""
        cut = self._cut_day("first_event_at", before)
        in_time = f"({self.whole_days(before)} or {cut})" if cut else self.whole_days(before)
        return f"{self.where_people()} and {in_time}"

    def _cut_day(self, instant: str, before: bool) -> str:
        end = self.span.before_end if before else None
        if end is None or end.time() == time.min:
            return ""
        return f"{instant} >= {literal(end.date())} and {instant} < {literal(end)}"

    @property
    def days(self) -> str:
        """The period as a condition on a day; days before the first event are not days without events."""
        return f"between {self.first_shown_day} and {literal(self.span.last_day)}"

    @property
    def first_shown_day(self) -> str:
        """The first day of the period that has data behind it."""
        return literal(max(self.span.first_day, self.first_event_at.date()))

    def _people(self, dot: str) -> list[str]:
        conditions = []
        wanted = {
            "u.level": self.filters.level,
            "u.gender": self.filters.gender,
            "u.device": self.filters.device,
            "l.state_code": self.filters.state,
        }
        chosen = [f"{column} = {literal(value)}" for column, value in wanted.items() if value]
        if chosen:
            places = " join dim_locations as l on u.location_key = l.location_key" if self.filters.state else ""
            conditions.append(
                f"{dot}user_version_key in (select u.user_version_key from dim_users as u{places}"
                f" where {' and '.join(chosen)})"
            )
        if self.filters.tag:
            tag = literal(self.filters.tag)
            conditions.append(f"{dot}user_key in (select user_key from fct_sessions where tag = {tag})")
        if self.filters.user:
            conditions.append(f"{dot}user_key = {literal(self.filters.user)}")
        return conditions


def literal(value: str | date | datetime | float) -> str:
    """A value as SQL writes it, quotes and all: the SQL that is shown is the SQL that ran."""
    match value:
        case datetime():
            return f"timestamp '{value.isoformat(sep=' ')}'"
        case date():
            return f"date '{value.isoformat()}'"
        case str():
            return "'" + value.replace("'", "''") + "'"
    return repr(value)


def sources(snapshot: Snapshot) -> list[str]:
    """Names of all sources, the one with the newest event first."""
    return [str(row[0]) for row in snapshot.ask(_SOURCES).rows]


def scope_of(snapshot: Snapshot, filters: Filters, k_anonymity: int = 10) -> Scope | None:
    """The scope of a view; None when the snapshot has no events of that source."""
    rows = snapshot.ask(_SOURCES).rows
    row = next((row for row in rows if filters.source in ("", row[0])), None)
    if row is None:
        return None
    first, as_of = (datetime.fromisoformat(str(text).removesuffix("Z")) for text in row[1:3])
    return Scope(filters, str(row[0]), first, as_of, snapshot.manifest.publish_id, k_anonymity)
