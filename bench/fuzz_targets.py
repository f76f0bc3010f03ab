"""What takes input from outside, each as a function of bytes: it returns, or raises when it should not have.

Used by `bench/fuzz.py`, which looks for bytes that make one raise, and by the tests, which run those found before.
"""

from __future__ import annotations

import io
import math
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import duckdb
import h5py
import numpy as np
import orjson

from zipotify.access.login import local_path, read_form
from zipotify.catalog.databases import read_databases
from zipotify.catalog.hdf5 import read_hdf5
from zipotify.catalog.recognise import find_sources
from zipotify.catalog.texts import read_listen_counts, read_unique_tracks
from zipotify.catalog.triplets import read_triplets
from zipotify.contracts.answers import ask
from zipotify.contracts.decode import Limits, Refusal, decode
from zipotify.contracts.dialect import OldDialect
from zipotify.contracts.erasure import named_in
from zipotify.contracts.fields import EVENTS, EXTRA, TOPICS
from zipotify.contracts.files import read_records
from zipotify.contracts.identity import content_hash
from zipotify.dashboard.filters import FilterError, parse
from zipotify.errors import QueryError, UsageError
from zipotify.settings import CONFIG_FILE, load_settings
from zipotify.simulate.config import load_config

NOW_MS = 1_790_000_000_000
_LIMITS = Limits()
_TEXT_FORMS = (read_triplets, read_listen_counts, read_unique_tracks)


@contextmanager
def _file(name: str, data: bytes) -> Iterator[Path]:
    """A file of that name with that content, meanwhile."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        yield path


def event_decoder(data: bytes) -> None:
    """The first byte chooses the topic; a record is typed or refused, and its content can be hashed."""
    topic = TOPICS[data[0] % len(TOPICS)] if data else TOPICS[0]
    contract, record = EVENTS[topic], data[1:]
    verdict = decode(contract, record, NOW_MS, _LIMITS)
    if isinstance(verdict, Refusal):
        assert verdict.message
    else:
        assert verdict.keys() - {EXTRA} <= set(contract.names)
        assert all(math.isfinite(value) for value in verdict.values() if isinstance(value, float))
        assert len(content_hash(contract, verdict, "x")) == 32
    assert all(found in EVENTS for found, _ in OldDialect().translate(record))
    named_in(record)


def event_files(data: bytes) -> None:
    """A file of records, plain or compressed, is read to its end or refused."""
    for name in ("listen_events.json", "listen_events.json.gz", "listen_events.json.zst"):
        with _file(name, data) as path, suppress(UsageError):
            for record in read_records([path]):
                assert record.topic in EVENTS


def catalogue_hdf5(data: bytes) -> None:
    """A Million Song file gives tracks, or is named as broken."""
    with _file("song.h5", data) as path:
        frame, report = read_hdf5([path])
        assert len(frame) > 0 or report.broken or report.read == 0


def catalogue_sqlite(data: bytes) -> None:
    """A database gives tracks, or is named as broken."""
    with _file("songs.db", data) as path:
        frame, report = read_databases([path])
        assert len(frame) > 0 or report.broken or report.read == 0


def catalogue_texts(data: bytes) -> None:
    """Lists of plays and tracks, plain, gzip or zip, are read or named."""
    with _file("list.txt", data) as path:
        find_sources([path])
        for read in _TEXT_FORMS:
            read([path])


def configuration(data: bytes) -> None:
    """Settings and the simulator's configuration are right or explained."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / CONFIG_FILE).write_bytes(data)
        with suppress(UsageError):
            load_settings(Path(folder))
        for name in ("config.json", "config.toml"):
            file = Path(folder) / name
            file.write_bytes(data)
            with suppress(UsageError):
                load_config(file)


def url_filters(data: bytes) -> None:
    """An address is filters or an error, and filters are the same when read from their own address."""
    text = data.decode("utf-8", "replace")
    with suppress(FilterError):
        filters = parse(text)
        assert parse(filters.search()) == filters
    assert local_path(text).startswith("/")
    assert not read_form(data).next_path.startswith("//")


def sql_box() -> Callable[[bytes], None]:
    """A question is answered or refused, and nothing is written, set or read from outside."""
    connection = duckdb.connect(
        config={"enable_external_access": False, "autoload_known_extensions": False, "memory_limit": "256MB"}
    )
    connection.execute("create table t as select range as a, 'x' as b from range(9)")
    connection.execute("set lock_configuration = true")

    def question(data: bytes) -> None:
        with suppress(QueryError):
            ask(connection, data.decode("utf-8", "replace"), 10)
        assert connection.execute("select table_name from duckdb_tables()").fetchall() == [("t",)]
        assert connection.execute("select count(*) from t").fetchall() == [(9,)]

    return question


@dataclass(frozen=True)
class Target:
    """What to call, and sound input to begin with."""

    make: Callable[[], Callable[[bytes], None]]
    seeds: Callable[[], list[bytes]]
    longest: int = 4096
    is_isolated: bool = False
    """Whether the product calls it in a process of its own, so that a C library's crash ends nothing else."""


def _same(call: Callable[[bytes], None]) -> Callable[[], Callable[[bytes], None]]:
    return lambda: call


def _events() -> list[bytes]:
    head = {"ts": NOW_MS, "sessionId": 5, "itemInSession": 0, "auth": "Logged In", "level": "free", "userId": 46}
    what = {"artist": "A", "song": "S", "duration": 200.5, "page": "NextSong", "method": "PUT", "status": 200}
    who = {"lat": 30.2, "lon": -97.7, "zip": "78701", "userAgent": "M", "registration": 1, "success": True}
    return [bytes([number]) + orjson.dumps({**head, **what, **who}) for number in range(len(TOPICS))]


def _hdf5() -> list[bytes]:
    texts = dict.fromkeys(("song_id", "title", "artist_id", "artist_name", "release", "artist_location"), b"SOAAAAA1")
    names = ("song_hotttnesss", "artist_hotttnesss", "artist_latitude", "artist_longitude", "idx_artist_terms")
    tables = {
        "metadata/songs": {**texts, **dict.fromkeys(names, 0.5)},
        "analysis/songs": {"track_id": b"TRAAAAA1", "duration": 200.5, "tempo": 120.0, "loudness": -3.0},
        "musicbrainz/songs": {"year": 1999},
    }
    whole = io.BytesIO()
    with h5py.File(whole, "w") as content:
        for name, fields in tables.items():
            kinds = [(key, f"S{len(v)}" if isinstance(v, bytes) else "f8") for key, v in fields.items()]
            content[name] = np.array([tuple(fields.values())], dtype=kinds)
        content["metadata/artist_terms"] = np.array([b"rock", b"pop"])
        content["metadata/artist_terms_weight"] = np.array([0.9, 0.1])
    return [whole.getvalue()]


def _sqlite() -> list[bytes]:
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("create table songs (track_id text, title text, artist_name text, duration real, year int)")
        database.execute("insert into songs values ('TRAAAAA12345678901', 'T', 'A', 200.5, 1999)")
        database.commit()
        return [database.serialize()]


def _texts() -> list[bytes]:
    return [
        b"u1\tSOAAAAA12345678901\t3\n",
        b"TRAAAAA12345678901\tArtist\tTitle\tAR1\t3\n",
        b"TRAAAAA12345678901<SEP>SOAAAAA12345678901<SEP>Artist<SEP>Title\n",
    ]


def _configurations() -> list[bytes]:
    return [
        b'kafka_port = 9093\nretention_days = { quarantine = 9 }\nprofile = "x"\n[profiles.x]\nlog_level = "INFO"\n',
        b'{"seed": 1, "alpha": 60.0, "beta": 500.0, "damping": 0.1, "transitions": [], "new-user-auth": "Guest"}',
    ]


def _addresses() -> list[bytes]:
    return [b"?source=sim&period=2018-11-01..2018-11-15&level=free&gender=F&state=TX&device=iPad&tag=a&compare=gender"]


def _questions() -> list[bytes]:
    return [
        b"select a, count(*) from t group by a order by 1 desc limit 3",
        b"with x as (select * from t) select * from x union all select 1, 'y'",
        b"copy t to '/tmp/x'; attach 'y'; install httpfs; set threads = 1; pragma version",
    ]


TARGETS: Mapping[str, Target] = {
    "event_decoder": Target(_same(event_decoder), _events),
    "event_files": Target(_same(event_files), lambda: [event[1:] + b"\n" for event in _events()]),
    "catalogue_hdf5": Target(_same(catalogue_hdf5), _hdf5, 40_000, is_isolated=True),
    "catalogue_sqlite": Target(_same(catalogue_sqlite), _sqlite, 20_000),
    "catalogue_texts": Target(_same(catalogue_texts), _texts),
    "configuration": Target(_same(configuration), _configurations),
    "url_filters": Target(_same(url_filters), _addresses),
    "sql_box": Target(sql_box, _questions),
}
