"""Tables of results: replaced whole in one commit, which names the input it was made from."""

from __future__ import annotations

from deltalake import DeltaTable
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from zipotify.contracts.schemas import arrow_schema
from zipotify.contracts.tables import Table
from zipotify.places import Folder

_SPARK_TYPE = {"int": "int", "long": "bigint", "double": "double", "string": "string", "date": "date"}
_OLD_HOURS = 24
"""Files of older results stay so long, for a build that still reads them."""
_NOTE = "userMetadata"


def is_done(lake: Folder, table: Table, version: str) -> bool:
    """Whether the table's newest results were made from this input."""
    path = str(lake / table.path)
    if not DeltaTable.is_deltatable(path):
        return False
    noted = (entry.get(_NOTE) for entry in DeltaTable(path).history())
    return next((note for note in noted if note), None) == version


def write(frame: DataFrame, lake: Folder, table: Table, version: str) -> int:
    """Put the rows in the place of what is there; a reader sees the old or the new ones. Returns how many."""
    path = lake / table.path
    _ensure(path, table)
    columns = [F.col(column.name).cast(_SPARK_TYPE[column.type]).alias(column.name) for column in table.columns]
    frame.select(*columns).write.format("delta").mode("overwrite").option(_NOTE, version).save(str(path))
    return int(DeltaTable(str(path)).count())


def empty_frame(spark: SparkSession, table: Table) -> DataFrame:
    """No rows, with the table's columns: what the results of several sources are added to."""
    columns = ", ".join(f"{column.name} {_SPARK_TYPE[column.type]}" for column in table.columns)
    return spark.createDataFrame([], columns)


def _ensure(path: Folder, table: Table) -> None:
    """Make the table, or drop old files of the one that is there; before writing, so that the note comes last."""
    if DeltaTable.is_deltatable(str(path)):
        DeltaTable(str(path)).vacuum(retention_hours=_OLD_HOURS, enforce_retention_duration=False, dry_run=False)
        return
    path.mkdir(parents=True, exist_ok=True)
    DeltaTable.create(str(path), arrow_schema(table), mode="ignore")
