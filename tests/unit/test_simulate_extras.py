"""What Eventsim doesn't have: off unless asked for, and believable when asked for."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import polars as pl
import pytest

from support.simulation import SONGS, config, frame, plan, state, write
from zipotify.contracts.fields import TOPICS
from zipotify.simulate.draws import Draws
from zipotify.simulate.plan import Extras, Faults
from zipotify.simulate.songs import Drift, Songs
from zipotify.simulate.spoil import SPOILERS

HOME, SONG = state("Home"), state("NextSong", method="PUT")
RAW = config([(HOME, SONG, 0.8), (SONG, SONG, 0.85), (SONG, HOME, 0.1)])


def listens(folder: Path, **options: Any) -> list[dict[str, Any]]:
    text = write(plan(RAW, end="2024-01-15", **options), folder)["listen_events.ndjson"]
    return [orjson.loads(line) for line in text.splitlines()]


def test_nothing_is_added_unless_asked_for(tmp_path: Path) -> None:
    assert not {"played_ms", "playSource", "deviceType", "track_id"} & set(listens(tmp_path)[0])


def test_everything_is_added_when_asked_for(tmp_path: Path) -> None:
    rows = listens(tmp_path, extras=Extras(played=True, origin=True, device=True, track_id=True))
    assert {row["playSource"] for row in rows} == {"search", "playlist", "radio", "album"}
    assert {row["deviceType"] for row in rows} >= {"iPhone", "Android", "Windows"}
    titles = dict(zip(SONGS.track_id, SONGS.title, strict=True))
    assert all(titles[row["track_id"]] == row["song"] for row in rows)
    by_stretch = {(row["sessionId"], row["itemInSession"] // 8, row["playSource"]) for row in rows}
    assert len(by_stretch) == len({place[:2] for place in by_stretch})


def test_a_play_is_as_long_as_until_the_next_one() -> None:
    events = frame(plan(RAW, n_users=200, extras=Extras(played=True))).sort("user_id", "session", "item")
    pairs = events.with_columns(
        (pl.col("ts_s").shift(-1) - pl.col("ts_s")).over("user_id", "session").alias("gap"),
        pl.col("page").shift(-1).over("user_id", "session").alias("next"),
    ).filter(page="NextSong")
    lengths = pl.Series(SONGS.length_ms).gather(pairs["track"])
    assert (pairs["played_ms"] <= lengths).all()
    assert (pairs["played_ms"] >= 0).all()
    cut = pairs.filter(pairs["played_ms"] < lengths, next="NextSong")
    assert (cut["played_ms"] == cut["gap"] * 1000).all()
    successive = pairs.filter(next="NextSong")
    assert len(cut) / len(successive) == pytest.approx(0.24, abs=0.03)
    assert (pairs.filter(pl.col("next").is_null())["played_ms"] == lengths.filter(pairs["next"].is_null())).all()


def test_leaving_cuts_a_song_short_after_other_pages_too() -> None:
    page, out = state("Help"), state("Logout", status=307, method="PUT")
    raw = config([(SONG, page, 1.0), (page, out, 0.6), (page, SONG, 0.2), (out, page, 0.0)], alpha=40.0)
    made = plan(raw, n_users=200, extras=Extras(played=True))
    for windows in (1, 40):
        events = frame(made, windows).sort("user_id", "session", "item").with_columns(
            (pl.col("ts_s").shift(-2) - pl.col("ts_s")).over("user_id", "session").alias("gap"),
            pl.col("page").shift(-2).over("user_id", "session").alias("second"),
        ).filter(page="NextSong")  # fmt: skip
        lengths = pl.Series(SONGS.length_ms).gather(events["track"])
        whole_s = pl.Series(SONGS.whole_s).gather(events["track"])
        left = (events["second"] == "Logout").fill_null(False) & (events["gap"] < whole_s).fill_null(False)
        assert left.sum() > 100
        assert (
            events["played_ms"] == pl.select(pl.when(left).then(events["gap"] * 1000).otherwise(lengths))[:, 0]
        ).all()


def test_bots_loop_a_few_tracks_for_half_a_minute_each() -> None:
    many = Songs([f"a{n}" for n in range(500)], ["t"] * 500, [200.0] * 500, [1.0] * 500)
    events = frame(plan(RAW, songs=many, n_users=300, extras=Extras(played=True, bots=0.1))).filter(page="NextSong")
    users = events.group_by("user_id").agg(pl.len(), pl.col("track").n_unique(), pl.median("played_ms"))
    bots = users.filter((pl.col("track") <= 3) & (pl.col("len") > 50))
    people = users.filter(pl.col("track") > 3)
    assert 15 < len(bots) < 50
    assert bots["played_ms"].max() == 31_000
    assert people["played_ms"].median() > 100_000  # type: ignore[operator]
    assert float(bots["len"].mean()) > 5 * float(people["len"].mean())  # type: ignore[arg-type]


def test_popularity_drifts_with_hits_and_releases() -> None:
    songs = Songs(["a"] * 5000, ["t"] * 5000, [100.0] * 5000, (1 / np.arange(1, 5001)).tolist())
    drift = Drift(songs, Draws(3))
    weeks = [drift.boosts(week) for week in range(2800, 2812)]
    tops = [set(np.argsort(-np.diff(drift.shares_at(week), prepend=0))[:100]) for week in range(2800, 2812)]
    assert all(40 < len(a & b) < 100 for a, b in itertools.pairwise(tops))
    assert len(tops[0] & tops[-1]) < len(tops[0] & tops[1])
    hit = int(weeks[0].argmax())
    assert weeks[0][hit] > 10
    assert weeks[11][hit] < weeks[0][hit]
    assert np.array_equal(Drift(songs, Draws(3)).shares_at(2805), drift.shares_at(2805))


def test_late_events_arrive_in_order_of_arrival_and_nothing_is_lost() -> None:
    spoiled = frame(plan(RAW, faults=Faults(late=0.1, out_of_order=0.1, duplicates=0.1)), windows=7)
    plain = frame(plan(RAW))
    assert spoiled["arrive_s"].is_sorted()
    assert not spoiled["ts_s"].is_sorted()
    key = ["user_id", "session", "item"]
    originals = spoiled.filter(pl.col("fault") != 1).sort("ts_s", *key)
    assert originals.select(*key, "ts_s").equals(plain.sort("ts_s", *key).select(*key, "ts_s"))
    copies = spoiled.filter(fault=1).join(originals, on=key, suffix="_original")
    assert len(copies) / len(plain) == pytest.approx(0.1, abs=0.02)
    assert (copies["arrive_s"] >= copies["arrive_s_original"]).all()
    late = spoiled.filter(fault=3)
    delay = (late["arrive_s"] - late["ts_s"]).filter(late["arrive_s"] < plan(RAW).end_s)
    assert delay.min() >= 600  # type: ignore[operator]


def test_faults_at_rate_zero_change_nothing(tmp_path: Path) -> None:
    plain, spoiled = write(plan(RAW), tmp_path / "a"), write(plan(RAW, faults=Faults()), tmp_path / "b")
    assert plain == spoiled
    assert set(plain) == {f"{topic}.ndjson" for topic in TOPICS}


@pytest.mark.parametrize("spoiler", SPOILERS, ids=lambda spoiler: spoiler.name)
def test_each_way_to_spoil_a_record_is_refused_for_its_reason(spoiler: Any) -> None:
    from zipotify.contracts.decode import Limits, Refusal, decode
    from zipotify.contracts.fields import EVENTS
    from zipotify.simulate.lines import LineWriter
    from zipotify.simulate.shard import Shard

    made = plan(RAW, n_users=5)
    records = list(LineWriter([made]).records(Shard([made]).advance(made.end_s)))[:50]
    for record in records:
        outcome = decode(EVENTS[record.topic], spoiler.spoil(record.value), made.end_s * 1000, Limits())
        assert isinstance(outcome, Refusal)
        assert outcome.reason == spoiler.reason
