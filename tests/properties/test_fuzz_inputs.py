"""Whatever comes in, we answer with data or with an error of ours; nothing else ever escapes."""

from __future__ import annotations

import gzip
import math
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import duckdb
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zipotify.access.login import local_path, read_form
from zipotify.access.roles import need_of
from zipotify.contracts.answers import ask
from zipotify.contracts.decode import Limits, Refusal, decode
from zipotify.contracts.dialect import OldDialect
from zipotify.contracts.erasure import ErasureList, named_in
from zipotify.contracts.fields import EVENTS, EXTRA, LISTEN_EVENTS, TOPICS
from zipotify.contracts.files import read_records
from zipotify.contracts.identity import content_hash
from zipotify.dashboard.filters import FilterError, Filters, parse
from zipotify.errors import QueryError, UsageError
from zipotify.lake.load import load_files
from zipotify.ops.ledger import check
from zipotify.settings import CONFIG_FILE, Settings, load_settings
from zipotify.simulate.config import load_config

LIMITS = Limits()
NOW_MS = 1_790_000_000_000
SOUND: dict[str, Any] = {
    **{"ts": NOW_MS, "sessionId": 5, "itemInSession": 0, "auth": "Logged In", "level": "free", "userId": 46},
    **{"artist": "An artist", "song": "A song", "page": "NextSong", "method": "PUT", "status": 200, "success": True},
}
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=40),
    st.sampled_from(["", "NaN", "\0", 2**64]),
)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
)
NAMES = sorted({field.name for contract in EVENTS.values() for field in contract.fields})
EVENTS_BENT = st.dictionaries(st.sampled_from(NAMES), JSON, max_size=5).map(lambda changes: {**SOUND, **changes})
RECORDS = st.one_of(
    st.binary(max_size=300),
    EVENTS_BENT.map(
        lambda event: orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS) if _dumps(event) else b"{"
    ),
    st.builds(lambda value, cut: value[:cut], st.just(orjson.dumps(SOUND)), st.integers(0, 260)),
)


def _dumps(value: Any) -> bool:
    try:
        orjson.dumps(value)
    except (orjson.JSONEncodeError, TypeError):
        return False
    return True


@given(RECORDS, st.sampled_from(TOPICS))
def test_the_decoder_accepts_or_refuses(value: bytes, topic: str) -> None:
    verdict = decode(EVENTS[topic], value, NOW_MS, LIMITS)
    if isinstance(verdict, Refusal):
        assert verdict.message
        return
    contract = EVENTS[topic]
    assert verdict.keys() - {EXTRA} <= {field.name for field in contract.fields}
    assert all(verdict[field.name] not in (None, "") for field in contract.fields if field.required)
    assert all(math.isfinite(number) for number in verdict.values() if isinstance(number, float))
    assert len(content_hash(contract, verdict, "x")) == 32


@given(RECORDS)
def test_the_old_dialect_loses_no_record(value: bytes) -> None:
    translated = list(OldDialect().translate(value))
    assert translated
    assert all(topic in EVENTS for topic, _ in translated)


@given(RECORDS, st.text(max_size=20))
def test_an_erased_person_is_looked_for_in_anything(value: bytes, user_id: str) -> None:
    erased = ErasureList(b"k" * 32, frozenset({"0" * 64}))
    assert not erased.owns("web", value)
    assert all(len(pair) == 2 for pair in named_in(value))
    assert len(erased.hash_of("user", "web", user_id)) == 64


@given(st.lists(st.binary(max_size=200), max_size=6), st.booleans())
def test_files_are_read_to_their_end_or_refused(lines: list[bytes], is_cut: bool) -> None:
    whole = gzip.compress(b"\n".join(lines))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "listen_events.json.gz"
        path.write_bytes(whole[:-9] if is_cut else whole)
        try:
            values = [record.value for record in read_records([path])]
        except UsageError:
            assert is_cut
        else:
            stripped = [line.strip(b"\r") for line in b"\n".join(lines).split(b"\n")]
            assert values == [line for line in stripped if line]


def test_a_load_of_anything_keeps_the_ledger_balanced(tmp_path: Path) -> None:
    """One load of all that the strategy thinks of: a home an example would be slow."""
    values: list[bytes] = []

    @given(RECORDS)
    def collect(value: bytes) -> None:
        values.append(value)

    collect()
    settings = load_settings(tmp_path / "home")
    for topic in (LISTEN_EVENTS, "page_view_events"):
        (tmp_path / f"{topic}.json").write_bytes(b"\n".join(values))
        report = load_files(settings, [tmp_path / f"{topic}.json"], "fuzz")
        assert report.read_count == report.bronze_count + report.repeat_count + sum(report.refused.values())
    assert check(settings).balanced


@given(st.text(max_size=200), st.text(max_size=200))
def test_settings_are_right_or_explained(key: str, value: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / CONFIG_FILE).write_text(f"{key} = {value!r}\n", errors="replace")
        with suppress(UsageError):
            assert isinstance(load_settings(Path(folder)), Settings)


@given(st.sampled_from(sorted(Settings.model_fields)), JSON.filter(_dumps))
def test_a_setting_takes_what_it_may(name: str, value: Any) -> None:
    if name == "home_path":
        return
    try:
        load_settings(Path("never-written"), **{name: value})
    except UsageError as error:
        problem = str(error)
    else:
        return
    assert name in problem or name == "profile"


@given(JSON.filter(_dumps) | st.binary(max_size=200))
def test_a_simulator_configuration_is_right_or_explained(value: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config.json"
        path.write_bytes(value if isinstance(value, bytes) else orjson.dumps(value))
        with pytest.raises(UsageError):
            load_config(path)


_PARTS = st.sampled_from(
    ["source", "period", "level", "x", "\0", "a..b", "2018-11-01..2018-11-15", "%00", "free", "user"]
)
ADDRESSES = st.text(max_size=300) | st.builds("{}={}&{}={}".format, _PARTS, _PARTS, _PARTS, _PARTS)


@given(ADDRESSES)
def test_an_address_is_filters_or_an_error(search: str) -> None:
    try:
        filters = parse(search)
    except FilterError:
        return
    assert isinstance(filters, Filters)
    assert parse(filters.search()) == filters


_SQL_WORDS = """select from t * 1 ' " ; -- /* */ ( ) , union copy to attach '/etc/passwd' read_csv read_text install
load httpfs pragma set create table drop delete with explain $1 describe show tables insert into values"""
WORDS = st.sampled_from([*_SQL_WORDS.split(), "\0"])
SQL = st.lists(WORDS, max_size=12).map(" ".join) | st.text(max_size=80)


@given(SQL)
def test_the_sql_box_reads_or_refuses(sql: str) -> None:
    connection = duckdb.connect(config={"enable_external_access": False, "autoload_known_extensions": False})
    with connection:
        connection.execute("create table t as select 1 as a")
        with suppress(QueryError):
            ask(connection, sql, 10)
        assert connection.execute("select count(*) from t").fetchall() == [(1,)]
        tables = connection.execute("select table_name from duckdb_tables()").fetchall()
        assert tables == [("t",)]


@given(st.binary(max_size=300))
def test_a_sent_form_is_only_text(body: bytes) -> None:
    form = read_form(body)
    assert form.next_path.startswith("/")
    assert not form.next_path.startswith("//")
    assert len(form.name) <= 64


@given(st.text(max_size=60))
def test_a_path_leads_to_our_pages_and_needs_a_role(path: str) -> None:
    assert local_path(path).startswith("/")
    assert "\\" not in local_path(path)[:2]
    assert need_of("/" + path).scope
