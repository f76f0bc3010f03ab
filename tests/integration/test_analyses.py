"""The PySpark analyses as a whole: real Spark on a small history whose truth is known, recounted in plain Python."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from pyspark.sql import SparkSession

from oracle import lists as recount
from support import tastes
from support.tastes import Truth
from support.warehouse import ask, build, key, new_home
from zipotify.analyses import facts as published
from zipotify.analyses import run as running
from zipotify.analyses.churn import BIN_COUNT, WINDOW_DAYS, days_of, trial_of
from zipotify.analyses.recommend import LIST_LENGTH, TESTED_LENGTHS, als_lists, held_out, popular_lists, split_of
from zipotify.analyses.run import Outcome, run
from zipotify.analyses.similar import LIST_LENGTH as NEAREST
from zipotify.contracts.analyses import ANALYSES, CHURN_MODEL, RECOMMENDATIONS, SIMILAR_TRACKS
from zipotify.contracts.snapshot import open_current
from zipotify.lake.load import load_files
from zipotify.settings import Settings

pytestmark = [pytest.mark.integration, pytest.mark.filterwarnings("ignore")]

SOURCE = "taste"
HORIZON = timedelta(days=7)
WINDOW = timedelta(days=WINDOW_DAYS)
LAST = tastes.FIRST_DAY + timedelta(days=tastes.DAY_COUNT - 2)
"""The last whole day."""
CUT_OFF = tastes.FIRST_DAY + timedelta(days=tastes.DAY_COUNT - tastes.DAY_COUNT // 5)
"""First day that lists are tested on."""
Track = tuple[str, str]
Row = tuple[Any, ...]


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Truth]:
    """The files of the history, and its truth."""
    folder = tmp_path_factory.mktemp("tastes") / "events"
    return folder, tastes.write(folder)


@pytest.fixture(scope="module")
def truth(history: tuple[Path, Truth]) -> Truth:
    return history[1]


@pytest.fixture(scope="module")
def home(history: tuple[Path, Truth], spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A home whose analyses were run and published; a day's worth of a second source is in it, too short for a test."""
    folder, _ = history
    settings = new_home(tmp_path_factory.mktemp("analyses") / "home", churn_horizon_days=HORIZON.days)
    load_files(settings, [folder], SOURCE)
    load_files(settings, [_first_day(folder)], "short")
    build(settings)
    done = list(run(settings, lambda: spark))
    assert {outcome.state for outcome in done} == {"done"}
    build(settings)
    return settings


def _first_day(folder: Path) -> Path:
    """The listen events of the first day as a folder of their own."""
    lines = (folder / "listen_events.ndjson").read_text().splitlines()
    kept = sorted(lines, key=lambda line: int(line.split('"ts": ')[1].split(",")[0]))[:30]
    target = folder.parent / "short"
    target.mkdir()
    (target / "listen_events.ndjson").write_text("\n".join(kept) + "\n")
    return target


def _of(settings: Settings, columns: str, table: str) -> list[Row]:
    return ask(settings, f"select {columns} from {table} where source = '{SOURCE}' order by all")


def _results(settings: Settings) -> dict[str, list[Row]]:
    """Every row of the lake's tables of results."""
    tables = {table.name: pl.read_delta(str(settings.home.lake / table.path)) for table in ANALYSES}
    return {name: frame.sort(frame.columns).rows() for name, frame in tables.items()}


@pytest.mark.parametrize("kind", ["tracks", "artists"])
def test_what_is_heard_together_is_what_a_count_of_pairs_says(home: Settings, truth: Truth, kind: str) -> None:
    names = ["artist", "song"] if kind == "tracks" else ["artist"]
    columns = [*names, "rank_number", *(f"other_{name}" for name in names), "listener_count", "other_listener_count"]
    rows = _of(home, ", ".join([*columns, "both_count", "similarity", "lift"]), f"agg_similar_{kind}")
    expected = recount.nearest(recount.listeners(truth, kind == "tracks"), NEAREST)
    assert len(rows) > 100
    assert sorted(rows, key=lambda row: row[:3]) == expected


def test_lists_hold_what_their_user_has_not_heard_and_their_circle_has(home: Settings, truth: Truth) -> None:
    rows = _of(home, "user_key, rank_number, artist, song, score", "agg_recommendations")
    keys = {key()(SOURCE, user): user for user in truth.active}
    heard: dict[str, set[Track]] = defaultdict(set)
    for listen in truth.listens:
        heard[listen.user].add((listen.artist, listen.song))
    lists: dict[str, list[Row]] = defaultdict(list)
    for user_key, *rest in rows:
        lists[keys[user_key]].append(tuple(rest))
    assert set(lists) == set(truth.active)
    for user, ranked in lists.items():
        assert [row[0] for row in ranked] == list(range(1, LIST_LENGTH + 1))
        assert [row[3] for row in ranked] == sorted((row[3] for row in ranked), reverse=True)
        assert not heard[user] & {(row[1], row[2]) for row in ranked}
    tracks = set().union(*heard.values())
    hits = by_chance = 0.0
    for user, ranked in lists.items():
        unheard = tracks - heard[user]
        own = {track for track in unheard if track[0].startswith(f"Band {int(user) % tastes.CIRCLES}-")}
        hits += sum((row[1], row[2]) in own for row in ranked[: len(own)])
        by_chance += len(own) * len(own) / len(unheard)
    assert hits > 3 * by_chance > 0


def test_recall_is_what_a_recount_of_lists_says(
    home: Settings, truth: Truth, spark: SparkSession, tmp_path: Path
) -> None:
    """Popular lists and what was held out come from the truth alone; those of ALS from the model, counted again."""
    known, fresh = recount.split(truth, CUT_OFF)
    ids = {key()(SOURCE, user): user for user in truth.active}
    _, connection = open_current(home.home.published, 512)
    with connection:
        published.take_out(connection, tmp_path / "facts")
    with published.read(spark, tmp_path / "facts") as facts:
        split = split_of(facts.listens, SOURCE)
        assert split is not None
        assert split.cut_off == CUT_OFF
        names = {row.track_number: (row.artist, row.song) for row in facts.tracks.collect() if row.source == SOURCE}
        users = {row.user_number: ids[row.user_key] for row in facts.users.collect() if row.source == SOURCE}
        tested = held_out(split).select("user_number").distinct()
        lists = {
            "als": _lists(als_lists(split.before, tested).collect(), users, names),
            "popularity": _lists(popular_lists(split.before, tested).collect(), users, names),
        }
    assert lists["popularity"] == {user: recount.popular(known, user, LIST_LENGTH) for user in fresh}
    expected = {
        (method, k, CUT_OFF, len(fresh)): pytest.approx(recount.recall(found, fresh, k), abs=1e-6)
        for method, found in lists.items()
        for k in TESTED_LENGTHS
    }
    rows = _of(home, "method, list_length, cut_off_date, user_count, recall", "agg_recommendation_quality")
    assert {row[:4]: row[4] for row in rows} == expected
    assert ask(home, "select count(*) from agg_recommendation_quality where source <> 'taste'") == [(0,)]


def test_a_model_of_taste_is_better_than_popularity_where_people_have_one(home: Settings) -> None:
    rows = _of(home, "method, list_length, recall", "agg_recommendation_quality")
    recall = {row[:2]: row[2] for row in rows}
    for length in TESTED_LENGTHS:
        assert recall["als", length] > 1.5 * recall["popularity", length] > 0, recall


def _lists(rows: Iterable[Any], users: dict[int, str], names: dict[int, Track]) -> dict[str, list[Track]]:
    """Tracks by user, the best first."""
    found: dict[str, list[Track]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: row.rank_number):
        found[users[row.user_number]].append(names[row.track_number])
    return found


def test_who_left_is_who_was_not_seen_again_and_the_figures_follow(
    home: Settings, truth: Truth, spark: SparkSession, tmp_path: Path
) -> None:
    _, connection = open_current(home.home.published, 512)
    with connection:
        published.take_out(connection, tmp_path / "facts")
    with published.read(spark, tmp_path / "facts") as facts:
        (days,) = days_of(facts.user_days, HORIZON.days)
        trial = trial_of(facts.user_days, days)
        assert trial is not None
        risks = {row.user_key: (row.risk, row.is_churned) for row in trial.rows.collect()}
    tested, trained = LAST - HORIZON, LAST - 2 * HORIZON
    assert (days.last, days.tested, days.trained) == (LAST, tested, trained)
    outcome = {
        key()(SOURCE, user): float(recount.gone(truth, user, tested, HORIZON))
        for user in recount.staying(truth, tested, WINDOW)
    }
    assert {user: label for user, (_, label) in risks.items()} == outcome
    learned = [float(recount.gone(truth, user, trained, HORIZON)) for user in recount.staying(truth, trained, WINDOW)]
    _check_model(home, tested, list(risks.values()), learned)
    _check_bins(home, list(risks.values()))


def _check_model(home: Settings, tested: date, risks: list[tuple[float, float]], learned: list[float]) -> None:
    base = sum(learned) / len(learned)
    left, stayed = [[risk for risk, label in risks if label == end] for end in (1.0, 0.0)]
    wins = sum((a > b) + (a == b) / 2 for a in left for b in stayed)
    (row,) = _of(
        home,
        "cut_off_date, horizon_days, trained_user_count, tested_user_count, churned_count,"
        " brier_score, baseline_brier_score, auc",
        "agg_churn_model",
    )
    assert row[:5] == (tested, HORIZON.days, len(learned), len(risks), len(left))
    assert row[5:] == pytest.approx(
        (
            sum((risk - label) ** 2 for risk, label in risks) / len(risks),
            sum((base - label) ** 2 for _, label in risks) / len(risks),
            wins / len(left) / len(stayed),
        ),
        abs=2e-6,
    )
    assert row[5] < row[6]
    assert row[7] > 0.7


def _check_bins(home: Settings, risks: list[tuple[float, float]]) -> None:
    bins: dict[int, list[tuple[float, float]]] = defaultdict(list)
    for risk, label in risks:
        bins[min(round(risk * 1e4) * BIN_COUNT // 10_000 + 1, BIN_COUNT)].append((risk, label))
    rows = _of(
        home,
        "bin_number, user_count, churned_count, risk_from, risk_to, predicted_rate, observed_rate",
        "agg_churn_calibration",
    )
    assert [row[:3] for row in rows] == [
        (number, len(rows), sum(label for _, label in rows)) for number, rows in sorted(bins.items())
    ]
    for number, *_, low, high, predicted, observed in rows:
        own = bins[number]
        assert (low, high) == pytest.approx(((number - 1) / BIN_COUNT, number / BIN_COUNT))
        assert predicted == pytest.approx(sum(risk for risk, _ in own) / len(own), abs=1e-6)
        assert observed == pytest.approx(sum(label for _, label in own) / len(own), abs=1e-6)


def test_risks_are_of_everybody_who_is_still_there(home: Settings, truth: Truth) -> None:
    rows = _of(home, "user_key, as_of_date, horizon_days, level, risk", "agg_churn_risk")
    assert {row[0] for row in rows} == {key()(SOURCE, user) for user in recount.staying(truth, LAST, WINDOW)}
    levels = {key()(SOURCE, user): "paid" if int(user) % 4 == 0 else "free" for user in truth.active}
    assert all(row[1:4] == (LAST, HORIZON.days, levels[row[0]]) and 0 <= row[4] <= 1 for row in rows)
    quiet = {key()(SOURCE, user) for user, days in truth.active.items() if max(days) < LAST - timedelta(days=10)}
    means = [[row[4] for row in rows if (row[0] in quiet) is is_quiet] for is_quiet in (True, False)]
    assert min(map(len, means)) > 3
    assert sum(means[0]) / len(means[0]) > 2 * sum(means[1]) / len(means[1])


def test_marts_are_the_results(home: Settings) -> None:
    results = _results(home)
    for table in ANALYSES:
        mart = table.name.replace("analyses_", "agg_")
        columns = ", ".join(column.name for column in table.columns)
        assert results[table.name], table.name
        assert ask(home, f"select {columns} from {mart} order by all") == results[table.name], mart


@pytest.mark.prove
def test_a_killed_run_goes_on_where_it_was_and_two_runs_are_equal(
    home: Settings, spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Run last of all: every table is made again, in a run that ends in the middle of its third analysis."""
    before = _results(home)
    assert {outcome.state for outcome in run(home, lambda: pytest.fail("nothing has changed"))} == {"unchanged"}

    with monkeypatch.context() as patched:
        # Another version of the input: all of it is to be made anew.
        patched.setattr(running, "input_version", lambda *_: "later")
        with pytest.MonkeyPatch.context() as failing:
            failing.setattr(running, "WORK", [*running.WORK[:2], _ending(running.WORK[2]), *running.WORK[3:]])
            done: list[Outcome] = []
            with pytest.raises(KeyboardInterrupt):
                done.extend(run(home, lambda: spark))
        assert not (home.home.run / "analyses").exists()
        states = {outcome.name: outcome.state for outcome in run(home, lambda: spark)}
    assert states == {work.name: "unchanged" if n < 2 else "done" for n, work in enumerate(running.WORK)}
    after = _results(home)
    for table in (SIMILAR_TRACKS, RECOMMENDATIONS, CHURN_MODEL):
        assert after[table.name]
    assert after == before


def _ending(work: running.Analysis) -> running.Analysis:
    def compute(*_: Any) -> Any:
        raise KeyboardInterrupt

    return running.Analysis(work.name, work.tables, compute)
