"""What tiles add up of whole days is what single plays say, whoever is looked at, and where a period cuts a day."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.warehouse import ask
from zipotify.dashboard import sums
from zipotify.dashboard.filters import Filters
from zipotify.dashboard.history import History
from zipotify.dashboard.scope import Scope
from zipotify.dashboard.views import Views
from zipotify.settings import Settings

pytestmark = pytest.mark.integration

_VIEWS: list[dict[str, str]] = [
    {},
    {"level": "paid"},
    {"level": "free", "gender": "F"},
    {"state": "CA"},
    {"device": "iPhone", "gender": "M"},
    {"tag": "B"},
]


@pytest.fixture(scope="module")
def views(built: Settings) -> Views:
    """The dashboard's tiles on the built warehouse; a process may open a file with one configuration only."""
    settings = built.model_copy(update={"warehouse_memory_mb": 512})
    return Views(settings, History(settings))


def _questions(scope: Scope, before: bool) -> Iterator[tuple[str, str]]:
    """The same asked of what is added up, and of single plays."""
    plays = f"from fct_plays where {scope.where('played_at', before)}"
    figures, heard = "sum(play_count), coalesce(sum(heard_ms), 0)", "count(*), coalesce(sum(heard_ms), 0)"
    yield (
        f"select date_day, sum(listen_count), {figures} from ({sums.plays(scope, before)})"
        " where play_count > 0 group by 1 order by 1",
        f"select played_date, sum(is_listen::integer), {heard} {plays} group by 1 order by 1",
    )
    yield (
        f"select artist, song, track_key, {figures} from ({sums.titles(scope, before)}) group by all order by all",
        f"select artist, song, track_key, {heard} {plays} group by all order by all",
    )
    closed = f"from fct_page_views where page = 'Cancellation Confirmation' and {scope.where('viewed_at', before)}"
    counted = f"select coalesce(sum(cancellation_count), 0) from ({sums.cancellations(scope, before)})"
    yield counted, f"select count(*) {closed}"
    if not before:
        yield sums.session_count(scope), f"select count(distinct session_key) {plays}"
        hours = f"select date_day, hour_of_day, sum(play_count) from ({sums.hours(scope)}) group by all order by all"
        yield hours, f"select played_date, hour(played_at), count(*) {plays} group by all order by all"


@pytest.mark.parametrize("period", ["all", "7d", "2018-11-10..2018-11-20"])
@pytest.mark.parametrize("given", _VIEWS, ids=lambda given: "-".join(given.values()) or "everybody")
@pytest.mark.parametrize("source", ["recorded", "sim"])
def test_days_add_up_to_single_plays(
    views: Views, built: Settings, source: str, given: dict[str, str], period: str
) -> None:
    scope = views.scope(Filters(source=source, period=period, **given))
    assert scope is not None
    for before in (False, True):
        for added_up, single in _questions(scope, before):
            assert ask(built, added_up) == ask(built, single), added_up


def test_of_one_user_too(views: Views, built: Settings) -> None:
    user = ask(built, "select user_key from fct_plays where source = 'sim' and user_key is not null limit 1")[0][0]
    scope = views.scope(Filters(source="sim", period="all", user=user))
    assert scope is not None
    for added_up, single in _questions(scope, before=False):
        assert ask(built, added_up) == ask(built, single), added_up
