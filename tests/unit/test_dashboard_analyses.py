"""Tiles of what `zipotify analyses` works out: drawn when it is there, said when it is not."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import duckdb
import orjson
import pytest

from zipotify.contracts.snapshot import Manifest
from zipotify.dashboard.filters import Filters
from zipotify.dashboard.history import History
from zipotify.dashboard.markup import html_of
from zipotify.dashboard.pages import TILES
from zipotify.dashboard.views import NotComputedError, Views
from zipotify.settings import Settings

_TABLES = {
    "agg_metrics": "select 'sim' as source, timestamp '2024-01-01' as first_event_at, timestamp '2024-02-01' as as_of",
    "agg_similar_artists": (
        "select * from (values ('sim', 'Ana', 1, 'Bo', 12, 0.8, 3.0), ('sim', 'Ana', 2, 'Cy', 9, 0.4, 1.1),"
        " ('sim', 'Ana', 3, 'Bo', 2, 0.1, 1.0), ('other', 'Ana', 1, 'Di', 1, 0.9, 1.0))"
        " as t(source, artist, rank_number, other_artist, both_count, similarity, lift), (select 20 as"
        " other_listener_count)"
    ),
    "agg_similar_tracks": (
        "select 'sim' as source, 'Ana' as artist, 'One' as song, 1 as rank_number, 'Bo' as other_artist,"
        " 'Two' as other_song, 5 as both_count, 8 as other_listener_count, 0.5 as similarity, 2.0 as lift"
    ),
    "agg_recommendations": (
        "select 'sim' as source, 'key' as user_key, n as rank_number, 'Bo' as artist, 'Song ' || n as song,"
        " 1.0 / n as score from range(1, 4) as r(n)"
    ),
    "agg_churn_risk": (
        "select 'sim' as source, 'u' || n as user_key, n / 10.0 as risk, if(n % 2 = 0, 'free', 'paid') as level,"
        " date '2024-02-01' as as_of_date, 7 as horizon_days from range(0, 11) as r(n), range(10)"
    ),
    "agg_churn_calibration": (
        "select 'sim' as source, n as bin_number, n / 10.0 as risk_from, (n + 1) / 10.0 as risk_to, 10 as user_count,"
        " n as churned_count, n / 10.0 + 0.05 as predicted_rate, n / 10.0 as observed_rate from range(1, 4) as r(n)"
    ),
    "agg_churn_model": "select 'sim' as source, 0.1 as brier_score, 0.2 as baseline_brier_score, 0.9 as auc",
}
_GIVEN = {"artist": "Ana", "song": "One", "user": "key"}
_ASKED: dict[str, list[tuple[Any, ...]]] = {
    "similar-artists": [("Bo", 12), ("Cy", 9)],
    "co-listened-tracks": [("Two", "Bo")],
    "recommendations": [(1, "Song 1"), (2, "Song 2"), (3, "Song 3")],
    "churn-risk": [(0, 10, 0), (1, 0, 10), (2, 10, 0), (3, 0, 10), (4, 10, 0), (5, 0, 10), (6, 10, 0), (7, 0, 10),
                   (8, 10, 0), (9, 10, 10)],
    "churn-calibration": [(1,), (2,), (3,)],
}  # fmt: skip
"""tile -> the first columns of its rows."""


def _published(home: Path, tables: dict[str, str]) -> None:
    folder = home / "published"
    folder.mkdir(parents=True)
    counts = {}
    with duckdb.connect(str(folder / "one.duckdb")) as connection:
        for name, sql in tables.items():
            connection.execute(f"create table {name} as {sql}")
            counts[name] = len(connection.sql(f"from {name}").fetchall())
    manifest = Manifest("one", "one.duckdb", "2024-02-01T00:00:00Z", None, None, {}, "", counts)
    (folder / "current.json").write_bytes(orjson.dumps(asdict(manifest)))


@pytest.mark.parametrize("name", _ASKED)
def test_a_tile_draws_what_was_worked_out(settings: Settings, name: str) -> None:
    _published(settings.home.root, _TABLES)
    tile, filters = TILES[name], Filters(source="sim", **_GIVEN)
    frame = Views(settings, History(settings)).frame(tile, filters)
    assert frame is not None
    assert [tuple(row[: len(_ASKED[name][0])]) for row in frame.answer.rows] == _ASKED[name]
    assert html_of(tile.draw(frame))
    assert tile.tell(frame)


@pytest.mark.parametrize("name", _ASKED)
@pytest.mark.parametrize("is_there", [True, False])
def test_a_tile_says_that_it_was_not_worked_out(settings: Settings, name: str, is_there: bool) -> None:
    empty = {table: f"select * from ({sql}) limit 0" for table, sql in _TABLES.items() if table != "agg_metrics"}
    _published(settings.home.root, {"agg_metrics": _TABLES["agg_metrics"], **(empty if is_there else {})})
    views, filters = Views(settings, History(settings)), Filters(source="sim", **_GIVEN)
    with pytest.raises(NotComputedError, match="zipotify analyses"):
        views.frame(TILES[name], filters)
    assert "zipotify analyses" in html_of(views.filled(TILES[name], filters.search(), has_picture=False).body)


def _risk_table(counts: dict[int, tuple[int, int]]) -> str:
    """Users by band: free ones, paid ones."""
    people = [
        f"('sim', 'u', {band / 10 + 0.05}, '{level}')"
        for band, numbers in counts.items()
        for level, number in zip(("free", "paid"), numbers, strict=True)
        for _ in range(number)
    ]
    return (
        f"select *, date '2024-02-01' as as_of_date, 7 as horizon_days from (values {', '.join(people)})"
        " as t(source, user_key, risk, level)"
    )


@pytest.mark.parametrize(
    ("counts", "shown"),
    [
        ({0: (50, 0), 9: (0, 20)}, {(0, 1): (50, 0), (9, 10): (0, 20)}),
        # A small band goes with those above it, however far, until there are enough of each level.
        ({0: (50, 20), 3: (9, 0), 6: (4, 0), 7: (30, 12)}, {(0, 1): (50, 20), (3, 7): (13, 0), (7, 8): (30, 12)}),
        ({2: (30, 1), 3: (30, 8), 4: (0, 1)}, {(2, 5): (60, 10)}),
        # What would be left over at the top goes with what is below, as far down as it must.
        ({0: (50, 20), 5: (12, 11), 9: (1, 1)}, {(0, 1): (50, 20), (5, 10): (13, 12)}),
        ({0: (50, 20), 5: (12, 0), 9: (1, 1)}, {(0, 10): (63, 21)}),
        ({0: (9, 0), 5: (0, 9)}, {}),
    ],
)
def test_no_band_of_risk_shows_a_small_group(
    settings: Settings, counts: dict[int, tuple[int, int]], shown: dict[tuple[int, int], tuple[int, int]]
) -> None:
    _published(settings.home.root, {**_TABLES, "agg_churn_risk": _risk_table(counts)})
    frame = Views(settings, History(settings)).frame(TILES["churn-risk"], Filters(source="sim"))
    assert frame is not None
    found = {
        (row["band"], row["band_end"]): (row["free_user_count"], row["paid_user_count"]) for row in frame.records()
    }
    assert all(number == 0 or number >= 10 for cell in found.values() for number in cell)
    assert {band: cell for band, cell in found.items() if cell != (0, 0)} == shown
    totals = [sum(cell[at] for cell in found.values()) for at in (0, 1)]
    assert totals == ([sum(cell[at] for cell in counts.values()) for at in (0, 1)] if shown else [0, 0])


def test_a_small_bin_of_the_calibration_is_not_shown(settings: Settings) -> None:
    bins = _TABLES["agg_churn_calibration"].replace("10 as user_count", "8 + n as user_count")
    _published(settings.home.root, {**_TABLES, "agg_churn_calibration": bins})
    frame = Views(settings, History(settings)).frame(TILES["churn-calibration"], Filters(source="sim"))
    assert frame is not None
    assert [row["user_count"] for row in frame.records()] == [10, 11]
