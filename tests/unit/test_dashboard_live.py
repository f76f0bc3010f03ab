"""The Now page's figures against a recount of what was written, through the stream's own writer."""

from __future__ import annotations

from collections import Counter

import pytest

from support.live_feed import LiveFeed
from zipotify.contracts.serving import connect
from zipotify.dashboard.live import TOP_MINUTES, LiveView, read_live
from zipotify.settings import Settings

Written = tuple[LiveFeed, LiveView]


@pytest.fixture
def written(settings: Settings) -> Written:
    """An hour of plays, and the picture of it."""
    settings.home.root.mkdir()
    feed = LiveFeed(settings, seed=3)
    feed.hour(plays_per_minute=8)
    engine = connect(settings.serving_address())
    view = read_live(engine)
    engine.dispose()
    return feed, view


def test_the_clock_is_that_of_the_events(written: Written) -> None:
    feed, view = written
    newest_s = max(play["ts"] for play in feed.plays) // 1000
    assert view.as_of_s == newest_s // 10 * 10 + 10


def test_plays_per_minute(written: Written) -> None:
    feed, view = written
    assert view.as_of_s is not None
    ago = Counter((view.as_of_s - 10 - play["ts"] // 10_000 * 10) // 60 for play in feed.plays)
    assert list(view.plays_per_minute) == [ago[minute] for minute in range(59, -1, -1)]


def test_who_is_active(written: Written) -> None:
    feed, view = written
    assert view.as_of_s is not None
    first_s = (view.as_of_s - 1) // 60 * 60 - 4 * 60
    active = {(play["user_key"], play["level"]) for play in feed.plays if play["ts"] // 1000 >= first_s}
    by_level = dict(Counter(level for _, level in active))
    assert view.active_users == (by_level if min(by_level.values()) >= 10 else {"": len(active)})
    engine = connect(feed.settings.serving_address())
    assert read_live(engine, k_anonymity=1).active_users == by_level
    assert read_live(engine, k_anonymity=1 + min(by_level.values())).active_users == {"": len(active)}
    engine.dispose()
    assert view.session_count == len(active)


def test_who_hears_a_track(written: Written) -> None:
    feed, view = written
    assert view.as_of_s is not None
    newest = {play["session_id"]: play for play in sorted(feed.plays, key=lambda play: play["ts"])}
    ends = [play["ts"] + play["duration"] * 1000 for play in newest.values()]
    assert view.playing_count == sum(end > view.as_of_s * 1000 for end in ends)


def test_top_tracks_and_their_moves(written: Written) -> None:
    feed, view = written
    assert view.as_of_s is not None
    now_s = (view.as_of_s - 1) // 60 * 60 - 14 * 60

    def ranked(start_s: int, end_s: int) -> list[tuple[tuple[str, str], int]]:
        counts = Counter((p["song"], p["artist"]) for p in feed.plays if start_s <= p["ts"] // 1000 < end_s)
        return sorted(counts.items(), key=lambda item: (-item[1], item[0]))

    before = [name for name, _ in ranked(now_s - 900, now_s)]
    expected = [
        (*name, count, before.index(name) + 1 if name in before else None)
        for name, count in ranked(now_s, view.as_of_s)[:8]
    ]
    assert [(t.name, t.by, t.play_count, t.before) for t in view.tracks] == expected


def test_states_light_up_with_their_plays(written: Written) -> None:
    feed, view = written
    assert view.as_of_s is not None
    first_s = view.as_of_s - TOP_MINUTES * 60
    assert view.states == Counter(play["state"] for play in feed.plays if play["ts"] // 10_000 * 10 >= first_s)


def test_the_newest_plays_come_first_and_name_nobody(written: Written) -> None:
    feed, view = written
    newest = sorted((play["ts"] for play in feed.plays), reverse=True)[: len(view.newest)]
    assert [play["event_at_ms"] for play in view.newest] == newest
    assert set(view.newest[0]) == {"event_at_ms", "artist", "song"}
