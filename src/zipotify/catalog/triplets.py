"""Echo Nest taste profiles: (user, song, plays), 48 million lines in the original. Read as a stream, summed by song."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.csv as pa_csv

from zipotify.catalog.raw import SourceReport
from zipotify.catalog.recognise import open_text

_BLOCK_BYTES = 8 * 2**20
_FOLD_EVERY = 16
_COLUMNS = ["user", "song_id", "plays"]
SCHEMA = {"song_id": pl.String(), "plays": pl.Int64(), "listeners": pl.UInt32()}


def read_triplets(files: list[Path]) -> tuple[pl.DataFrame, SourceReport]:
    """Plays and listeners of each song; memory stays that of the songs, not of the lines."""
    report = SourceReport("triplets", len(files))
    sums = [pl.DataFrame(schema=SCHEMA)]
    for file in files:
        known = sums[:]
        try:
            for batch in _batches(file, report):
                sums.append(_summed(batch, report, file))
                if len(sums) > _FOLD_EVERY:
                    sums = [_folded(sums)]
        except (OSError, pa.ArrowInvalid) as error:
            report.break_off(file, error)
            sums = known  # half a file would count some users and not others
    return _folded(sums), report


def _batches(file: Path, report: SourceReport) -> Iterator[Any]:
    def skip(row: pa_csv.InvalidRow) -> str:
        report.read += 1
        report.refuse("not 3 fields", f"{file}: {str(row.text)[:80]}")
        return "skip"

    with open_text(file) as stream:
        yield from pa_csv.open_csv(
            pa.PythonFile(stream, mode="r"),
            # Ids are ASCII; any byte is a letter here, for a line that is no UTF-8 would never reach `skip`.
            read_options=pa_csv.ReadOptions(column_names=_COLUMNS, block_size=_BLOCK_BYTES, encoding="latin-1"),
            parse_options=pa_csv.ParseOptions(delimiter="\t", quote_char=False, invalid_row_handler=skip),
            convert_options=pa_csv.ConvertOptions(
                column_types=dict.fromkeys(_COLUMNS, pa.string()), include_columns=_COLUMNS[1:]
            ),
        )


def _summed(batch: Any, report: SourceReport, file: Path) -> pl.DataFrame:
    frame = pl.from_arrow(batch)
    assert isinstance(frame, pl.DataFrame)  # noqa: S101 - a batch is never a series
    report.read += len(frame)
    count = pl.col("plays").str.strip_chars().cast(pl.Int64, strict=False)
    typed = frame.with_columns(count)
    good = typed.filter((pl.col("plays") > 0) & pl.col("song_id").str.starts_with("SO"))
    report.refuse("no song id or no number of plays", str(file), len(frame) - len(good))
    return good.group_by("song_id").agg(pl.sum("plays"), pl.len().alias("listeners"))


def _folded(sums: list[pl.DataFrame]) -> pl.DataFrame:
    return pl.concat(sums).group_by("song_id").agg(pl.sum("plays"), pl.sum("listeners")).sort("song_id")
