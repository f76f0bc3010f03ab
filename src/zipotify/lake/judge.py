"""What becomes of each raw record of a load: bronze, repeat, quarantine, or nothing, when its person was erased."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

import polars as pl

from zipotify.contracts.decode import Event, Limits, Refusal, decode
from zipotify.contracts.erasure import read_list
from zipotify.contracts.fields import EVENTS
from zipotify.contracts.files import RawRecord
from zipotify.contracts.identity import user_keyer
from zipotify.contracts.reasons import Reason
from zipotify.contracts.tables import BRONZE, ERASED, QUARANTINE, REMOVED, REPEATS, USERS_PRIVATE
from zipotify.lake.rows import Row, bronze_row, private_row
from zipotify.places import Folder
from zipotify.settings import Settings

CONFLICT_MESSAGE = "an event with the same identity and other content is there already"


@dataclass
class Outcome:
    """Rows to append, by lake table, and how many records were read per topic."""

    rows: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    read: dict[str, int] = field(default_factory=lambda: defaultdict(int))


@dataclass(frozen=True)
class _Candidate:
    topic: str
    value: bytes
    row: Row
    private: Row | None


class Judge:
    """Judges chunks of one load; `read_at` is when the load began, its records' time of sending."""

    def __init__(self, settings: Settings, source: str, load_id: str, read_at: datetime) -> None:
        self._lake = settings.home.lake
        self._limits = Limits(settings.max_event_bytes, settings.future_tolerance_hours * 3_600_000)
        self._key = user_keyer(settings.user_key())
        self._source = source
        self._load_id = load_id
        self._read_at = read_at
        self._private_seen = private_ids(self._lake)
        self._erased = read_list(settings.home)

    def judge(self, records: list[RawRecord], first_row: int) -> Outcome:
        """The outcome of the load's records number `first_row` and following."""
        outcome = Outcome()
        candidates = [
            self._candidate(record, number, outcome) for number, record in enumerate(records, start=first_row)
        ]
        sound = [candidate for candidate in candidates if candidate is not None]
        known = self._known(sound, first_row)
        for candidate in sound:
            self._place(candidate, known, outcome)
        return outcome

    def _candidate(self, record: RawRecord, number: int, outcome: Outcome) -> _Candidate | None:
        outcome.read[record.topic] += 1
        if self._erased and self._erased.owns(self._source, record.value):
            hour = self._read_at.replace(minute=0, second=0, microsecond=0)
            row = {"topic": record.topic, "cause": ERASED, **self._where_from(number), "produced_at": hour}
            outcome.rows[REMOVED.name].append(row)
            return None
        produced_ms = int(self._read_at.timestamp() * 1000)
        event = decode(EVENTS[record.topic], record.value, produced_ms, self._limits)
        if isinstance(event, Refusal):
            self._refuse(outcome, record.topic, record.value, event, number)
            return None
        return self._typed(record, event, number)

    def _typed(self, record: RawRecord, event: Event, number: int) -> _Candidate:
        user_key = self._key(self._source, event["userId"]) if "userId" in event else None
        row = bronze_row(record.topic, self._source, event, user_key) | self._where_from(number)
        return _Candidate(record.topic, record.value, row, private_row(self._source, event, user_key))

    def _where_from(self, number: int) -> Row:
        return {
            "source": self._source,
            "produced_at": self._read_at,
            "ingested_at": datetime.now(UTC),
            "load_id": self._load_id,
            "load_row": number,
        }

    def _refuse(self, outcome: Outcome, topic: str, value: bytes, refusal: Refusal, number: int) -> None:
        row = {"topic": topic, "reason": str(refusal.reason), "message": refusal.message, "value": value}
        outcome.rows[QUARANTINE.name].append(row | self._where_from(number))

    def _known(self, candidates: list[_Candidate], first_row: int) -> dict[str, str]:
        """Identity -> content hash of events that bronze had before this chunk."""
        dates: dict[str, set[date]] = defaultdict(set)
        for candidate in candidates:
            dates[candidate.topic].add(candidate.row["event_date"])
        known: dict[str, str] = {}
        for topic, days in dates.items():
            ids = [c.row["event_id"] for c in candidates if c.topic == topic]
            known.update(self._known_of(topic, sorted(days), ids, first_row))
        return known

    def _known_of(self, topic: str, days: list[date], ids: list[str], first_row: int) -> dict[str, str]:
        # An interrupted attempt at this very chunk may have written rows; they are not "before".
        own = (pl.col("load_id") == self._load_id) & (pl.col("load_row") >= first_row)
        bronze = pl.scan_delta(str(self._lake / BRONZE[topic].path)).filter(pl.col("event_date").is_in(days))
        before = bronze.filter(~own.fill_null(False)).select("event_id", "content_hash")
        wanted = pl.LazyFrame({"event_id": ids}, schema={"event_id": pl.String})
        found = before.join(wanted, on="event_id", how="semi").collect()
        return dict(found.iter_rows())

    def _place(self, candidate: _Candidate, known: dict[str, str], outcome: Outcome) -> None:
        row, identity = candidate.row, candidate.row["event_id"]
        first_hash = known.setdefault(identity, "")
        if not first_hash:
            known[identity] = row["content_hash"]
            outcome.rows[candidate.topic].append(row)
            self._keep_private(candidate.private, outcome)
        elif first_hash == row["content_hash"]:
            outcome.rows[REPEATS.name].append({**row, "topic": candidate.topic})
        else:
            refusal = Refusal(Reason.CONFLICT, CONFLICT_MESSAGE)
            self._refuse(outcome, candidate.topic, candidate.value, refusal, row["load_row"])

    def _keep_private(self, row: Row | None, outcome: Outcome) -> None:
        if row is not None and row["private_id"] not in self._private_seen:
            self._private_seen.add(row["private_id"])
            outcome.rows[USERS_PRIVATE.name].append(row)


def private_ids(lake: Folder) -> set[str]:
    """Everybody's attributes that `users_private` has already, by their ids."""
    return set(pl.scan_delta(str(lake / USERS_PRIVATE.path)).select("private_id").collect()["private_id"])
