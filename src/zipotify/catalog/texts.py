"""Million Song data as text: Eventsim's listen counts, and `unique_tracks.txt`."""

from __future__ import annotations

import io
from pathlib import Path

import polars as pl

from zipotify.catalog.raw import SourceReport, as_raw, empty_raw
from zipotify.catalog.recognise import SEPARATOR, open_text

_LISTEN_COUNTS = ("track_id", "artist_name", "title", "duration_s", "listen_count")
_UNIQUE_TRACKS = ("track_id", "song_id", "artist_name", "title")
_BAD_TEXT = "\ufffd"
_TRACK_ID = r"^TR[A-Z0-9]{16}$"


def read_listen_counts(files: list[Path]) -> tuple[pl.DataFrame, SourceReport]:
    """track id, artist, title, duration and listen count, tab-separated; a missing duration is allowed."""
    return _read("listen counts", files, "\t", _LISTEN_COUNTS)


def read_unique_tracks(files: list[Path]) -> tuple[pl.DataFrame, SourceReport]:
    """track id, song id, artist and title between <SEP>."""
    return _read("unique tracks", files, SEPARATOR, _UNIQUE_TRACKS)


def _read(kind: str, files: list[Path], separator: str, names: tuple[str, ...]) -> tuple[pl.DataFrame, SourceReport]:
    report = SourceReport(kind, len(files))
    parts = [empty_raw()]
    for file in files:
        try:
            with open_text(file) as stream:
                parts.append(as_raw(_checked(_lines(stream.read()), separator, names, report, file)))
        except (OSError, pl.exceptions.PolarsError) as error:
            report.break_off(file, error)
    frame = pl.concat(parts)
    report.read = len(frame) + report.refused.total()
    return frame, report


def _lines(content: bytes) -> pl.DataFrame:
    """Numbered lines; bytes that are no UTF-8 become U+FFFD."""
    lines = pl.read_csv(
        io.BytesIO(content or b"\n"), separator="\x01", has_header=False, quote_char=None, new_columns=["line"],
        schema_overrides=[pl.String], encoding="utf8-lossy", truncate_ragged_lines=True,
    )  # fmt: skip
    return lines.with_row_index("number", 1).filter(pl.col("line").is_not_null() & (pl.col("line") != ""))


def _checked(
    lines: pl.DataFrame, separator: str, names: tuple[str, ...], report: SourceReport, file: Path
) -> pl.DataFrame:
    """Good lines as columns; others are counted by reason."""
    text = pl.col("line").str.strip_chars_end("\r")
    fields = lines.with_columns(text.str.split(separator).alias("fields"))
    split = fields.with_columns(pl.col("fields").list.get(at, null_on_oob=True).alias(n) for at, n in enumerate(names))
    reason = (
        pl.when(pl.col("line").str.contains(_BAD_TEXT, literal=True))
        .then(pl.lit("not UTF-8"))
        .when(pl.col("fields").list.len() != len(names))
        .then(pl.lit(f"not {len(names)} fields"))
        .when(~pl.col("track_id").str.contains(_TRACK_ID))
        .then(pl.lit("no track id"))
    )
    if "listen_count" in names:
        is_count = pl.col("listen_count").cast(pl.Int64, strict=False).is_not_null()
        reason = reason.when(~is_count).then(pl.lit("listen count is no number"))
    judged = split.with_columns(reason.alias("reason"))
    for why, count, number in (
        judged.drop_nulls("reason").group_by("reason").agg(pl.len(), pl.first("number")).sort("reason").iter_rows()
    ):
        report.refuse(why, f"{file}, line {number}", count)
    return judged.filter(pl.col("reason").is_null())
