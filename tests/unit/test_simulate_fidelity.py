"""The figures that the reference implementation gave for its example configuration, means over four seeds.

Each comes with the reference's own spread. Ours are means over more seeds, so that they hardly move themselves; what
they still move, two standard errors, is allowed on top.
"""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from support.simulation import DAY_S, SONGS, frame
from zipotify.simulate.config import load_config
from zipotify.simulate.explain import explain
from zipotify.simulate.plan import Options, make_plan
from zipotify.simulate.songs import Songs

SEEDS = range(1, 33)
DAYS = 30
FIGURES = {
    # name: (reference, its spread)
    "NextSong": (0.838, 0.005),
    "Home": (0.105, 0.005),
    "paid": (0.736, 0.023),
    "Logged In": (0.958, 0.001),
    "Logged Out": (0.040, 0.001),
    "Guest": (0.002, 0.0005),
    "200": (0.972, 0.001),
    "307": (0.027, 0.001),
    "404": (0.001, 0.0005),
    "items mean": (7.67, 0.55),
    "items p50": (2, 0),
    "items p75": (5, 0),
    "items p90": (19.5, 0.5),
    "items p95": (40, 1),
    "items p99": (86, 1),
    "gap in a session": (210, 1),
    "song to song": (238.6, 0.7),
    "session gap mean": (189_000, 7_000),
    "session gap p50": (93_000, 5_000),
    "sessions per user and day": (0.326, 0.011),
    "Saturday": (0.61, 0.02),
    "Sunday": (0.64, 0.02),  # see docs/decisions/0017-simulator.md
    "busiest hour": (15, 0),
    "share of the busiest hour": (0.082, 0.005),
}
"""Where the reference's spread isn't known: the figure's last digit; for high quantiles and weekends, ours."""


@pytest.fixture(scope="module")
def figures(shared_data: Path) -> dict[str, tuple[float, float]]:
    """Mean and standard error of each."""
    tracks = pl.read_csv(
        shared_data / "eventsim" / "listen_counts.txt.gz", separator="\t", has_header=False, quote_char=None
    )
    songs = Songs(*[tracks[f"column_{number}"].to_list() for number in (1, 2, 3, 4)])
    config, name = load_config(shared_data / "eventsim" / "example-config.json")
    runs = []
    for seed in SEEDS:
        options = Options(n_users=1000, growth_rate=0.5, seed=seed, start="2024-01-01", end="2024-01-31")
        runs.append(measure(frame(make_plan(config, name, songs, options, 0))))
    values = {key: np.array([run[key] for run in runs]) for key in runs[0]}
    return {key: (float(v.mean()), float(v.std(ddof=1) / len(v) ** 0.5)) for key, v in values.items()}


def measure(events: pl.DataFrame) -> dict[str, float]:
    """All figures of one run."""
    events = events.sort("user_id", "session", "item")
    shares = {
        name: float((events[column].cast(pl.String) == name).mean())  # type: ignore[arg-type]
        for column, names in (
            ("page", ("NextSong", "Home")),
            ("level", ("paid",)),
            ("auth", ("Logged In", "Logged Out", "Guest")),
            ("status", ("200", "307", "404")),
        )
        for name in names
    }
    return shares | _sessions(events) | _gaps(events) | _calendar(events)


def _sessions(events: pl.DataFrame) -> dict[str, float]:
    per_session = events.group_by("user_id", "session").agg(
        pl.len(), pl.min("ts_s").alias("a"), pl.max("ts_s").alias("b")
    )
    gaps = per_session.sort("user_id", "session").select((pl.col("a").shift(-1) - pl.col("b")).over("user_id"))["a"]
    shown = events.filter(pl.col("auth").is_in(["Logged In", "Cancelled"]))["user_id"].n_unique()
    quantiles = {f"items p{q}": float(per_session["len"].quantile(q / 100)) for q in (50, 75, 90, 95, 99)}  # type: ignore[arg-type]
    return quantiles | {
        "items mean": float(per_session["len"].mean()),  # type: ignore[arg-type]
        "session gap mean": float(gaps.mean()),  # type: ignore[arg-type]
        "session gap p50": float(gaps.median()),  # type: ignore[arg-type]
        "sessions per user and day": len(per_session) / shown / DAYS,
    }


def _gaps(events: pl.DataFrame) -> dict[str, float]:
    within = events.with_columns(
        (pl.col("ts_s").shift(-1) - pl.col("ts_s")).over("user_id", "session").alias("gap"),
        pl.col("page").shift(-1).over("user_id", "session").alias("next"),
    )
    songs = within.filter(page="NextSong", next="NextSong")
    return {"gap in a session": float(within["gap"].mean()), "song to song": float(songs["gap"].mean())}  # type: ignore[arg-type]


def _calendar(events: pl.DataFrame) -> dict[str, float]:
    starts = events.filter(item=0).group_by((pl.col("ts_s") // DAY_S).alias("day")).len()
    weekday = (starts["day"] + 3) % 7
    average = float(starts["len"].mean())  # type: ignore[arg-type]
    hours = events.group_by((pl.col("ts_s") % DAY_S // 3600).alias("hour")).len().sort("len")
    return {
        "Saturday": float(starts.filter(weekday == 5)["len"].mean()) / average,  # type: ignore[arg-type]
        "Sunday": float(starts.filter(weekday == 6)["len"].mean()) / average,  # type: ignore[arg-type]
        "busiest hour": float(hours["hour"][-1]),
        "share of the busiest hour": hours["len"][-1] / len(events),
    }


@pytest.mark.parametrize("name", FIGURES)
def test_the_figure_is_the_references(name: str, figures: dict[str, tuple[float, float]]) -> None:
    (reference, spread), (mean, error) = FIGURES[name], figures[name]
    assert mean == pytest.approx(reference, abs=spread + 2 * error)


@pytest.mark.parametrize("name", ["example", "alt-example"])
def test_another_configuration_gives_what_follows_from_its_numbers(name: str, shared_data: Path) -> None:
    """Sessions as long as the Markov chain says, for each kind of user, and every transition as often as configured."""
    path = shared_data / "eventsim" / f"{name}-config.json"
    expected = {(group.auth, group.level): group.mean_items for group in explain(path).groups}
    options = Options(n_users=2000, growth_rate=0.3, seed=5, start="2024-02-01", end="2024-05-01")
    events = frame(make_plan(*load_config(path), SONGS, options, 0)).sort("user_id", "session", "item")
    sessions = events.group_by("user_id", "session").agg(pl.len(), pl.col("item", "auth", "level").first())
    found = (
        sessions.filter(item=0)
        .group_by("auth", "level")
        .agg(pl.len().alias("n"), pl.mean("len"), pl.std("len").alias("sd"))
    )
    compared = found.filter(pl.col("n") > 1000).to_dicts()
    assert {"free", "paid"} == {row["level"] for row in compared}
    for row in compared:
        assert row["len"] == pytest.approx(expected[row["auth"], row["level"]], abs=4 * row["sd"] / row["n"] ** 0.5)
