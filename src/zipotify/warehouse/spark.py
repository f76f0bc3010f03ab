"""The same models on Spark, for more data than one machine holds: Delta tables beside the working file, from nothing.

Nothing is published of it: the dashboard reads snapshots, which DuckDB makes.
"""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from zipotify.contracts.erasure import require_applied
from zipotify.settings import Settings
from zipotify.warehouse.holidays_table import holidays_table
from zipotify.warehouse.runner import DbtRunner
from zipotify.warehouse.sources import SOURCE_TABLES, ensure_sources

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

MADE = ("staging", "intermediate", "marts")
"""Schemas that models are in."""
_READ = ("lake", "calendar")
_TARGET = "spark"


@dataclass(frozen=True)
class SparkBuild:
    """What a build on Spark made, and where."""

    folder: Path
    table_counts: dict[str, int]
    """Tables and views by schema."""
    duration_s: float


def build_on_spark(settings: Settings, spark: SparkSession) -> SparkBuild:
    """Make every model and check it, as tables of the session, which lie in `warehouse/spark` of the home.

    Raises BuildError naming the model or check that failed, HomeInUseError, and ErasurePendingError.
    """
    started_s = time.monotonic()
    with settings.home.lock("warehouse"):
        require_applied(settings.home)
        ensure_sources(settings.home.lake)
        folder = settings.home.warehouse_file.parent / "spark"
        _start_over(spark, folder)
        _show_lake(settings, spark)
        DbtRunner(settings, _TARGET).build()
    counts = {schema: spark.sql(f"show tables in {schema}").count() for schema in MADE}
    return SparkBuild(folder, counts, time.monotonic() - started_s)


def _start_over(spark: SparkSession, folder: Path) -> None:
    for schema in (*MADE, *_READ, "main"):
        spark.sql(f"drop schema if exists {schema} cascade")
    shutil.rmtree(folder, ignore_errors=True)
    for schema in (*MADE, *_READ, "main"):
        spark.sql(f"create schema {schema} location {_text(folder / schema)}")


def _show_lake(settings: Settings, spark: SparkSession) -> None:
    """The sources that models name, as they lie in the lake; and the holidays."""
    for table in SOURCE_TABLES:
        place = _text(settings.home.lake / table.path)
        spark.sql(f"create table lake.{table.name} using delta location {place}")
    holidays = holidays_table()
    rows = list(zip(*(column.to_pylist() for column in holidays.columns), strict=True))
    frame = spark.createDataFrame(rows, "holiday_date date, holiday_name string")
    frame.write.format("delta").saveAsTable("calendar.holidays")


def _text(value: object) -> str:
    """A string as Spark SQL writes it."""
    escaped = str(value).replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
