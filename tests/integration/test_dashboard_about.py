"""Pages of one artist, track and listener, survival and experiments equal a recount from the raw records."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from oracle import about
from oracle import tiles as recount
from oracle.events import read
from oracle.facts import Facts
from support.warehouse import key
from zipotify.access.identity import Identity, current, set_current
from zipotify.access.roles import Role
from zipotify.dashboard.filters import FilterError, Filters
from zipotify.dashboard.history import History
from zipotify.dashboard.music_callbacks import place_of, suggested
from zipotify.dashboard.pages import TILES
from zipotify.dashboard.views import Views
from zipotify.errors import ForbiddenError
from zipotify.settings import Settings

pytestmark = pytest.mark.integration

_FIGURES = "period play_count listening_hours listener_count play_share listen_share"


@pytest.fixture(scope="module", params=["recorded", "sim"])
def facts(request: pytest.FixtureRequest, sources: dict[str, Path]) -> Facts:
    """The recount of one source."""
    if request.param not in sources:
        pytest.skip("no recording on this machine")
    return Facts(read(request.param, sources[request.param], key()))


@pytest.fixture(scope="module")
def views(built: Settings) -> Views:
    """The dashboard's tiles on the built warehouse."""
    settings = built.model_copy(update={"warehouse_memory_mb": 512})
    return Views(settings, History(settings))


def rows(views: Views, tile: str, columns: str, facts: Facts, **filters: str) -> list[tuple[Any, ...]]:
    """Some columns of a tile's answer for all time; what was divided is rounded."""
    frame = views.frame(TILES[tile], Filters(source=facts.source, period="all", **filters))
    assert frame is not None
    found = zip(*(frame.column(name) for name in columns.split()), strict=True)
    return [tuple(round(v, 6) if isinstance(v, float) else v for v in row) for row in found]


def test_an_artist(views: Views, facts: Facts, built: Settings) -> None:
    artist = recount.top_artists(facts)[0][0]
    is_about = about.is_of(artist)
    assert rows(views, "artist-figures", _FIGURES, facts, artist=artist) == about.figures(facts, is_about)
    days = rows(views, "artist-days", "date_day play_count listener_count", facts, artist=artist)
    assert days == about.by_day(facts, is_about)
    people = rows(views, "artist-audience", "dimension value user_count", facts, artist=artist)
    assert people == about.audience(facts, is_about, built.k_anonymity)
    tracks = [row for row in recount.top(facts, recount._song, 10**6) if row[1] == artist][:10]
    assert rows(views, "artist-tracks", "song artist play_count listener_count", facts, artist=artist) == tracks


def test_a_track(views: Views, facts: Facts, built: Settings) -> None:
    song, artist = recount.top_tracks(facts)[0][:2]
    is_about = about.is_of(artist, song)
    given = {"artist": artist, "song": song}
    assert rows(views, "track-figures", _FIGURES, facts, **given) == about.figures(facts, is_about)
    days = rows(views, "track-days", "date_day play_count listener_count", facts, **given)
    assert days == about.by_day(facts, is_about)
    people = rows(views, "track-audience", "dimension value user_count", facts, **given)
    assert people == about.audience(facts, is_about, built.k_anonymity)


def test_an_audience_of_few_is_hidden(views: Views, facts: Facts, built: Settings) -> None:
    few = next(row for row in reversed(recount.top(facts, recount._song, 10**6)) if row[2] < built.k_anonymity)
    assert rows(views, "track-audience", "dimension", facts, song=few[0], artist=few[1]) == []


def test_a_listener(views: Views, facts: Facts) -> None:
    plays = Counter(play.user for play in facts.plays if play.user)
    first = sorted(plays.items(), key=lambda item: (-item[1], item[0]))[:20]
    assert rows(views, "listeners", "user_key play_count", facts) == first
    user = str(first[0][0])
    heard = Counter(recount._song(play) for play in facts.plays if play.user == user)
    most = sorted(((*name, count) for name, count in heard.items()), key=lambda row: (-row[2], row[1], row[0]))[:20]
    assert rows(views, "listener-tracks", "song artist play_count", facts, user=user) == most


def test_survival(views: Views, facts: Facts, built: Settings) -> None:
    assert rows(views, "survival", "level day_number survival", facts) == about.survival(facts, built.k_anonymity)


def test_experiments(views: Views, facts: Facts) -> None:
    found = rows(views, "experiments", "metric tag user_count mean", facts)
    listens = {tag: (count, mean) for metric, tag, count, mean in found if metric == "listens"}
    assert listens == about.arms(facts)
    assert len(listens) == (2 if facts.source == "sim" else 0)


def test_the_search_finds_what_was_played_and_leads_there(views: Views, facts: Facts) -> None:
    song, artist = recount.top_tracks(facts)[0][:2]
    user = facts.plays[0].user or ""
    for text, group in ((artist.upper(), "Artists"), (f"{song}, by {artist}", "Tracks"), (user[:8], "Listeners")):
        groups = {each["group"]: each["items"] for each in suggested(views, f"?source={facts.source}", text)}
        path, search = place_of(groups[group][0]["value"], f"?source={facts.source}&level=paid")
        assert path == {"Artists": "/music/artist", "Tracks": "/music/track", "Listeners": "/music/listener"}[group]
        assert "level=paid" in search
    assert suggested(views, "", "' or 1=1 --") == []


def test_a_tile_of_nothing_asks_what_it_shall_be_about(views: Views, facts: Facts) -> None:
    with pytest.raises(FilterError, match="artist"):
        rows(views, "track-days", "date_day", facts, song="Nothing")


def test_single_listeners_are_for_analysts(views: Views, facts: Facts) -> None:
    before = current()
    set_current(Identity("somebody", Role.VIEWER))
    try:
        for tile in ("listeners", "listener-tracks", "recommendations"):
            with pytest.raises(ForbiddenError):
                rows(views, tile, "song", facts)
        groups = {each["group"] for each in suggested(views, f"?source={facts.source}", str(facts.plays[0].user)[:8])}
        assert "Listeners" not in groups
    finally:
        set_current(before)
