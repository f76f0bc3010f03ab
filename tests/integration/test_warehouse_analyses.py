"""The analyses against the recount in plain Python, on a real recording and on simulated traffic with an experiment."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from pathlib import Path
from statistics import NormalDist, mean, variance
from typing import Any

import pytest

from oracle import analyses
from oracle.days import day_figures
from oracle.events import read
from oracle.facts import Facts
from support.warehouse import ask, key
from zipotify.settings import Settings

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module", params=["recorded", "sim"])
def facts(request: pytest.FixtureRequest, sources: dict[str, Path]) -> Facts:
    """The recount of one source."""
    if request.param not in sources:
        pytest.skip("no real recordings on this machine")
    return Facts(read(request.param, sources[request.param], key()))


def _of(settings: Settings, columns: str, table: str, facts: Facts, more: str = "true") -> list[tuple[Any, ...]]:
    return ask(settings, f"select {columns} from {table} where source = '{facts.source}' and {more} order by all")


def test_active_users(built: Settings, facts: Facts) -> None:
    assert _of(built, "date_day, dau, wau, mau", "agg_active_users", facts) == sorted(analyses.active_users(facts))


def test_lifecycle(built: Settings, facts: Facts) -> None:
    columns = "week_start_date, active_user_count, new_user_count, returning_user_count, resurrected_user_count"
    rows = _of(built, f"{columns}, dormant_user_count", "agg_lifecycle_week", facts)
    assert rows == analyses.lifecycle(facts)
    assert sum(row[2] for row in rows) == len(facts.by_user)


def test_retention(built: Settings, facts: Facts) -> None:
    columns = "cohort_week, week_number, cohort_user_count, active_user_count"
    assert _of(built, columns, "agg_retention_week", facts) == sorted(analyses.retention(facts))


def test_funnel(built: Settings, facts: Facts) -> None:
    rows = _of(built, "step_number, user_count", "agg_funnel", facts, "cohort = 'all'")
    assert dict(rows) == {n: count for n, count in enumerate(analyses.funnel(facts), start=1) if count}


def test_churn(built: Settings, facts: Facts) -> None:
    columns = "month_start_date, paid_at_start_count, lost_count"
    assert _of(built, columns, "agg_churn_month", facts) == analyses.churn(facts)


@pytest.mark.parametrize("level", ["free", "paid"])
def test_survival(built: Settings, facts: Facts, level: str) -> None:
    rows = _of(built, "day_number, survival", "agg_survival", facts, f"level = '{level}'")
    assert dict(rows) == pytest.approx(analyses.survival(facts, level))


@pytest.mark.parametrize("table", ["agg_top_tracks", "agg_top_artists"])
def test_top_lists(built: Settings, facts: Facts, table: str) -> None:
    is_tracks = table == "agg_top_tracks"
    name = analyses.track_of if is_tracks else (lambda play: (analyses.artist_of(play),))
    expected = analyses.plays_by_window(facts, name)  # type: ignore[arg-type]
    columns = "window_kind, window_start_date, rank_number, play_count, play_share, artist" + ", song" * is_tracks
    found: dict[Any, list[tuple[Any, ...]]] = defaultdict(list)
    for kind, start, *rest in _of(built, columns, table, facts):
        found[kind, start].append(tuple(rest))
    assert set(found) == set(expected)
    for window, rows in found.items():
        counts = expected[window]
        assert [row[1] for row in rows] == [count for _, count in counts.most_common(100)]
        assert [row[0] for row in rows] == list(range(1, len(rows) + 1))
        assert all(counts[row[3:]] == row[1] for row in rows)
        assert all(row[2] == pytest.approx(row[1] / counts.total()) for row in rows)


def test_rank_changes_are_those_of_the_window_before(built: Settings, facts: Facts) -> None:
    columns = "window_start_date, rank_number, previous_rank_number, rank_change, artist"
    rows = _of(built, columns, "agg_top_artists", facts, "window_kind = 'week'")
    ranks = {(start, artist): rank for start, rank, _, _, artist in rows}
    for start, rank, previous, change, artist in rows:
        earlier = ranks.get((start - analyses.timedelta(weeks=1), artist))
        assert earlier is None or (previous, change) == (earlier, earlier - rank)


def test_concentration(built: Settings, facts: Facts) -> None:
    for entity, name in [("track", analyses.track_of), ("artist", analyses.artist_of)]:
        columns = "window_kind, window_start_date, entity_count, gini, top_1_percent_share"
        rows = {row[:2]: row[2:] for row in _of(built, columns, "agg_concentration", facts, f"entity = '{entity}'")}
        windows = analyses.plays_by_window(facts, name)  # type: ignore[arg-type]
        assert set(rows) == {window for window in windows if window[0] != "day"}
        for window, row in rows.items():
            counts = list(windows[window].values())
            assert row == pytest.approx((len(counts), analyses.gini(counts), analyses.top_share(counts)))


def test_discovery_and_skips(built: Settings, facts: Facts) -> None:
    columns = "date_day, new_track_listen_count, repeat_listen_count, new_artist_listen_count"
    rows = _of(built, columns, "agg_listening_day", facts)
    assert {row[0]: row[1:] for row in rows} == analyses.discoveries(facts)
    skips = Counter(play.event.day for play in facts.plays if not play.is_listen)
    assert dict(_of(built, "date_day, skip_count", "agg_listening_day", facts, "skip_count > 0")) == skips


def test_anomalies(built: Settings, facts: Facts) -> None:
    figures = day_figures(facts)
    plays = {day: figures.get(day, {}).get("play_count", 0) for day in analyses.days(facts)}
    rows = _of(
        built, "date_day, figure, week_count, baseline, spread", "agg_anomaly_day", facts, "metric = 'play_count'"
    )
    assert [row[:2] for row in rows] == sorted(plays.items())
    for day, _, *row in rows:
        assert tuple(row) == pytest.approx(analyses.baseline(plays, day))


def test_year_in_music(built: Settings, facts: Facts) -> None:
    plays = [play for play in facts.plays if play.user]
    columns = "user_key, play_count, track_count, artist_count, top_artist_play_count, top_artist"
    rows = _of(built, columns, "agg_year_users", facts)
    assert {row[0] for row in rows} == {play.user for play in plays}
    for user, play_count, track_count, artist_count, top_count, top in rows:
        artists = Counter(analyses.artist_of(play) for play in plays if play.user == user)
        tracks = {analyses.track_of(play) for play in plays if play.user == user}
        assert (play_count, track_count, artist_count) == (artists.total(), len(tracks), len(artists))
        assert top_count == max(artists.values()) == artists[top]


def test_experiment(built: Settings, facts: Facts) -> None:
    listens = Counter(play.user for play in facts.plays if play.is_listen)
    arms: dict[str, list[int]] = defaultdict(list)
    for user in facts.by_user:
        tags = [event.tag for event in sorted(facts.actions, key=lambda e: e.order) if facts.user_of(event) == user]
        for tag in [tag for tag in tags if tag][:1]:
            arms[tag].append(listens[user])
    rows = {row[0]: row[1:] for row in _of(built, _EXPERIMENT, "agg_experiment", facts, "metric = 'listens'")}
    assert set(rows) == set(arms)
    assert len(arms) == (2 if facts.source == "sim" else 0)
    for tag, users in arms.items():
        half = 1.959964 * math.sqrt(variance(users) / len(users))
        assert rows[tag][:4] == pytest.approx((len(users), mean(users), mean(users) - half, mean(users) + half))
    if arms:
        _check_comparison(rows["variant"], arms["control"], arms["variant"])


_EXPERIMENT = "tag, user_count, mean, mean_low, mean_high, difference, p_value, split_p_value, is_split_suspicious"


def _check_comparison(row: tuple[Any, ...], control: list[int], variant: list[int]) -> None:
    error = math.sqrt(variance(control) / len(control) + variance(variant) / len(variant))
    difference = mean(variant) - mean(control)
    assert row[4] == pytest.approx(difference)
    assert row[5] == pytest.approx(2 * (1 - NormalDist().cdf(abs(difference) / error)), abs=1e-6)
    even = (len(control) + len(variant)) / 2
    chi_square = sum((size - even) ** 2 / even for size in (len(control), len(variant)))
    exact = math.erfc(math.sqrt(chi_square / 2))
    assert row[6] == pytest.approx(exact, abs=0.01)
    assert row[7] == (exact < 0.001)
