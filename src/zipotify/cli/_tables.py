"""Tables for people: how reports look in a terminal."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from zipotify.runtime.terminal import harmless

if TYPE_CHECKING:
    from zipotify.ops.ledger import LedgerReport


def print_ledger(report: LedgerReport) -> None:
    """One line per source, topic, partition and hour, and the verdict."""
    table = Table(box=None, header_style="bold")
    rows = [asdict(row) for row in report.rows]
    for name in rows[0] if rows else ():
        is_count = name not in ("source", "topic", "hour")
        table.add_column(name.replace("_", " "), justify="right" if is_count else "left", no_wrap=True)
    for row in rows:
        style = "red" if row["difference"] else None
        # A source's name may come from anybody who sends to Kafka.
        table.add_row(*(Text("-" if value is None else harmless(value)) for value in row.values()), style=style)
    console = Console(width=None if Console().is_terminal else 200)
    if rows:
        console.print(table)
    verdict = "balanced" if report.balanced else "DOES NOT BALANCE: see the lines with a difference"
    console.print(f"{verdict}: {report.total('produced')} produced, Kafka {report.kafka}")
