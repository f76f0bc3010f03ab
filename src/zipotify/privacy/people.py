"""Who is meant: a user id of a source, the hash that stands for it in events, and the sessions that were theirs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import polars as pl
from deltalake import DeltaTable

from zipotify.contracts.erasure import ErasureList
from zipotify.contracts.identity import user_keyer
from zipotify.contracts.tables import BRONZE, PRIVATE_FIELDS, USERS_PRIVATE, Table
from zipotify.errors import MissingInputError, UsageError
from zipotify.places import Folder
from zipotify.settings import Settings

Session = tuple[str, int]
"""(source, session id)"""
_SHORTEST_VALUE_CHARS = 6


@dataclass(frozen=True)
class Person:
    """One user of one source."""

    source: str
    user_id: str = field(repr=False)
    user_key: str


def named_people(settings: Settings, user_ids: Iterable[str], source: str | None, must_exist: bool) -> list[Person]:
    """The people of these ids; raises UsageError when an id is in several sources, MissingInputError when in none."""
    key = user_keyer(settings.user_key())
    found = []
    for user_id in user_ids:
        sources = sources_of(settings.home.lake, user_id)
        if source is None and len(sources) > 1:
            raise UsageError(
                f"user {user_id} is in several sources: {', '.join(sources)}", "say which with --source NAME"
            )
        chosen = source or next(iter(sources), None)
        if chosen is None or (must_exist and chosen not in sources):
            raise MissingInputError(
                f"no user {user_id} in {source or 'any source'}", "ids are those of the events; see also --source"
            )
        found.append(Person(chosen, user_id, key(chosen, user_id)))
    return found


def sources_of(lake: Folder, user_id: str) -> list[str]:
    """Sources that know a user of this id, sorted."""
    private = scan(lake, USERS_PRIVATE)
    if private is None:
        return []
    return sorted(private.filter(pl.col("user_id") == user_id).select("source").unique().collect()["source"])


def listed_people(lake: Folder, erased: ErasureList) -> list[Person]:
    """Everybody on the list whom the lake still knows."""
    private = scan(lake, USERS_PRIVATE)
    if private is None:
        return []
    known = private.select("source", "user_id", "user_key").unique().collect()
    return [Person(*row) for row in known.iter_rows() if erased.has(row[0], row[1])]


def sessions_of(lake: Folder, people: Iterable[Person]) -> list[Session]:
    """Sessions in which one of them was the only user, so that events without a user were theirs too."""
    keys = [person.user_key for person in people]
    shown = [events.filter(pl.col("user_key").is_not_null()) for events in all_events(lake)]
    if not shown:
        return []
    users = pl.concat([events.select("source", "session_id", "user_key") for events in shown]).unique()
    owners = users.group_by("source", "session_id").agg(pl.col("user_key").first(), pl.len().alias("user_count"))
    theirs = owners.filter(pl.col("user_key").is_in(keys), user_count=1).select("source", "session_id").collect()
    return sorted(theirs.iter_rows())


def listed_sessions(lake: Folder, erased: ErasureList) -> list[Session]:
    """Sessions on the list of which the lake still has events without a user."""
    hidden = [events.filter(pl.col("user_key").is_null()) for events in all_events(lake)]
    if not hidden:
        return []
    sessions = pl.concat([events.select("source", "session_id") for events in hidden]).unique().collect()
    return sorted(row for row in sessions.iter_rows() if erased.has(row[0], None, row[1]))


def own_values(lake: Folder, people: Iterable[Person]) -> list[str]:
    """Personal values, as text, that nobody but these people has: what must be found nowhere once they are erased."""
    private = scan(lake, USERS_PRIVATE)
    if private is None:
        return []
    keys = [person.user_key for person in people]
    columns = [pl.col(name).cast(pl.String) for name in PRIVATE_FIELDS.values()]
    rows = private.select("user_key", *columns).unpivot(index="user_key", value_name="text").drop_nulls("text").unique()
    alone = rows.group_by("text").agg(pl.col("user_key").is_in(keys).all().alias("is_theirs")).filter("is_theirs")
    texts = alone.select("text").collect()["text"]
    return sorted(text for text in texts if len(text) >= _SHORTEST_VALUE_CHARS)


def all_events(lake: Folder) -> list[pl.LazyFrame]:
    """The bronze tables that are there."""
    return [frame for table in BRONZE.values() if (frame := scan(lake, table)) is not None]


def scan(lake: Folder, table: Table) -> pl.LazyFrame | None:
    """A lake table, None when it is not there yet."""
    path = str(lake / table.path)
    return pl.scan_delta(path) if DeltaTable.is_deltatable(path) else None
