"""Mistakes that well-known projects of this kind made, held against our marts.

Fan-outs and versions at day grain are unit tests of the models; see `test_warehouse_units`.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from support.warehouse import ask, working_file
from zipotify.settings import Settings

pytestmark = pytest.mark.integration

_WIDE = """
    select count(*), count(distinct event_id), (select count(*) from fct_plays)
    from fct_plays as f
    join dim_dates as d on f.played_date = d.date_day
    join dim_hours as h on hour(f.played_at) = h.hour_of_day
    join dim_users as u using (user_version_key)
    join dim_tracks as t using (track_key)
    join dim_artists as a on f.artist_key = a.artist_key
    join dim_locations as l on f.location_key = l.location_key
    join fct_sessions as s on f.session_key = s.session_key
"""
_COLUMNS = "select table_name, column_name, data_type from information_schema.columns where table_name <> 'publication'"


def _columns(settings: Settings, data_type: str) -> list[tuple[str, str]]:
    return [row[:2] for row in ask(settings, _COLUMNS) if row[2] == data_type]


def test_joining_all_dimensions_neither_doubles_nor_loses_a_play(built: Settings) -> None:
    [(wide, distinct, plays)] = ask(built, _WIDE)
    assert wide == distinct == plays > 0


def test_no_fact_is_compared_with_every_version(built: Settings) -> None:
    """A join that is no hash join is quadratic: a build of some million events never ended."""
    compiled = built.home.warehouse_file.parent / "target" / "compiled" / "zipotify" / "models" / "marts"
    facts = sorted(compiled.glob("fct_*.sql"))
    assert len(facts) == 8
    with working_file(built) as working:
        plans = {file.stem: working.execute(f"explain {file.read_text()}").fetchall()[0][1] for file in facts}
    assert not [name for name, plan in plans.items() if "NL_JOIN" in plan or "NESTED_LOOP" in plan]
    assert "HASH_JOIN" in plans["fct_plays"]


def test_dates_go_on_after_the_last_event(built: Settings) -> None:
    [(first, last, days)] = ask(built, "select min(date_day), max(date_day), count(*) from dim_dates")
    [(first_event, last_event)] = ask(built, "select min(first_event_at), max(as_of) from agg_metrics")
    assert first.year < first_event.year
    assert last.year > last_event.year
    assert days == (last - first).days + 1


def test_weekends_are_saturday_and_sunday(built: Settings) -> None:
    columns = "date_day, iso_year, iso_week, iso_weekday, is_weekend, week_start_date, weekday_name"
    for day, *rest in ask(built, f"select {columns} from dim_dates"):
        year, week, weekday = day.isocalendar()
        monday = day - timedelta(days=day.weekday())
        assert rest == [year, week, weekday, weekday in (6, 7), monday, day.strftime("%A")]
    holidays = ask(
        built, "select count(*) from dim_dates where is_holiday and month(date_day) = 7 and day(date_day) = 4"
    )
    assert holidays == ask(built, "select count(distinct year_number) from dim_dates")


def test_missing_values_are_null_and_nothing_else(built: Settings) -> None:
    for table, column in _columns(built, "VARCHAR"):
        sql = f"select count(*) from {table} where lower(trim({column})) in ('', 'na', 'n/a', 'null', 'none', 'nan')"
        assert ask(built, sql) == [(0,)], (table, column)
    for kind in ("BIGINT", "INTEGER"):
        for table, column in _columns(built, kind):
            if column != "rank_change":
                assert ask(built, f"select count(*) from {table} where {column} < 0") == [(0,)], (table, column)


def test_no_column_of_a_fact_is_null_for_ever(built: Settings) -> None:
    facts = [(table, column) for table, column, _ in ask(built, _COLUMNS) if table.startswith("fct_")]
    assert len(facts) > 80
    empty = [name for name in facts if ask(built, f"select count({name[1]}) from {name[0]}") == [(0,)]]
    assert empty == []


def test_statuses_of_users_never_overlap(built: Settings) -> None:
    sql = """
        select count(*) from dim_users as a join dim_users as b
        on a.user_key = b.user_key and a.user_version_key <> b.user_version_key
        and a.valid_from < coalesce(b.valid_to, 'infinity') and b.valid_from < coalesce(a.valid_to, 'infinity')
    """
    assert ask(built, sql) == [(0,)]
