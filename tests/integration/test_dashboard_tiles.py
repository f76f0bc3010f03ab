"""Every tile equals a recount from the raw records, on a real recording and on a simulation."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from oracle import tiles as recount
from oracle.events import read
from oracle.facts import Facts
from support.warehouse import ask, key
from zipotify.dashboard.filters import Filters
from zipotify.dashboard.history import History
from zipotify.dashboard.pages import TILES
from zipotify.dashboard.tile import Frame
from zipotify.dashboard.views import TooFewPeopleError, Views
from zipotify.settings import Settings

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module", params=["recorded", "sim"])
def facts(request: pytest.FixtureRequest, sources: dict[str, Path]) -> Facts:
    """The recount of one source."""
    return Facts(read(request.param, sources[request.param], key()))


@pytest.fixture(scope="module")
def views(built: Settings) -> Views:
    """The dashboard's tiles on the built warehouse; a process may open a file with one configuration only."""
    settings = built.model_copy(update={"warehouse_memory_mb": 512})
    return Views(settings, History(settings))


def rows(views: Views, tile: str, columns: str, **filters: str) -> list[tuple[Any, ...]]:
    """Some columns of a tile's answer; numbers that were divided are rounded."""
    frame = views.frame(TILES[tile], Filters(**{"period": "all", **filters}))
    assert frame is not None
    found = zip(*(frame.column(name) for name in columns.split()), strict=True)
    return [tuple(round(v, 6) if isinstance(v, float) else v for v in row) for row in found]


CASES: dict[str, tuple[str, Callable[[Facts], Any]]] = {
    "overview-figures": (
        "period play_count listening_hours active_user_count new_user_count upgrade_count downgrade_count"
        " cancellation_count",
        recount.key_figures,
    ),
    "plays-per-day": (
        "date_day play_count listen_count active_user_count paid_user_count",
        lambda facts: [(day.isoformat(), *row) for day, row in recount.days(facts).items()],
    ),
    "active-users-per-day": (
        "date_day play_count listen_count active_user_count paid_user_count",
        lambda facts: [(day.isoformat(), *row) for day, row in recount.days(facts).items()],
    ),
    "top-tracks": ("song artist play_count listener_count", recount.top_tracks),
    "top-artists": ("artist play_count listener_count", recount.top_artists),
    "discovery": ("date_day discovery_count repeat_count", recount.discovery),
    "plays-by-hour-of-week": ("iso_weekday hour_of_day play_count", recount.hours_of_week),
    "active-users-rolling": ("date_day dau wau mau", recount.rolling),
    "stickiness": ("date_day dau wau mau", recount.rolling),
    "retention": ("cohort_week user_count week_number returned_count", recount.retention),
    "lifecycle": ("week_start new_count kept_count returned_count lost_count", recount.lifecycle),
    "funnel": ("step user_count", recount.funnel),
    "session-lengths": ("length_class session_count", recount.sessions),
    "year-tracks": ("song artist play_count", lambda facts: [row[:3] for row in recount.top_tracks(facts)[:5]]),
    "year-artists": ("artist play_count track_count", recount.year_artists),
    "year-figures": (
        "play_count listening_hours track_count artist_count user_count session_count",
        recount.year_figures,
    ),
}
ELSEWHERE = {
    "users-by-level": "below, k-anonymous",
    "users-by-state": "the same SQL as by level; the mart is recounted with the warehouse",
    "users-by-gender": "the same SQL as by level; the mart is recounted with the warehouse",
    "users-by-device": "the same SQL as by level; the mart is recounted with the warehouse",
    "plays-by-genre": "below: adds up to all plays",
    "plays-by-decade": "below: adds up to all plays",
    "concentration": "below: against the plays per track",
    "year-months": "below: adds up to all hours",
    **dict.fromkeys(
        (
            *("artist-figures", "artist-days", "artist-audience", "artist-tracks"),
            *("track-figures", "track-days", "track-audience"),
            *("listeners", "listener-tracks", "survival", "experiments"),
        ),
        "test_dashboard_about.py",
    ),
    **dict.fromkeys(
        ("similar-artists", "co-listened-tracks", "recommendations", "churn-risk", "churn-calibration"),
        "rows of marts that are recounted with the analyses; unit/test_dashboard_analyses.py",
    ),
}


def test_every_tile_has_its_recount() -> None:
    assert set(CASES) | set(ELSEWHERE) == set(TILES)


@pytest.mark.parametrize("tile", CASES)
def test_a_tile_equals_its_recount(views: Views, facts: Facts, tile: str) -> None:
    columns, expected = CASES[tile]
    assert rows(views, tile, columns, source=facts.source) == expected(facts)


def test_groups_of_people_are_k_anonymous(views: Views, facts: Facts, built: Settings) -> None:
    found = rows(views, "users-by-level", "value user_count", source=facts.source)
    assert found == recount.by_level(facts, built.k_anonymity)


def test_parts_add_up_to_the_whole(views: Views, facts: Facts) -> None:
    for tile in ("plays-by-genre", "plays-by-decade"):
        assert sum(count for (count,) in rows(views, tile, "play_count", source=facts.source)) == len(facts.plays)
    hours = sum(hours for (hours,) in rows(views, "year-months", "listening_hours", source=facts.source))
    assert hours == pytest.approx(recount.key_figures(facts)[0][2], abs=1e-4)


def test_concentration(views: Views, facts: Facts) -> None:
    counts = sorted((row[2] for row in recount.top(facts, recount._song, 10**6)), reverse=True)
    for track_share, play_share in rows(views, "concentration", "track_share play_share", source=facts.source):
        first = counts[: int(len(counts) * track_share + 1e-9)]
        assert play_share == pytest.approx(sum(first) / sum(counts), abs=1e-6)


@pytest.mark.parametrize("source", ["recorded", "sim"])
def test_filters_on_people_go_by_what_they_were_then(views: Views, built: Settings, source: str) -> None:
    by_level = {
        level: rows(views, "overview-figures", "play_count", source=source, level=level)[0][0]
        for level in ("free", "paid")
    }
    sql = f"select level, count(*) from fct_plays where source = '{source}' and user_key is not null group by all"
    assert by_level == dict(ask(built, sql))


def test_a_period_is_compared_with_as_much_of_the_one_before(views: Views, built: Settings) -> None:
    found = dict(rows(views, "overview-figures", "period play_count", source="sim", period="7d"))
    as_of = "(select as_of from agg_metrics where source = 'sim')"
    sql = (
        "select count(*) filter (where played_date > as_of::date - 7),"
        " count(*) filter (where played_date > as_of::date - 14 and played_at <= as_of - interval 7 day)"
        f" from fct_plays, (select {as_of} as as_of) where source = 'sim'"
    )
    assert (found["now"], found["before"]) == ask(built, sql)[0]


def test_too_few_people_are_hidden(views: Views, built: Settings) -> None:
    few = (
        "select state_code from dim_users join dim_locations using (location_key) where source = 'recorded'"
        " and state_code is not null group by 1 having count(distinct user_key) < 10 order by 1 limit 1"
    )
    with pytest.raises(TooFewPeopleError):
        rows(views, "overview-figures", "play_count", source="recorded", state=ask(built, few)[0][0])


def test_a_view_is_drawn_once_for_all_who_look_at_it(views: Views) -> None:
    drawn: list[str] = []
    tile = TILES["top-artists"]

    def draw(frame: Frame) -> Any:
        drawn.append(frame.scope.filters.search())
        return tile.draw(frame)

    counted = replace(tile, draw=draw)
    searches = ["?source=sim&period=all", "?source=sim&period=all", "?source=sim&period=7d"]
    bodies = [json.dumps(views.filled(counted, search, has_picture=False).body) for search in searches]
    assert drawn == ["?source=sim&period=all", "?source=sim&period=7d"]
    assert bodies[0] == bodies[1] != bodies[2]
