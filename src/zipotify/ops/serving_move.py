"""Move what the serving database holds from the home's SQLite file to the database that `serving_url` names.

The ledger's counts are in it: Kafka may no longer have the records that they were counted from.
"""

from __future__ import annotations

from sqlalchemy import Table, func, select
from sqlalchemy.engine import Connection

from zipotify.contracts.serving import connect, metadata
from zipotify.errors import MissingInputError, UsageError
from zipotify.settings import Settings

_ROWS_AT_ONCE = 5_000


def move_serving(settings: Settings) -> int:
    """Copy all rows in one transaction, while nothing runs; returns how many. The file stays as it is.

    Raises UsageError without `serving_url`, or when the new database has rows; MissingInputError without the file;
    HomeInUseError while `zipotify up` runs.
    """
    if settings.serving_url is None:
        raise UsageError("serving_url is not set", "name the new database in ZIPOTIFY_SERVING_URL")
    file = settings.home.serving_file
    if not file.exists():
        raise MissingInputError(f"there is no {file} to move", "a new home needs no moving: set serving_url")
    with settings.home.lock("home"):
        source, target = connect(f"sqlite:///{file}"), connect(settings.serving_address())
        try:
            with source.connect() as old, target.begin() as new:
                _require_empty(new)
                return sum(_copy(old, new, table) for table in metadata.sorted_tables)
        finally:
            source.dispose()
            target.dispose()


def _require_empty(connection: Connection) -> None:
    for table in metadata.sorted_tables:
        if connection.execute(select(func.count()).select_from(table)).scalar():
            raise UsageError(f"the new serving database has rows in {table.name}", "name a database that is empty")


def _copy(old: Connection, new: Connection, table: Table) -> int:
    count = 0
    for rows in old.execute(select(table)).mappings().partitions(_ROWS_AT_ONCE):
        new.execute(table.insert(), [dict(row) for row in rows])
        count += len(rows)
    return count
