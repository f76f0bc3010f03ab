"""What the analyses read: three tables of the published snapshot as Parquet, which Spark reads on any number of cores.

Users, tracks and artists get numbers by their names' order, since ALS takes numbers only and since numbers join fast.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
from pyspark.sql import DataFrame, SparkSession

_ROWS_AT_ONCE = 200_000
_LISTENS = """
    create temp table listens as
    select
        p.source,
        p.user_key,
        case when t.is_unknown then p.artist else t.artist_name end as track_artist,
        case when t.is_unknown then p.song else t.title end as song,
        case when a.is_unknown then p.artist else a.artist_name end as artist,
        p.track_key,
        p.artist_key,
        p.played_date as date_day,
        cast(count(*) as integer) as listen_count
    from fct_plays as p
    inner join dim_tracks as t on p.track_key = t.track_key
    inner join dim_artists as a on p.artist_key = a.artist_key
    where p.is_listen and p.user_key is not null
    group by all
"""
_NUMBERS = """
    create temp table tracks as
    select
        *, cast(row_number() over (order by source, artist, song, track_key) as integer) as track_number
    from (select distinct source, track_artist as artist, song, track_key from listens);
    create temp table artists as
    select
        *, cast(row_number() over (order by source, artist, artist_key) as integer) as artist_number
    from (select distinct source, artist, artist_key from listens);
    create temp table users as
    select
        *, cast(row_number() over (order by source, user_key) as integer) as user_number
    from (select distinct source, user_key from listens);
"""
_NUMBERED = """
    select l.source, u.user_number, t.track_number, a.artist_number, l.date_day, l.listen_count
    from listens as l
    inner join users as u on l.source = u.source and l.user_key = u.user_key
    inner join tracks as t
        on
            l.source = t.source
            and l.track_key = t.track_key
            and l.track_artist is not distinct from t.artist
            and l.song is not distinct from t.song
    inner join artists as a
        on l.source = a.source and l.artist_key = a.artist_key and l.artist is not distinct from a.artist
    order by l.source, u.user_number, t.track_number, l.date_day, a.artist_number
"""
_USER_DAYS = """
    with views as (
        select
            source,
            user_key,
            viewed_date as date_day,
            count(case when page = 'Thumbs Down' then 1 end) as thumbs_down_count,
            count(case when page = 'Roll Advert' then 1 end) as advert_count,
            count(case when is_error then 1 end) as error_count,
            count(case when page = 'Cancellation Confirmation' then 1 end) as cancellation_count
        from fct_page_views
        where user_key is not null
        group by source, user_key, viewed_date
    )
    select
        d.source,
        d.user_key,
        d.date_day,
        d.level,
        d.listen_count,
        d.heard_ms,
        d.session_count,
        coalesce(v.thumbs_down_count, 0) as thumbs_down_count,
        coalesce(v.advert_count, 0) as advert_count,
        coalesce(v.error_count, 0) as error_count,
        coalesce(v.cancellation_count, 0) as cancellation_count
    from fct_user_days as d
    left join views as v on d.source = v.source and d.user_key = v.user_key and d.date_day = v.date_day
    order by d.source, d.user_key, d.date_day
"""
_TABLES = {
    "listens": _NUMBERED,
    "tracks": "select * from tracks order by track_number",
    "artists": "select * from artists order by artist_number",
    "users": "select * from users order by user_number",
    "user_days": _USER_DAYS,
}


@dataclass(frozen=True)
class Facts:
    """The tables, as Spark sees them."""

    listens: DataFrame
    """One row per user, track, artist and UTC day with a listen, all three as numbers."""
    tracks: DataFrame
    """One row per source and track: its number and names."""
    artists: DataFrame
    """One row per source and artist: its number and name."""
    users: DataFrame
    """One row per source and user with a listen: number and key."""
    user_days: DataFrame
    """One row per user and UTC day with any event."""


def take_out(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Write the tables of an open snapshot into the folder, sorted, a batch at a time."""
    folder.mkdir(parents=True, exist_ok=True)
    connection.execute(_LISTENS)
    connection.execute(_NUMBERS)
    for name, sql in _TABLES.items():
        reader = connection.execute(sql).to_arrow_reader(_ROWS_AT_ONCE)
        with pq.ParquetWriter(folder / f"{name}.parquet", reader.schema) as writer:
            for batch in reader:
                writer.write_batch(batch)


@contextmanager
def read(spark: SparkSession, folder: Path) -> Iterator[Facts]:
    """The tables of the folder, kept in memory or on disk while they are used."""
    frames = {name: spark.read.parquet(str(folder / f"{name}.parquet")) for name in _TABLES}
    frames["listens"] = frames["listens"].persist()
    try:
        yield Facts(**frames)
    finally:
        frames["listens"].unpersist()
