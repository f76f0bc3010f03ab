"""The rules of Eventsim's mechanism, each on a configuration made for it."""

from datetime import date, timedelta

import holidays
import numpy as np
import polars as pl
import pytest

from support.simulation import DAY_S, SONGS, config, frame, plan, state
from zipotify.simulate.config import parse_config
from zipotify.simulate.draws import Draws
from zipotify.simulate.engine import rules_of
from zipotify.simulate.native.steps import damping
from zipotify.simulate.rhythm import LAST_YEAR, Rhythm, free_days

HOME, SONG = state("Home"), state("NextSong", method="PUT")


def test_next_state_is_drawn_by_p_and_what_is_left_over_ends_the_session() -> None:
    help_page = state("Help")
    raw = config([(HOME, HOME, 0.5), (HOME, help_page, 0.2), (help_page, HOME, 0.0)], alpha=1.0)
    events = frame(plan(raw, n_users=100, end="2024-01-31"))
    following = events.sort("user_id", "session", "item").with_columns(
        pl.col("page").shift(-1).over("user_id", "session")
    )
    after_home = events.sort("user_id", "session", "item").with_columns(following["page"].alias("next"))
    shares = after_home.filter(page="Home")["next"].fill_null("end").value_counts(normalize=True)
    found = dict(shares.rows())
    assert found["Home"] == pytest.approx(0.5, abs=0.02)
    assert found["Help"] == pytest.approx(0.2, abs=0.015)
    assert found["end"] == pytest.approx(0.3, abs=0.015)


def test_redirects_take_one_second_and_songs_are_heard_to_their_whole_seconds() -> None:
    save = state("Save Settings", status=307, method="PUT")
    raw = config([(SONG, SONG, 0.5), (SONG, save, 0.3), (save, SONG, 0.9)], alpha=1.0)
    events = frame(plan(raw)).sort("user_id", "session", "item")
    pairs = events.with_columns(
        (pl.col("ts_s").shift(-1) - pl.col("ts_s")).over("user_id", "session").alias("gap"),
        pl.col("page").shift(-1).over("user_id", "session").alias("next"),
    )
    assert pairs.filter(next="Save Settings")["gap"].unique().to_list() == [1]
    song_to_song = pairs.filter(page="NextSong", next="NextSong")
    assert (song_to_song["gap"] == pl.Series(SONGS.whole_s).gather(song_to_song["track"])).all()
    # A song goes on playing over other pages: the next one starts exactly at its end.
    detour = events.with_columns(pl.col("ts_s").shift(2).over("user_id", "session").alias("two_ago"),
                                 pl.col("track").shift(2).over("user_id", "session").alias("track_two_ago"),
                                 pl.col("page").shift(1).over("user_id", "session").alias("before"))  # fmt: skip
    back = detour.filter(page="NextSong", before="Save Settings").drop_nulls("two_ago")
    assert len(back) > 100
    assert (back["ts_s"] == back["two_ago"] + pl.Series(SONGS.whole_s).gather(back["track_two_ago"])).all()


def test_gaps_are_exponential_around_each_users_own_mean() -> None:
    raw = config([(HOME, HOME, 0.98)], alpha=1000.0, beta=400_000.0)
    events = frame(plan(raw, n_users=400, end="2024-01-31")).sort("user_id", "session", "item")
    gaps = events.with_columns((pl.col("ts_s").shift(-1) - pl.col("ts_s")).over("user_id", "session").alias("gap"))
    by_user = gaps.drop_nulls("gap").group_by("user_id").agg(
        pl.col("gap").mean().alias("mean"), pl.col("gap").std().alias("std"), pl.len()
    ).filter(pl.col("len") > 60)  # fmt: skip
    assert float((by_user["std"] / by_user["mean"]).mean()) == pytest.approx(1.0, abs=0.05)  # type: ignore[arg-type]
    logs = by_user["mean"].log().to_numpy()
    assert np.median(logs) == pytest.approx(np.log(1000.0) - 0.5, abs=0.15)
    assert logs.std() == pytest.approx(1.0, abs=0.12)


def test_sessions_lie_at_least_the_session_gap_apart() -> None:
    events = frame(plan(config([(HOME, HOME, 0.5)], beta=100.0, session_gap=7200), n_users=20))
    sessions = events.group_by("user_id", "session").agg(pl.min("ts_s").alias("a"), pl.max("ts_s").alias("b"))
    gaps = sessions.sort("user_id", "session").with_columns((pl.col("a").shift(-1) - pl.col("b")).over("user_id"))
    assert gaps["a"].drop_nulls().min() >= 7200  # type: ignore[operator]


def test_auth_and_level_carry_over_to_the_next_session() -> None:
    out = state("Logout", status=307, method="PUT"), state("Home", auth="Logged Out")
    raw = config([(HOME, out[0], 1.0), (out[0], out[1], 1.0), (out[1], out[1], 0.2)])
    raw["new-session"].append({**out[1], "weight": 1})
    events = frame(plan(raw)).sort("user_id", "ts_s")
    later = events.filter(pl.col("session") > 0, item=0)
    assert later["auth"].unique().to_list() == ["Logged Out"]


def test_who_reaches_the_churned_state_never_comes_back() -> None:
    gone = state("Bye", auth="Cancelled")
    raw = config([(HOME, HOME, 0.3), (HOME, gone, 0.2)], churned_state="Cancelled")
    events = frame(plan(raw, n_users=200, end="2024-01-31"))
    last = events.group_by("user_id").agg(pl.col("page").last(), (pl.col("page") == "Bye").sum().alias("byes"))
    assert last.filter(pl.col("byes") > 0)["page"].unique().to_list() == ["Bye"]
    assert last["byes"].max() == 1
    assert last["byes"].sum() > 150


def test_attrition_thins_users_out_at_its_rate_and_not_all_at_once() -> None:
    raw = config([(HOME, HOME, 0.5)], beta=400_000.0)
    events = frame(plan(raw, n_users=2000, attrition_rate=2.0, end="2024-07-01"))
    active = events.filter(pl.col("ts_s") > events["ts_s"].max() - 14 * DAY_S)["user_id"].n_unique()  # type: ignore[operator]
    assert active / 2000 == pytest.approx(np.exp(-2.0 * 175 / 365), abs=0.06)


def test_growth_adds_new_users_who_register_as_they_arrive() -> None:
    raw = config([(HOME, HOME, 0.5)], new_user_auth="Guest", beta=400_000.0)
    guest = state("Home", auth="Guest")
    raw["transitions"].append({"source": guest, "dest": HOME, "p": 0.5})
    raw["new-session"].append({**guest, "weight": 1})
    made = plan(raw, n_users=1000, growth_rate=1.0, end="2024-07-01", first_user_id=5000)
    events = frame(made)
    newcomers = events.filter(pl.col("user_id") >= 6000).group_by("user_id").agg(pl.all().first()).sort("user_id")
    assert len(newcomers) == pytest.approx(1000 * (np.exp(182 / 365) - 1), rel=0.12)
    assert newcomers.filter(session=0)["auth"].unique().to_list() == ["Guest"]
    assert (newcomers["ts_s"].to_numpy() > made.start_s).all()


def test_events_lie_after_the_start_and_up_to_the_end() -> None:
    made = plan()
    events = frame(made)
    assert events["ts_s"].min() > made.start_s  # type: ignore[operator]
    assert events["ts_s"].max() <= made.end_s  # type: ignore[operator]
    assert events["ts_s"].is_sorted()


def test_the_day_is_warped_towards_the_afternoon() -> None:
    shift_s = Rhythm(parse_config(config([(HOME, HOME, 0.5)], damping=0.09375), "test")).shift_s
    assert shift_s[[3 * 3600, 15 * 3600]].tolist() == [0, 0]
    assert shift_s[9 * 3600] == int(0.09375 * DAY_S)
    hours = np.bincount((np.arange(DAY_S) + shift_s) % DAY_S // 3600, minlength=24)
    assert hours.argmax() in (14, 15)
    assert hours.argmin() in (2, 3)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2024-01-05T20:59:59", 0.0),  # Friday, before the ramp
        ("2024-01-05T21:00:00", 0.0),
        ("2024-01-06T00:00:00", 0.25),  # half-way up the ramp
        ("2024-01-06T03:00:00", 0.5),
        ("2024-01-07T00:00:00", 0.5),
        ("2024-01-07T21:00:00", 0.5),
        ("2024-01-08T00:00:00", 0.25),  # and down again
        ("2024-01-08T03:00:00", 0.0),
        ("2024-01-15T12:00:00", 0.5),  # Martin Luther King Day
        ("2024-07-04T12:00:00", 0.5),
        ("2024-07-05T12:00:00", 0.0),
        ("1999-07-04T12:00:00", 0.5),
        ("2151-12-25T12:00:00", 0.5),
    ],
)
def test_free_days_are_damped_with_ramps_at_their_edges(moment: str, expected: float) -> None:
    raw = config([(HOME, HOME, 0.5)], weekend_damping=0.5, weekend_damping_offset=180, weekend_damping_scale=360)
    rules = rules_of(plan(raw), Draws(1))
    assert damping(rules, int(np.datetime64(moment, "s").astype(np.int64))) == pytest.approx(expected, abs=1e-4)


def test_the_list_of_holidays_is_that_of_the_package() -> None:
    days = holidays.country_holidays("US", years=range(1970, LAST_YEAR + 1))
    listed = {date(1970, 1, 1) + timedelta(days=int(day)) for day in np.flatnonzero(free_days())}
    assert {day for day in days if day.year <= LAST_YEAR} == {day for day in listed if day in days}
    assert all(day in days or day.weekday() >= 5 for day in listed)


def test_songs_follow_their_listen_counts_and_an_unknown_length_is_180_s() -> None:
    from zipotify.simulate.songs import Songs

    songs = Songs(["A", "B"], ["x", "y"], [None, 10.0], [9, 1])
    assert songs.whole_s.tolist() == [180, 10]
    events = frame(plan(config([(SONG, SONG, 0.9)]), songs=songs, n_users=100)).filter(pl.col("track") >= 0)
    assert float((events["track"] == 0).mean()) == pytest.approx(0.9, abs=0.02)  # type: ignore[arg-type]
