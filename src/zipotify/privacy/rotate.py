"""A new key of the user hash: every stored hash is made anew under it, then the old key is gone.

The new key waits beside the old one until everything is done, so an interrupted rotation goes on with the same key.
Bronze is rewritten day by day, since a content hash covers the user's hash.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl
from deltalake import DeltaTable, write_deltalake
from sqlalchemy import select, update
from sqlalchemy.engine import Engine

from zipotify.contracts import serving
from zipotify.contracts.analyses import PERSONAL_RESULTS
from zipotify.contracts.erasure import require_applied
from zipotify.contracts.fields import EVENTS, EventContract
from zipotify.contracts.identity import content_hash, user_keyer
from zipotify.contracts.schemas import arrow_schema
from zipotify.contracts.serving import connect
from zipotify.contracts.tables import BRONZE, USERS_PRIVATE, Table
from zipotify.errors import ContractError, UsageError
from zipotify.places import Folder
from zipotify.privacy.alone import alone
from zipotify.privacy.lake import Done, forget_history
from zipotify.privacy.people import scan
from zipotify.privacy.serving import rewrite
from zipotify.privacy.warehouse import rebuild
from zipotify.settings import Settings

KEY_FILE, NEXT_KEY_FILE = "user.key", "user.key.next"


def rotate(settings: Settings) -> list[Done]:
    """Renew the home's key; raises UsageError when the key is given from outside, and HomeInUseError."""
    if settings.user_key_secret is not None:
        raise UsageError(
            "the key of the user hash is given by `user_key_secret`, so it can't be renewed here",
            "take that setting away, or start a new home with the new key",
        )
    home = settings.home
    with alone(settings):
        require_applied(home)
        renewed = _renewed_keys(settings)
        done = [_renew_table(home.lake, table, renewed, EVENTS[topic]) for topic, table in BRONZE.items()]
        done.append(_renew_table(home.lake, USERS_PRIVATE, renewed, None))
        done += [_empty(home.lake, table) for table in PERSONAL_RESULTS]
        done.append(_renew_serving(settings, renewed))
        done += rebuild(settings)
        folder = home.root / "secrets"
        (folder / NEXT_KEY_FILE).replace(folder / KEY_FILE)
    return done


def _renewed_keys(settings: Settings) -> dict[str, str]:
    """Old hash -> new hash of every user that the lake knows."""
    old, new = user_keyer(settings.user_key()), user_keyer(settings.home.secret(NEXT_KEY_FILE))
    private = scan(settings.home.lake, USERS_PRIVATE)
    users = private.select("source", "user_id").unique().collect() if private is not None else pl.DataFrame()
    return {old(source, user_id): new(source, user_id) for source, user_id in users.iter_rows()}


def _renew_table(lake: Folder, table: Table, renewed: dict[str, str], contract: EventContract | None) -> Done:
    rows = scan(lake, table)
    count = 0
    for predicate, part in _parts(rows, table) if rows is not None else ():
        changed = _renew_rows(part, table, renewed, contract)
        if changed is not None:
            data = changed.to_arrow().cast(arrow_schema(table))
            write_deltalake(str(lake / table.path), data, mode="overwrite", predicate=predicate)
            count += changed.height
    files = forget_history(lake / table.path)
    return Done(f"lake/{table.path}", "hashes made anew", count, files)


def _empty(lake: Folder, table: Table) -> Done:
    """Results of analyses, which the next run makes anew."""
    path = lake / table.path
    if not DeltaTable.is_deltatable(str(path)):
        return Done(f"lake/{table.path}", "not there")
    deleted = DeltaTable(str(path)).delete()["num_deleted_rows"]
    return Done(f"lake/{table.path}", "emptied", deleted, forget_history(path))


def _parts(rows: pl.LazyFrame, table: Table) -> Iterator[tuple[str | None, pl.DataFrame]]:
    """The table by day where it is partitioned by day, so that one day has to fit in memory."""
    if not table.partition_by:
        yield None, rows.collect()
        return
    for day in sorted(rows.select("event_date").unique().collect()["event_date"]):
        yield f"event_date = '{day.isoformat()}'", rows.filter(event_date=day).collect()


def _renew_rows(
    rows: pl.DataFrame, table: Table, renewed: dict[str, str], contract: EventContract | None
) -> pl.DataFrame | None:
    """The rows with new hashes; None when there is nothing to change."""
    present = set(rows["user_key"].drop_nulls().unique())
    strangers = present - renewed.keys() - set(renewed.values())
    if strangers:
        raise ContractError(
            f"table {table.name} has {len(strangers)} user keys that `users_private` does not know",
            "nothing was lost; restore `users_private` from a backup before you renew the key",
        )
    if not present & renewed.keys():
        return None
    fresh = rows.with_columns(pl.col("user_key").replace(renewed))
    if contract is None:
        return fresh.select(rows.columns)
    hashes = [_content_hash(contract, row) for row in fresh.iter_rows(named=True)]
    return fresh.with_columns(pl.Series("content_hash", hashes)).select(rows.columns)


def _content_hash(contract: EventContract, row: dict[str, Any]) -> str:
    event = {field.name: row[str(field.column)] for field in contract.bronze_fields}
    return content_hash(contract, event, row["user_key"])


def _renew_serving(settings: Settings, renewed: dict[str, str]) -> Done:
    if settings.serving_url is None and not settings.home.serving_file.exists():
        return Done("serving database", "not there")
    engine = connect(settings.serving_address())
    try:
        return _renew_users(engine, renewed)
    finally:
        engine.dispose()


def _renew_users(engine: Engine, renewed: dict[str, str]) -> Done:
    count = 0
    with engine.begin() as connection:
        for table in serving.LIVE_OF_USERS:
            key: str
            for key in connection.execute(select(table.c.user_key).distinct()).scalars().all():
                if key in renewed:
                    changed = update(table).where(table.c.user_key == key).values(user_key=renewed[key])
                    count += connection.execute(changed).rowcount
    rewrite(engine)
    return Done("serving database", "hashes made anew", count)
