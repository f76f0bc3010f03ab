"""What an incremental build has to do, kept in schema `changes` of the working file until the build is published.

A build that is killed leaves it there; the next one adds to it, and replaces what the first one may have replaced. The
sets say what can differ (see dbt/macros/incremental.sql); rows as they were are read before any model runs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import duckdb

from zipotify.contracts.tables import BRONZE, Table
from zipotify.settings import Settings
from zipotify.warehouse.delta_log import Folder, Place, Unknown, added_files, place
from zipotify.warehouse.plan import Plan
from zipotify.warehouse.runner import working_leftovers
from zipotify.warehouse.sources import CATALOG_ARTISTS, CATALOG_TRACKS

_DUCKDB_TYPE = {"string": "varchar", "long": "bigint"}
_TABLES = """
    create schema if not exists changes;
    create table if not exists changes.built (
        table_name varchar, version bigint, digest varchar, fingerprint varchar, publish_id varchar);
    create table if not exists changes.replaced (table_name varchar, condition varchar);
    create table if not exists changes.planned (table_name varchar, version bigint);
    create table if not exists changes.since (since_us bigint);
    create table if not exists changes.sessions (session_key varchar, source varchar, session_id bigint);
    create table if not exists changes.users (user_key varchar);
    create table if not exists changes.days (date_day date);
    create table if not exists changes.user_versions (
        user_version_key varchar, user_key varchar, valid_from timestamp, valid_to timestamp,
        level varchar, previous_level varchar, gender varchar, location_key varchar, device varchar);
"""
_TOUCHING = ("source", "session_id", "user_key", "ts_ms")
_SETS = ("since", "sessions", "users", "days", "user_versions", "replaced", *BRONZE)
_NEW_ROWS = " union all ".join(
    f"select source, session_id, user_key, make_timestamp(ts_ms * 1000) as event_at from changes.{topic}"  # noqa: S608
    for topic in BRONZE
)
# As the macro hash_key spells it.
_SESSION_KEY = "md5(coalesce(source, chr(30)) || chr(31) || coalesce(cast(session_id as varchar), chr(30)))"
_TAKE_SETS = f"""
    create or replace temp table new_rows as {_NEW_ROWS};
    insert into changes.sessions
        select distinct {_SESSION_KEY} as session_key, source, session_id from new_rows
        where session_key not in (select session_key from changes.sessions);
    create or replace temp table old_rows as
        select source, user_key, event_at, event_date from intermediate.int_events
        where (source, session_id) in (select source, session_id from changes.sessions);
    create or replace temp table new_users as
        select user_key from (select user_key from new_rows union select user_key from old_rows)
        where user_key is not null and user_key not in (select user_key from changes.users);
    insert into changes.user_versions by name
        select user_version_key, user_key, valid_from, valid_to, level, previous_level, gender, location_key, device
        from intermediate.int_user_versions where user_key in (select user_key from new_users);
    insert into changes.users select user_key from new_users;
    insert into changes.since
        select epoch_us(min(event_at)) from (select event_at from new_rows union all select event_at from old_rows)
        having count(*) > 0;
    insert into changes.days
        select cast(event_at as date) from new_rows union select event_date from old_rows;
    insert into changes.days
        select cast(unnest(generate_series(cast(o.last_day as timestamp), n.last_day, interval 1 day)) as date)
        from (select source, max(date_day) as last_day from marts.agg_day group by source) as o
        inner join (select source, max(event_at) as last_day from new_rows group by source) as n using (source)
        where n.last_day > o.last_day;
"""  # noqa: S608 - nothing in it comes from outside


def prepare(settings: Settings, wanted: Plan, full: bool = False) -> str:
    """Write down what is to be built again; or why the build has to start from nothing, which then begins here."""
    reason = "it was asked for" if full else _take(settings, wanted)
    if reason:
        start_over(settings)
    with _working(settings) as working:
        working.execute("delete from changes.planned")
        working.executemany("insert into changes.planned values (?, ?)", list(wanted.lake_versions.items()))
    return reason


def start_over(settings: Settings) -> None:
    """An empty working file."""
    for path in working_leftovers(settings.home.warehouse_file.parent):
        path.unlink()
    with _working(settings) as working:
        working.execute(_TABLES + "".join(_table_like(table) for table in BRONZE.values()))


def finish(settings: Settings, built: Plan, publish_id: str) -> None:
    """What was to be built is published: note the lake's versions and the snapshot that the next build goes on from."""
    with _working(settings) as working:
        working.begin()
        for name in _SETS:
            working.execute(f"delete from changes.{name}")  # noqa: S608
        working.execute("delete from changes.built")
        for name, table in _INPUTS.items():
            at = place(settings.home.lake / table.path, built.lake_versions[name])
            row = [name, at.version, at.digest, built.fingerprint, publish_id]
            working.execute("insert into changes.built values (?, ?, ?, ?, ?)", row)
        working.commit()


_INPUTS: Mapping[str, Table] = {**BRONZE, **{table.name: table for table in (CATALOG_TRACKS, CATALOG_ARTISTS)}}


def _take(settings: Settings, wanted: Plan) -> str:
    if not settings.home.warehouse_file.exists():
        return "nothing was built yet"
    if not isinstance(settings.home.lake, Path):
        return "the lake is not on this machine"
    with _working(settings) as working:
        built = _built(working, wanted.fingerprint)
        if isinstance(built, Unknown):
            return built.reason
        files = _added(settings.home.lake, built, wanted)
        if isinstance(files, Unknown):
            return files.reason
        working.begin()
        for topic, added in files.items():
            _take_rows(working, BRONZE[topic], added)
        working.execute(_TAKE_SETS)
        working.commit()
    return ""


def _built(working: duckdb.DuckDBPyConnection, fingerprint: str) -> dict[str, Place] | Unknown:
    """What the working file stands for: only a build that was finished says so."""
    if not working.execute("select 1 from information_schema.tables where table_schema = 'changes'").fetchall():
        return Unknown("an older version made the working file")
    rows = working.execute("select table_name, version, digest, fingerprint from changes.built").fetchall()
    if {row[0] for row in rows} != set(_INPUTS):
        return Unknown("the build before was not finished")
    if {row[3] for row in rows} != {fingerprint}:
        return Unknown("models or settings changed")
    return {name: Place(version, digest) for name, version, digest, _ in rows}


def _added(lake: Folder, built: Mapping[str, Place], wanted: Plan) -> dict[str, list[Folder]] | Unknown:
    """New files by topic."""
    for table in (CATALOG_TRACKS, CATALOG_ARTISTS):
        if place(lake / table.path, wanted.lake_versions[table.name]) != built[table.name]:
            return Unknown("the catalogue changed")
    found: dict[str, list[Folder]] = {}
    for topic, table in BRONZE.items():
        added = added_files(lake / table.path, built[topic], wanted.lake_versions[topic])
        if isinstance(added, Unknown):
            return added
        found[topic] = added
    return found


def _take_rows(working: duckdb.DuckDBPyConnection, table: Table, files: list[Folder]) -> None:
    """The new rows of a topic, in place of those that a killed build took: they are among them."""
    working.execute(f"delete from changes.{table.name}")  # noqa: S608
    if files:
        working.execute(
            f"insert into changes.{table.name} by name select {', '.join(_columns(table))} "  # noqa: S608
            "from read_parquet(?, union_by_name = true, hive_partitioning = false)",
            [[str(file) for file in files]],
        )


def _columns(table: Table) -> dict[str, str]:
    """Column -> DuckDB type, of those that say what a row touches."""
    return {c.name: _DUCKDB_TYPE.get(c.type, c.type) for c in table.columns if c.name in _TOUCHING}


def _table_like(table: Table) -> str:
    columns = ", ".join(f"{name} {kind}" for name, kind in _columns(table).items())
    return f"create table if not exists changes.{table.name} ({columns});"


@contextmanager
def _working(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """The working file, in UTC; whoever calls holds the warehouse's lock."""
    settings.home.warehouse_file.parent.mkdir(parents=True, exist_ok=True)
    config: dict[str, str | bool | int | float | list[str]] = {"memory_limit": f"{settings.warehouse_memory_mb}MB"}
    with duckdb.connect(str(settings.home.warehouse_file), config=config) as working:
        working.execute("set TimeZone = 'UTC'")
        yield working
