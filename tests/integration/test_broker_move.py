"""A home's Kafka moves to three brokers with its offsets, one of them dies, and nothing is lost or doubled."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from pyspark.sql import SparkSession

from support.brokers import Brokers, running_brokers
from support.lake import rows, table
from support.warehouse import SECRET
from zipotify.broker.embedded import running_broker
from zipotify.broker.topics import ensure_topics
from zipotify.contracts import serving
from zipotify.contracts.fields import LISTEN_EVENTS, TOPICS
from zipotify.contracts.files import find_files
from zipotify.contracts.tables import REPEATS
from zipotify.errors import MissingInputError, UsageError
from zipotify.lake import ensure_tables
from zipotify.lake.load import load_files
from zipotify.ops.broker_move import move_broker
from zipotify.ops.ledger import check
from zipotify.settings import Settings, load_settings
from zipotify.simulate.replay import replay_files
from zipotify.stream.app import run_queries

pytestmark = [pytest.mark.integration, pytest.mark.prove]
_SOURCE = "sim"


@pytest.fixture(scope="module")
def brokers(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with running_brokers(tmp_path_factory.mktemp("brokers")) as cluster:
        yield cluster


def test_stream_and_ledger_go_on_at_three_brokers_of_which_one_dies(
    spark: SparkSession, brokers: Brokers, sources: dict[str, Path], tmp_path: Path
) -> None:
    """Some files are taken in before the move, some wait in Kafka, and some come while a broker is dead."""
    files = find_files([sources[_SOURCE]])
    home = _settings(tmp_path / "home")
    with running_broker(home):
        sent = replay_files(home, files[:2], _SOURCE).sent_count
        _take_all(spark, home)
        _expire_first_records(home)
        waiting = replay_files(home, files[2:4], _SOURCE).sent_count
        before = check(home)
        assert (before.balanced, before.total("in_flight")) == (True, waiting)

    moved = _settings(tmp_path / "home", bootstrap_servers=brokers.servers)
    _begin_a_move(moved)
    assert move_broker(moved) == sent + waiting - _EXPIRED
    assert move_broker(moved) == 0, "a second move finds all there"
    after = check(moved)
    assert after.as_json()["rows"] == before.as_json()["rows"]
    assert brokers.replicas_in_sync(LISTEN_EVENTS) == {3}

    brokers.kill(0)
    replay_files(moved, files[4:], _SOURCE)
    _take_all(spark, moved)
    assert brokers.alive() == 2
    assert check(moved).balanced
    assert check(moved).total("in_flight") == 0
    assert table(moved.home.lake, REPEATS.name).height == 0

    alone = _settings(tmp_path / "alone")
    load_files(alone, files, _SOURCE)
    for topic in TOPICS:
        assert _content(moved, topic) == _content(alone, topic), topic


_EXPIRED = 3
"""Records of the first partition that retention has removed, after they were taken in."""


def _settings(home: Path, **flags: Any) -> Settings:
    settings = load_settings(home, user_key_secret=SECRET, **flags)
    ensure_tables(settings.home.lake)
    return settings


def _take_all(spark: SparkSession, settings: Settings) -> None:
    engine = serving.connect(settings.serving_address())
    run_queries(spark, settings, engine, threading.Event(), once=True)
    engine.dispose()


def _expire_first_records(settings: Settings) -> None:
    """As retention does, but now; the ledger has counted them."""
    assert check(settings).balanced
    admin = AdminClient({"bootstrap.servers": settings.home.broker_address()})
    for done in admin.delete_records([TopicPartition(LISTEN_EVENTS, 0, _EXPIRED)]).values():
        done.result(timeout=60)


def _begin_a_move(settings: Settings) -> None:
    """As one that was killed after the first of the records that stand in for expired ones."""
    ensure_topics(settings)
    producer = Producer({"bootstrap.servers": settings.bootstrap_servers})
    producer.produce(LISTEN_EVENTS, None, partition=0)
    producer.flush()


def _content(settings: Settings, topic: str) -> list[str]:
    return sorted(str(row) for row in rows(settings.home.lake, topic))


def test_a_cluster_with_records_of_its_own_is_refused(tmp_path: Path, broker: str) -> None:
    home = _settings(tmp_path / "home")
    with running_broker(home):
        pass
    producer = Producer({"bootstrap.servers": broker})
    producer.produce(LISTEN_EVENTS, b"of another home", partition=0)
    producer.flush()
    with pytest.raises(UsageError, match="records of its own in listen_events"):
        move_broker(_settings(tmp_path / "home", bootstrap_servers=broker))


def test_a_move_needs_two_clusters(tmp_path: Path, broker: str) -> None:
    with pytest.raises(UsageError, match="bootstrap_servers is not set"):
        move_broker(load_settings(tmp_path / "home"))
    with pytest.raises(MissingInputError):
        move_broker(load_settings(tmp_path / "home", bootstrap_servers=broker))
