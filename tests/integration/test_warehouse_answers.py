"""The answers by session, hour, level, month and year, against the recount in plain Python."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from oracle import answers, groups, groups_over_time, music, sums
from oracle.analyses import artist_of, track_of
from oracle.events import read
from oracle.facts import Facts
from support.warehouse import ask, key
from zipotify.catalog.builtin import builtin_tracks
from zipotify.settings import Settings

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module", params=["recorded", "sim"])
def facts(request: pytest.FixtureRequest, sources: dict[str, Path]) -> Facts:
    """The recount of one source."""
    if request.param not in sources:
        pytest.skip("no real recordings on this machine")
    return Facts(read(request.param, sources[request.param], key()))


def _of(settings: Settings, table: str, facts: Facts, leave_out: str = "source", more: str = "true") -> answers.Rows:
    columns = f"* exclude ({leave_out})"
    return ask(settings, f"select {columns} from {table} where source = '{facts.source}' and {more}")


def _same(found: answers.Rows, expected: answers.Rows, keys: int) -> None:
    """Row by row; figures to the last digit, but for the order in which fractions were added up."""
    rows, others = ({row[:keys]: row[keys:] for row in part} for part in (found, expected))
    assert len(rows) == len(found) == len(expected) > 0
    assert rows.keys() == others.keys()
    wrong = {name: (row, others[name]) for name, row in rows.items() if row != pytest.approx(others[name])}
    assert not wrong


def _figures(settings: Settings, facts: Facts, keys: str, figures: str, rows: str) -> sums.Figures:
    sql = f"select {keys}, {figures} from {rows} where d.source = '{facts.source}' group by all"
    count = len(keys.split(", "))
    return {row[:count]: row[count:] for row in ask(settings, sql)}


def test_days_of_versions_of_users(built: Settings, facts: Facts) -> None:
    figures, rows = ", ".join(sums.VERSION_DAY_FIGURES), "fct_version_days as d join dim_users using (user_version_key)"
    found = _figures(built, facts, "d.user_key, valid_from, date_day", figures, rows)
    assert found == sums.version_days(facts)


def test_titles_by_day_and_who_played_them(built: Settings, facts: Facts) -> None:
    figures = "sum(play_count), sum(heard_ms)"
    found = _figures(built, facts, "date_day, artist, song, level, gender", figures, "fct_title_days as d")
    assert found == sums.title_days(facts)


def test_hours(built: Settings, facts: Facts) -> None:
    assert _figures(built, facts, "date_day, hour_of_day", "play_count", "agg_hour as d") == sums.hours(facts)


def test_sessions_by_day_and_level(built: Settings, facts: Facts) -> None:
    _same(_of(built, "agg_session_day", facts), answers.session_days(facts), 2)


def test_errors(built: Settings, facts: Facts) -> None:
    _same(_of(built, "agg_error_day", facts), answers.errors(facts), 3)


def test_hours_of_the_week(built: Settings, facts: Facts) -> None:
    _same(_of(built, "agg_hour_of_week", facts), answers.hours_of_week(facts), 2)


def test_levels_by_day(built: Settings, facts: Facts) -> None:
    _same(_of(built, "agg_level_day", facts), answers.level_days(facts), 2)


def test_lifetime_value(built: Settings, facts: Facts) -> None:
    _same(_of(built, "agg_lifetime_value", facts), answers.lifetime_values(facts, built.arpu_paid_month), 1)


def test_times_from_free_to_paid(built: Settings, facts: Facts) -> None:
    rows = ask(
        built,
        "select step_number, waited_p50_ms from agg_funnel"
        f" where cohort = 'all' and step_number > 1 and source = '{facts.source}'",
    )
    assert dict(rows) == answers.waits(facts)
    assert rows or facts.source == "recorded"


def test_genres_and_decades_by_month(built: Settings, facts: Facts) -> None:
    catalogue = music.catalogue_of(builtin_tracks().iter_rows(named=True))
    expected = music.catalogue_months(facts, catalogue)
    _same(_of(built, "agg_catalogue_month", facts), expected, 3)
    assert facts.source == "recorded" or len({row[2] for row in expected}) > 10


def test_artists_by_month(built: Settings, facts: Facts) -> None:
    rows = _of(built, "agg_artist_month", facts, "source, artist_key")
    _same(rows, music.artist_months(facts), 2)


def test_year_totals(built: Settings, facts: Facts) -> None:
    _same(_of(built, "agg_year", facts), music.year_totals(facts), 1)


def test_demographics_by_period(built: Settings, facts: Facts) -> None:
    _same(_of(built, "agg_demographics", facts), groups.demographics(facts, built.k_anonymity), 3)


def test_artists_and_tracks_by_group(built: Settings, facts: Facts) -> None:
    expected = groups.tops_by_group(facts, built.k_anonymity, lambda play: (artist_of(play),))
    rows = _of(built, "agg_artist_groups", facts, "source, artist_key")
    _same(rows, expected, 5)
    assert {row[3] for row in rows} >= {"level", "gender"}
    expected = groups.tops_by_group(facts, built.k_anonymity, track_of)
    assert expected
    assert Counter(_of(built, "agg_track_groups", facts, "source, track_key")) == Counter(expected)


def test_skips_by_group(built: Settings, facts: Facts) -> None:
    _same(_of(built, "agg_listening_groups", facts), groups.listening_by_group(facts, built.k_anonymity), 3)


def test_sessions_by_group(built: Settings, facts: Facts) -> None:
    _same(_of(built, "agg_session_groups", facts), groups.sessions_by_group(facts, built.k_anonymity), 3)


@pytest.mark.parametrize(
    ("answer", "keys"),
    [
        ("active", 4),
        ("lifecycle", 4),
        ("retention", 4),
        ("funnel", 3),
        ("activity", 3),
        ("churn", 3),
        ("values", 3),
        ("hours_of_week", 4),
        ("discovery", 3),
    ],
)
def test_analyses_by_group(built: Settings, facts: Facts, answer: str, keys: int) -> None:
    table = {"hours_of_week": "hour_of_week", "values": "value"}.get(answer, answer)
    expected = getattr(groups_over_time, answer)(facts, built.k_anonymity)
    if answer == "churn" and facts.source == "recorded":
        assert _of(built, "agg_churn_groups", facts) == expected == []  # one month, at whose start nobody was seen
        return
    _same(_of(built, f"agg_{table}_groups", facts), expected, keys)


def test_genres_and_decades_by_group(built: Settings, facts: Facts) -> None:
    catalogue = music.catalogue_of(builtin_tracks().iter_rows(named=True))
    expected = groups_over_time.catalogue_months(facts, built.k_anonymity, catalogue)
    _same(_of(built, "agg_catalogue_groups", facts), expected, 5)


def test_credits_of_tracks(built: Settings) -> None:
    rows = ask(
        built, "select track_id, artist, credit_role from bridge_track_artists join dim_tracks using (track_key)"
    )
    expected: list[tuple[Any, ...]] = [
        (track["track_id"], artist, role)
        for track in builtin_tracks().iter_rows(named=True)
        for artist, role in music.credits(track["artist_name"]).items()
    ]
    assert Counter(rows) == Counter(expected)
    keys = "select count(*) from bridge_track_artists where credit_role = 'main' and artist_key = 'unknown'"
    assert ask(built, keys) == [(0,)]
