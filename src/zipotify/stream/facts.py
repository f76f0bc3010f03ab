"""What one pass over a parsed batch tells: how many records, of which days, how old."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from pyspark.sql import Column, DataFrame, Row
from pyspark.sql import functions as F

_AGE_PERCENTILES = (0.5, 0.95, 0.99)
_MANY_DAYS = 60
"""More days than these in one topic are looked up as one stretch."""


@dataclass(frozen=True)
class Span:
    """First and last event time of a topic on one UTC day."""

    topic: str
    day: date
    first_ms: int
    last_ms: int


@dataclass
class Facts:
    """Records by topic, those in doubt, the spans of the others, and percentiles of the time of sending."""

    counts: Counter[str] = field(default_factory=Counter)
    doubtful_count: int = 0
    spans: list[Span] = field(default_factory=list)
    produced_ms: list[int] = field(default_factory=list)

    @property
    def record_count(self) -> int:
        """All records of the batch."""
        return self.counts.total()


def facts_of(events: DataFrame) -> Facts:
    """Read the parsed batch once (which fills its cache), and one column of it again."""
    facts = Facts()
    for row in events.groupBy("topic", "is_plain", "event_date").agg(*_measures()).collect():
        facts.counts[row["topic"]] += row["records"]
        if row["is_plain"]:
            facts.spans.append(_span(row))
        else:
            facts.doubtful_count += row["records"]
    shares = [1 - share for share in _AGE_PERCENTILES]  # the oldest records are the slowest
    produced = events.agg(F.percentile_approx(F.unix_millis("produced_at"), shares).alias("ms")).first()
    facts.produced_ms = (produced["ms"] if produced is not None else None) or []
    return facts


def spans_of(typed: DataFrame) -> list[Span]:
    """Spans of typed events that are not refused."""
    good = typed.where("reason IS NULL").groupBy("topic", "event_date").agg(*_measures())
    return [_span(row) for row in good.collect()]


def within(spans: Iterable[Span]) -> Column:
    """Bronze rows of one topic that may be the same events as the batch's.

    An identity includes the event's time, so only those can be, and Delta skips files of other times: a live batch
    looks at a few minutes, however large the lake is.
    """
    ranges = sorted(spans, key=lambda span: span.day)
    if len(ranges) > _MANY_DAYS:
        first, last = min(span.first_ms for span in ranges), max(span.last_ms for span in ranges)
        return F.col("event_date").between(ranges[0].day, ranges[-1].day) & _between(first, last)
    condition = F.lit(False)
    for span in ranges:
        condition = condition | ((F.col("event_date") == span.day) & _between(span.first_ms, span.last_ms))
    return condition


def _between(first_ms: int, last_ms: int) -> Column:
    return F.col("event_at").between(F.timestamp_millis(F.lit(first_ms)), F.timestamp_millis(F.lit(last_ms)))


def _measures() -> list[Column]:
    return [F.count("*").alias("records"), F.min("ts").alias("first_ms"), F.max("ts").alias("last_ms")]


def _span(row: Row) -> Span:
    return Span(row["topic"], row["event_date"], row["first_ms"], row["last_ms"])
