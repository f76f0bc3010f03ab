"""The catalogue for people: what an import read and refused, and tables of tracks."""

from __future__ import annotations

from typing import Any

import polars as pl
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from zipotify.catalog.importer import ImportReport
from zipotify.catalog.search import Summary

_WIDTH = 160


def print_import(report: ImportReport) -> None:
    """One line a kind of source, then what was refused and broken by name, then the result."""
    console = _console()
    table = Table("source", "files", "records", "refused", "broken files", box=None, header_style="bold")
    for source in report.sources:
        counts = (source.files, source.read, source.refused.total(), len(source.broken))
        table.add_row(source.kind, *(f"{count:,}" for count in counts))
    console.print(table)
    for source in report.sources:
        for reason, count in source.refused.most_common():
            console.print(f"refused {count:,}: {reason}", highlight=False)
        for example in source.examples[:5]:
            console.print(f"  {escape(example)}", highlight=False)
    broken = {name: why for source in report.sources for name, why in source.broken.items()} | report.unknown
    for name, why in broken.items():
        console.print(f"[red]skipped[/red] {escape(name)}: {escape(why)}", highlight=False)
    console.print(
        f"imported {report.track_count:,} tracks by {report.artist_count:,} artists; names repaired on "
        f"{report.repaired_count:,} tracks; {report.without_plays_count:,} tracks have no play count",
        highlight=False,
    )


def print_summary(summary: Summary) -> None:
    """In figures, then the most played tracks."""
    console = _console()
    console.print(
        f"catalogue: {summary.name}, {summary.tracks:,} tracks by {summary.artists:,} artists", highlight=False
    )
    first, last = summary.years
    length = f", mean length {summary.mean_duration_s:.1f} s" if summary.mean_duration_s else ""
    console.print(f"years {first or '-'} to {last or '-'}{length}", highlight=False)
    known = ", ".join(f"{name} {share:.0%}" for name, share in summary.known.items())
    console.print(f"known: {known}", highlight=False)
    print_tracks(summary.top)


def print_tracks(tracks: pl.DataFrame) -> None:
    """One line a track."""
    table = Table(*tracks.columns, box=None, header_style="bold")
    for row in tracks.iter_rows():
        table.add_row(*("-" if value is None else escape(_short(value)) for value in row))
    console = _console()
    console.print(table if len(tracks) else "no such tracks")


def summary_to_dict(summary: Summary) -> dict[str, Any]:
    """For JSON."""
    return {
        "catalogue": summary.name,
        "tracks": summary.tracks,
        "artists": summary.artists,
        "years": list(summary.years),
        "mean_duration_s": summary.mean_duration_s,
        "known": summary.known,
        "top": summary.top.to_dicts(),
    }


def _short(value: object) -> str:
    return f"{value:.5g}" if isinstance(value, float) else str(value)


def _console() -> Console:
    return Console(width=None if Console().is_terminal else _WIDTH)
