"""The figures that the reference implementation gave for its example configuration, means over four seeds.

Each figure's tolerance is the reference's own spread over seeds, or where it gave none, the spread that ours has.
"""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from support.simulation import DAY_S, frame
from zipotify.simulate.config import load_config
from zipotify.simulate.plan import Options, make_plan
from zipotify.simulate.songs import Songs

SEEDS = (11, 12, 13, 14)
DAYS = 30
FIGURES = {
    # name: (reference, tolerance of a mean over four seeds)
    "NextSong": (0.838, 0.0075),
    "Home": (0.105, 0.0075),
    "paid": (0.736, 0.035),
    "Logged In": (0.958, 0.003),
    "Logged Out": (0.040, 0.003),
    "Guest": (0.002, 0.001),
    "200": (0.972, 0.002),
    "307": (0.027, 0.002),
    "404": (0.001, 0.0005),
    "items mean": (7.67, 0.8),
    "items p50": (2, 0),
    "items p75": (5, 0.5),
    "items p90": (19.5, 3.5),
    "items p95": (40, 4),
    "items p99": (86, 6),
    "gap in a session": (210, 2.5),
    "song to song": (238.6, 1.2),
    "session gap mean": (189_000, 10_000),
    "session gap p50": (93_000, 7_000),
    "sessions per user and day": (0.326, 0.016),
    "Saturday": (0.61, 0.035),
    "Sunday": (0.64, 0.045),
    "busiest hour": (15, 0.5),
    "share of the busiest hour": (0.082, 0.005),
}


@pytest.fixture(scope="module")
def figures(shared_data: Path) -> dict[str, float]:
    tracks = pl.read_csv(
        shared_data / "eventsim" / "listen_counts.txt.gz", separator="\t", has_header=False, quote_char=None
    )
    songs = Songs(*[tracks[f"column_{number}"].to_list() for number in (1, 2, 3, 4)])
    config, name = load_config(shared_data / "eventsim" / "example-config.json")
    runs = []
    for seed in SEEDS:
        options = Options(n_users=1000, growth_rate=0.5, seed=seed, start="2024-01-01", end="2024-01-31")
        runs.append(measure(frame(make_plan(config, name, songs, options, 0))))
    return {key: float(np.mean([run[key] for run in runs])) for key in runs[0]}


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
def test_the_figure_is_the_references(name: str, figures: dict[str, float]) -> None:
    reference, tolerance = FIGURES[name]
    assert figures[name] == pytest.approx(reference, abs=tolerance)
