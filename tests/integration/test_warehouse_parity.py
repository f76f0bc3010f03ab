"""The same models over the same lake on DuckDB and on real Spark: every table, every row, every column."""

from __future__ import annotations

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from support.parity import NAMES, difference
from support.warehouse import working_file
from zipotify.errors import BuildError
from zipotify.settings import Settings
from zipotify.warehouse import runner
from zipotify.warehouse import spark as engine
from zipotify.warehouse.holidays_table import holidays_table
from zipotify.warehouse.spark import MADE, build_on_spark

pytestmark = [pytest.mark.integration, pytest.mark.filterwarnings("ignore")]


_NO_CHECKS = ("--exclude-resource-types", "unit_test", "test")
_SOME = ("+agg_day", "+agg_demographics", "+agg_retention_week", "+agg_survival", "+bridge_track_artists")
"""Facts and dimensions, and with them what engines do each in a way of its own: instants, windows, lists, fractions."""


def test_facts_dimensions_and_some_answers_are_the_same_on_spark(
    built: Settings, spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "_NO_UNIT_TESTS", (*_NO_CHECKS, "--select", *_SOME))
    build_on_spark(built, spark)
    made = [name for name in _names(built) if spark.catalog.tableExists(name)]
    assert {"marts.fct_plays", "marts.dim_users", "marts.agg_survival", "marts.dim_tracks"} <= set(made)
    assert not _differences(built, spark, made)


@pytest.mark.prove
@pytest.mark.timeout(2400)  # the whole project on Spark: a quarter of an hour where other suites run beside it
def test_every_table_is_the_same_on_spark(
    built: Settings, spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "_NO_UNIT_TESTS", _NO_CHECKS)
    made = build_on_spark(built, spark)
    names = _names(built)
    assert sum(made.table_counts.values()) == len(names) > 70
    assert not _differences(built, spark, names)


def _names(built: Settings) -> list[str]:
    """Every table and view that DuckDB made."""
    with working_file(built) as working:
        return [f"{schema}.{row[0]}" for schema in MADE for row in working.execute(NAMES, [schema]).fetchall()]


def _differences(built: Settings, spark: SparkSession, names: list[str]) -> list[str]:
    """What is not the same in these tables, in words."""
    found = []
    with working_file(built) as working:
        for name in names:
            expected = working.execute(f"select * from {name}").to_arrow_table()
            found += difference(name, expected, spark.table(name).toArrow())
    return found


@pytest.mark.prove
def test_every_check_passes_on_spark_and_one_that_should_fail_does(
    built: Settings, spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert build_on_spark(built, spark).table_counts.keys() == set(MADE)
    twice = pa.concat_tables([holidays_table(), holidays_table()])
    monkeypatch.setattr(engine, "holidays_table", lambda: twice)
    with pytest.raises(BuildError, match="unique_grain_dim_dates"):
        build_on_spark(built, spark)
