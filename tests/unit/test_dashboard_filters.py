"""What an address may say, and which time it means."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zipotify.dashboard.components.statemap import PLACES
from zipotify.dashboard.filters import GENDERS, LEVELS, PERIODS, STATES, FilterError, Filters, parse, resolve

FIRST, AS_OF = datetime(2024, 1, 1, 9), datetime(2024, 3, 15, 10, 30)


@given(
    source=st.text(max_size=20),
    period=st.sampled_from([*PERIODS, "2024-01-05..2024-02-01"]),
    level=st.sampled_from(["", *LEVELS]),
    gender=st.sampled_from(["", *GENDERS]),
    state=st.sampled_from(["", *sorted(STATES)]),
    device=st.text(max_size=20),
)
def test_an_address_brings_the_same_filters_back(**given_: str) -> None:
    filters = Filters(**given_)
    assert parse(filters.search()) == filters


@pytest.mark.parametrize(
    ("search", "word"),
    [
        ("?period=yesterday", "period=yesterday"),
        ("?period=2024-02-30..2024-03-01", "period="),
        ("?period=2024-03-02..2024-03-01", "period="),
        ("?period=0001-01-01..9999-12-31", "period="),
        ("?state=ZZ", "state=ZZ"),
        ("?state=ca", "state=ca"),
        ("?level=gold", "level=gold"),
        ("?gender=X", "gender=X"),
        (f"?tag={'t' * 300}", "tag"),
        (f"?source={'s' * 5000}", "address"),
    ],
)
def test_what_does_not_exist_is_refused_by_name(search: str, word: str) -> None:
    with pytest.raises(FilterError, match=word):
        parse(search)


def test_unknown_names_are_not_ours() -> None:
    assert parse("?utm_source=mail&period=7d") == Filters(period="7d")


def test_days_end_with_the_newest_event_and_compare_with_as_much_before() -> None:
    span = resolve("7d", FIRST, AS_OF)
    assert (span.first_day, span.last_day) == (date(2024, 3, 9), date(2024, 3, 15))
    assert span.before_start == datetime(2024, 3, 2)
    assert span.before_end is not None
    assert span.end - span.before_end == span.start - span.before_start


def test_a_day_is_compared_up_to_the_same_time() -> None:
    span = resolve("today", FIRST, AS_OF)
    assert span.before_end is not None
    assert (span.before_end.date(), span.before_end.hour) == (date(2024, 3, 14), 10)


@pytest.mark.parametrize("period", ["all", "90d", "2024-01-02..2024-02-20"])
def test_nothing_is_compared_with_a_time_before_the_data(period: str) -> None:
    assert resolve(period, FIRST, AS_OF).before_start is None


def test_custom_days_are_whole() -> None:
    span = resolve("2024-02-01..2024-02-03", FIRST, AS_OF)
    assert (span.start, span.end) == (datetime(2024, 2, 1), datetime(2024, 2, 4))
    assert (span.before_start, span.before_end) == (datetime(2024, 1, 29), datetime(2024, 2, 1))


def test_custom_days_that_are_not_over_are_compared_up_to_the_same_time() -> None:
    span = resolve("2024-03-14..2024-03-20", FIRST, AS_OF)
    assert (span.start, span.last_day) == (datetime(2024, 3, 14), date(2024, 3, 15))
    assert (span.before_start, span.before_end) == (datetime(2024, 3, 7), span.end - timedelta(days=7))


def test_custom_days_that_have_not_begun_stay_as_they_were_asked_for() -> None:
    span = resolve("2024-03-20..2024-03-21", FIRST, AS_OF)
    assert (span.first_day, span.last_day) == (date(2024, 3, 20), date(2024, 3, 21))


def test_every_state_has_its_tile_and_no_two_share_one() -> None:
    assert set(PLACES) == STATES
    assert len(set(PLACES.values())) == len(STATES) == 51
