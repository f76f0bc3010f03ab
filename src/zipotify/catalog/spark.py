"""Reading at scale: a million HDF5 files and 48 million triplets, by PySpark."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from zipotify.catalog.hdf5 import BROKEN, read_file
from zipotify.catalog.raw import RAW_SCHEMA, SourceReport, as_raw
from zipotify.catalog.triplets import read_triplets

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_FILES_PER_TASK = 500
_DDL = {pl.String(): "string", pl.Float64(): "double", pl.Int32(): "int", pl.Int64(): "bigint"}
_ERROR = "_error"


class SparkReaders:
    """Spark reads and sums; what comes back is one row a track or a song."""

    def __init__(self, session: SparkSession) -> None:
        self._session = session

    def hdf5(self, files: list[Path]) -> tuple[pl.DataFrame, SourceReport]:
        """Each task reads some files; a broken file comes back as its error."""
        schema = ", ".join(f"{name} {_DDL[kind]}" for name, kind in RAW_SCHEMA.items()) + f", {_ERROR} string"
        names = self._session.createDataFrame([(str(file),) for file in files], "path string")
        parts = max(1, len(files) // _FILES_PER_TASK)
        rows = names.repartition(parts).mapInPandas(_read_paths, schema)
        frame = pl.from_arrow(rows.toArrow())
        assert isinstance(frame, pl.DataFrame)  # noqa: S101 - a table is never a series
        report = SourceReport("hdf5", len(files))
        for path, error in frame.drop_nulls(_ERROR).select("title", _ERROR).iter_rows():
            report.break_off(Path(path), error)
        good = frame.filter(pl.col(_ERROR).is_null())
        report.read = len(good)
        return as_raw(good).sort("track_id"), report

    def triplets(self, files: list[Path]) -> tuple[pl.DataFrame, SourceReport]:
        """Plain and gzip files are summed by Spark; zip archives, which it can't read, as a stream."""
        from pyspark.sql import functions as F

        zipped = [file for file in files if file.suffix == ".zip"]
        plain = [str(file) for file in files if file not in zipped]
        summed, report = read_triplets(zipped)
        report.files = len(files)
        if not plain:
            return summed, report
        lines = self._session.read.csv(plain, sep="\t", schema="user string, song_id string, plays string", quote="")
        plays = F.expr("try_cast(trim(plays) as bigint)")
        is_good = (F.col("plays") > 0) & F.col("song_id").startswith("SO")
        judged = lines.withColumn("plays", plays).withColumn("is_good", F.coalesce(is_good, F.lit(False)))
        by_song = judged.groupBy(F.when(F.col("is_good"), F.col("song_id")).alias("song_id")).agg(
            F.sum("plays").alias("plays"), F.count("*").alias("listeners")
        )
        found = pl.from_arrow(by_song.select("song_id", "plays", "listeners").toArrow())
        assert isinstance(found, pl.DataFrame)  # noqa: S101 - a table is never a series
        report.read += int(found["listeners"].sum())
        bad = found.filter(pl.col("song_id").is_null())["listeners"].sum()
        report.refuse("no song id or no number of plays", ", ".join(plain), int(bad))
        good = found.drop_nulls("song_id").cast(summed.schema)
        total = pl.concat([summed, good])
        return total.group_by("song_id").agg(pl.sum("plays"), pl.sum("listeners")).sort("song_id"), report


def _read_paths(batches: Iterator[Any]) -> Iterator[Any]:
    """In a Spark worker: tracks of the files named in each batch; an error's row has the file's name as title."""
    import pandas as pd  # type: ignore[import-untyped]

    for batch in batches:
        rows: list[dict[str, Any]] = []
        for path in batch["path"]:
            try:
                rows += [{**row, _ERROR: None} for row in read_file(Path(path))]
            except BROKEN as error:
                rows.append({**dict.fromkeys(RAW_SCHEMA), "title": path, _ERROR: str(error) or type(error).__name__})
        yield pd.DataFrame(rows, columns=[*RAW_SCHEMA, _ERROR])
