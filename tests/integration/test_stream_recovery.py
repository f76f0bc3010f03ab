"""Kafka -> Spark -> lake: nothing lost, nothing doubled, whatever is sent and whoever is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from confluent_kafka import Consumer, TopicPartition
from odd_records import SOUND, bent
from pyspark.sql import SparkSession

from support.command import GENEROUS_S, command, environment, wait_until
from support.lake import rows, table
from zipotify.broker.embedded import running_broker
from zipotify.contracts import serving
from zipotify.contracts.fields import DEAD_LETTERS, LISTEN_EVENTS, PAGE_VIEW_EVENTS, TOPICS
from zipotify.contracts.wire import EventProducer
from zipotify.lake import ensure_tables
from zipotify.lake.housekeeping import Housekeeper
from zipotify.lake.quarantine import refused_records
from zipotify.lake.requests import Request, write_request
from zipotify.ops.ledger import check
from zipotify.runtime.ports import any_free
from zipotify.settings import Settings, load_settings
from zipotify.stream.app import run_queries

pytestmark = pytest.mark.integration

_PAGE_VIEW = {**SOUND, "page": "NextSong", "method": "PUT", "status": 200}


@pytest.fixture(scope="module")
def piped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A home with a running broker and empty tables."""
    settings = load_settings(tmp_path_factory.mktemp("piped") / "home", kafka_port=any_free())
    ensure_tables(settings.home.lake)
    with running_broker(settings):
        yield settings


def _drain(spark: SparkSession, settings: Settings, housekeeping: Callable[[], None] = lambda: None) -> None:
    """Run the stream's queries until all that Kafka has now is in the lake."""
    engine = serving.connect(settings.serving_address())
    run_queries(spark, settings, engine, threading.Event(), once=True, housekeeping=housekeeping)


def _send(settings: Settings, source: str, events: list[tuple[str, bytes]]) -> None:
    producer = EventProducer(settings, source)
    for topic, value in events:
        producer.send(topic, value, _session_of(value))
    producer.flush()
    assert producer.accepted_count == len(events)


def _session_of(value: bytes) -> object:
    try:
        return json.loads(value).get("sessionId", "")
    except (ValueError, AttributeError):
        return ""


def _events(session_id: int, count: int) -> list[tuple[str, bytes]]:
    """Page views and plays of one session."""
    made: list[tuple[str, bytes]] = []
    for item in range(count):
        changes: dict[str, Any] = {"sessionId": session_id, "itemInSession": item, "ts": SOUND["ts"] + item * 200_000}
        made.append((PAGE_VIEW_EVENTS, json.dumps({**_PAGE_VIEW, **changes}).encode()))
        made.append((LISTEN_EVENTS, bent(**changes)))
    return made


def _ids(settings: Settings, topic: str, source: str) -> list[str]:
    return [row["event_id"] for row in rows(settings.home.lake, topic) if row["source"] == source]


def test_repeats_change_nothing_but_their_count(spark: SparkSession, piped: Settings) -> None:
    events = _events(session_id=7, count=50)
    _send(piped, "twice", [*events, *events[:20]])
    _drain(spark, piped)
    before = {topic: rows(piped.home.lake, topic) for topic in TOPICS}
    assert len(_ids(piped, LISTEN_EVENTS, "twice")) == 50
    assert table(piped.home.lake, "repeats").height == 20
    _send(piped, "twice", events)
    _drain(spark, piped)
    assert {topic: rows(piped.home.lake, topic) for topic in TOPICS} == before
    assert table(piped.home.lake, "repeats").height == 20 + 100
    assert check(piped).balanced


def test_same_identity_with_other_content_is_a_conflict(spark: SparkSession, piped: Settings) -> None:
    first, other = bent(sessionId=99), bent(sessionId=99, song="Another")
    _send(piped, "clash", [(LISTEN_EVENTS, first), (LISTEN_EVENTS, other)])
    _drain(spark, piped)
    _send(piped, "clash", [(LISTEN_EVENTS, other), (LISTEN_EVENTS, first)])
    _drain(spark, piped)
    refused = [row for row in rows(piped.home.lake, "quarantine") if row["source"] == "clash"]
    assert [(row["reason"], row["value"]) for row in refused] == [("CONFLICT", other)] * 2
    assert len(_ids(piped, LISTEN_EVENTS, "clash")) == 1
    assert check(piped).balanced


def _malformed(number: int) -> tuple[bytes, str]:
    """A malformed record and the reason that it must get."""
    kinds = [
        (b"not json %d" % number, "NOT_JSON"),
        (bent(sessionId=number, ts="yesterday"), "WRONG_TYPE"),
        (bent(sessionId=number, artist={"name": number}), "WRONG_TYPE"),
        (bent(itemInSession=None, song=str(number)), "MISSING_FIELD"),
        (bent(sessionId=None, song=str(number)), "MISSING_FIELD"),
        (bent(sessionId=number, userId=""), "MISSING_USER"),
        (b'{"artist": "\xc3\x28 %d"}' % number, "BAD_ENCODING"),
        (bent(sessionId=number, ts=1000), "TIME_OUT_OF_RANGE"),
        (bent(sessionId=number, ts=4_070_908_800_000), "TIME_OUT_OF_RANGE"),
        (b"[" * 500 + str(number).encode(), "TOO_DEEP"),
    ]
    return kinds[number % len(kinds)]


def test_a_thousand_malformed_records_stop_nothing(spark: SparkSession, piped: Settings) -> None:
    bad = [_malformed(number) for number in range(999)] + [(bent(song="x" * 2_000_000), "TOO_LARGE")]
    good = _events(session_id=1_000_000, count=100)
    mixed = good[:100] + [(LISTEN_EVENTS, value) for value, _ in bad] + good[100:]
    _send(piped, "mixed", mixed)
    _drain(spark, piped)
    refused = table(piped.home.lake, "quarantine").filter(source="mixed")
    assert Counter(zip(refused["value"], refused["reason"], strict=True)) == Counter(bad)
    assert len(_ids(piped, LISTEN_EVENTS, "mixed")) == len(_ids(piped, PAGE_VIEW_EVENTS, "mixed")) == 100
    report = check(piped)
    assert report.balanced
    assert sum(row["refused"] for row in report.as_json()["rows"] if row["source"] == "mixed") == 1000
    assert _dead_letters(piped) >= {value for value, _ in bad}
    _amend_between_batches(spark, piped)


def _amend_between_batches(spark: SparkSession, settings: Settings) -> None:
    """The stream does what was asked for: one record comes back repaired, those without JSON are given up."""
    records = [record for record in refused_records(settings.home.lake) if record.source == "mixed"]
    wrong = next(record.id for record in records if record.reason == "WRONG_TYPE")
    write_request(settings.home, Request("replay", [wrong], {wrong: bent(sessionId=1_000_001)}))
    no_json = [record.id for record in records if record.reason == "NOT_JSON"]
    write_request(settings.home, Request("discard", no_json, {}))
    _drain(spark, settings, Housekeeper(settings))
    assert len(_ids(settings, LISTEN_EVENTS, "mixed")) == 101
    left = [record for record in refused_records(settings.home.lake) if record.source == "mixed"]
    assert len(left) == 1000 - 1 - len(no_json)
    report = check(settings)
    assert report.balanced
    assert sum(row["refused"] for row in report.as_json()["rows"] if row["source"] == "mixed") == 999


def _dead_letters(settings: Settings) -> set[bytes]:
    servers = settings.home.broker_address()
    consumer = Consumer({"bootstrap.servers": servers, "group.id": "test", "fetch.message.max.bytes": 20 * 2**20})
    partition = TopicPartition(DEAD_LETTERS, 0, 0)
    _, end = consumer.get_watermark_offsets(partition, timeout=60)
    consumer.assign([partition])
    values: set[bytes] = set()
    seen = 0
    while seen < end:
        message = consumer.poll(60)
        assert message is not None
        assert message.error() is None
        values.add(message.value())
        seen += 1
    consumer.close()
    return values


@pytest.mark.prove
def test_killed_driver_loses_and_doubles_nothing(tmp_path: Path) -> None:
    """SIGKILL between a batch's first write and its end, then a new start: bronze equals what was sent."""
    settings = load_settings(tmp_path / "home", kafka_port=any_free())
    ensure_tables(settings.home.lake)
    sessions = range(40)
    events = [event for session in sessions for event in _events(session, 100)]
    with running_broker(settings):
        _send(settings, "killed", events[: len(events) // 2])
        with _stream_process(settings) as driver:
            wait_until(lambda: _written_files(settings) > 0, "a first write into bronze")
            _kill(driver)
        _send(settings, "killed", events[len(events) // 2 :])
        with _stream_process(settings, "--once") as driver:
            assert driver.wait(GENEROUS_S) == 0
        for topic in (LISTEN_EVENTS, PAGE_VIEW_EVENTS):
            ids = _ids(settings, topic, "killed")
            assert len(ids) == len(set(ids)) == len(events) // 2
        assert table(settings.home.lake, "repeats").height == 0
        assert check(settings).balanced


def _stream_process(settings: Settings, *flags: str) -> subprocess.Popen[bytes]:
    small = {"ZIPOTIFY_MAX_OFFSETS_PER_TRIGGER": "1500", "ZIPOTIFY_BRONZE_TRIGGER_S": "0"}
    return subprocess.Popen(command(settings.home.root, "stream", *flags), env=environment(**small))


def _written_files(settings: Settings) -> int:
    return sum(1 for topic in TOPICS for _ in (settings.home.lake / "events" / topic).rglob("*.parquet"))


def _kill(driver: subprocess.Popen[bytes]) -> None:
    """SIGKILL the Python driver and its JVM, as the kernel does when memory is out."""
    processes = [*psutil.Process(driver.pid).children(recursive=True), psutil.Process(driver.pid)]
    for process in processes:
        os.kill(process.pid, signal.SIGKILL)
    driver.wait(60)
