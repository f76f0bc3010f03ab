"""`zipotify query`: SQL on the published snapshot."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from zipotify.cli.common import HomeOption, settings_for


class Format(StrEnum):
    """How an answer is printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


def run(
    context: typer.Context,
    sql: Annotated[str, typer.Argument(metavar="SQL", help="One SELECT, WITH, DESCRIBE, SHOW or EXPLAIN.")],
    format: Annotated[Format, typer.Option("--format", help="How to print the rows.")] = Format.TABLE,
    limit: Annotated[int | None, typer.Option("--limit", min=0, help="Print so many rows at most.")] = None,
    home: HomeOption = None,
) -> None:
    """Ask the published warehouse with SQL; times are UTC. Builds may go on meanwhile.

    Example: `zipotify query "select date_day, play_count from agg_day order by 1" --format json`
    """
    from zipotify.warehouse.query import query
    from zipotify.warehouse.show import show

    show(query(settings_for(context, home), sql, limit), format.value)
