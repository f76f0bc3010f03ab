"""Every mart against the recount in plain Python, on a real recording and on simulated traffic."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from oracle.days import active_by_group, day_figures, k_anonymous, user_days
from oracle.events import read, repaired
from oracle.facts import Facts, length_ms
from support.warehouse import ask, key
from zipotify.settings import Settings

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module", params=["recorded", "sim"])
def facts(request: pytest.FixtureRequest, sources: dict[str, Path]) -> Facts:
    """The recount of one source."""
    if request.param not in sources:
        pytest.skip("no real recordings on this machine")
    return Facts(read(request.param, sources[request.param], key()))


def _of(settings: Settings, columns: str, table: str, source: str) -> list[tuple[Any, ...]]:
    return ask(settings, f"select {columns} from {table} where source = '{source}'")


def _columns(settings: Settings, table: str) -> list[str]:
    return [row[0] for row in ask(settings, f"describe {table}")]


def test_plays(built: Settings, facts: Facts) -> None:
    columns = "session_id, item_in_session, epoch_ms(played_at), p.user_key, session_position, p.heard_ms"
    columns += ", is_heard_estimated, is_listen, p.level, artist, song, p.duration_ms"
    sql = (
        f"select {columns} from fct_plays as p join fct_sessions using (session_key) where p.source = '{facts.source}'"
    )
    expected = [
        (
            *(play.event.session, play.event.item, play.event.ts_ms, play.user, play.position, play.heard_ms),
            *(play.is_estimated, play.is_listen, play.event.level),
            *(repaired(play.event.rest["artist"]), repaired(play.event.rest["song"])),
            length_ms(play.event.rest["duration"]),
        )
        for play in facts.plays
    ]
    assert expected
    assert Counter(ask(built, sql)) == Counter(expected)


def test_versions_of_users(built: Settings, facts: Facts) -> None:
    columns = "user_key, valid_from, valid_to, level, gender, city, state, device"
    sql = f"select {columns} from dim_users join dim_locations using (location_key) where source = '{facts.source}'"
    expected = [
        (v.user, v.valid_from, v.valid_to, v.level, v.gender, *(v.place or (None, None)), v.device)
        for v in facts.versions
    ]
    assert Counter(ask(built, sql)) == Counter(expected)


def test_every_fact_points_to_the_version_of_its_instant(built: Settings, facts: Facts) -> None:
    for table, column in [("fct_plays", "played_at"), ("fct_page_views", "viewed_at"), ("fct_auths", "authed_at")]:
        sql = f"select f.user_key, f.{column}, u.level from {table} as f join dim_users as u using (user_version_key)"
        for user, moment, level in ask(built, f"{sql} where f.source = '{facts.source}'"):
            assert level == (None if user is None else facts.level_at(user, moment))


def test_sessions(built: Settings, facts: Facts) -> None:
    expected: dict[int, list[datetime]] = {}
    for action in facts.actions:
        expected.setdefault(action.session, []).append(action.at)
    plays = Counter(play.event.session for play in facts.plays)
    columns = "session_id, user_key, started_at, ended_at, event_count, play_count"
    assert Counter(_of(built, columns, "fct_sessions", facts.source)) == Counter(
        (session, facts.session_user(session), min(moments), max(moments), len(moments), plays[session])
        for session, moments in expected.items()
    )


def test_days(built: Settings, facts: Facts) -> None:
    figures = day_figures(facts)
    names = _columns(built, "agg_day")[2:]
    assert {name for counts in figures.values() for name in counts} <= {*names, "other_count"}
    rows = _of(built, f"date_day, {', '.join(names)}", "agg_day", facts.source)
    assert sorted(rows) == sorted((day, *(counts.get(name, 0) for name in names)) for day, counts in figures.items())


def test_user_days(built: Settings, facts: Facts) -> None:
    columns = "user_key, date_day, event_count, session_count, play_count, heard_ms, level"
    expected = [
        (
            *(user, day, row["event_count"], len(row["sessions"]), row["play_count"], row["heard_ms"]),
            facts.level_at(user, row["last_at"]),
        )
        for (user, day), row in user_days(facts).items()
    ]
    assert Counter(_of(built, columns, "fct_user_days", facts.source)) == Counter(expected)


def test_level_changes(built: Settings, facts: Facts) -> None:
    columns = "user_key, changed_at, from_level, to_level"
    expected = [(after.user, after.valid_from, before.level, after.level) for before, after in facts.level_changes]
    assert Counter(_of(built, columns, "fct_level_changes", facts.source)) == Counter(expected)


def test_tracks_by_day(built: Settings, facts: Facts) -> None:
    plays = Counter(
        (play.event.day, repaired(play.event.rest["artist"]), repaired(play.event.rest["song"])) for play in facts.plays
    )
    rows = _of(built, "date_day, artist, song, sum(play_count)", "agg_track_day", f"{facts.source}' group by all --")
    assert Counter({row[:3]: row[3] for row in rows}) == plays


def test_demographics_hide_small_groups_as_the_rule_says(built: Settings, facts: Facts) -> None:
    days = sorted({action.day for action in facts.actions})
    ends = {(v.user, v.valid_from): v for v in facts.versions}

    def gender(user: str, on: date) -> str:
        last = max(v.valid_from for v in facts.by_user[user] if v.valid_from.date() <= on)
        return ends[user, last].gender or "unknown"

    expected = {
        (day, group, size)
        for day, groups in active_by_group(facts, lambda day: day, days, gender).items()
        for group, size in k_anonymous(groups, 10).items()
        if size >= 10
    }
    rows = _of(built, "date_day, value, user_count", "agg_demographics_day", f"{facts.source}' and dimension = 'gender")
    assert set(rows) == expected
