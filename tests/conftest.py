"""Fixtures that several suites share. Kafka and Spark start once a session, and only when a test asks for them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from zipotify.settings import Settings, load_settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

PROJECT = Path(__file__).parent.parent
_SHARED_DATA = PROJECT.parent / "shared" / "data"

# Spark's drivers live for a minute here: Java's second compiler would spend more on their code than it saves.
os.environ.setdefault("SPARK_SUBMIT_OPTS", "-XX:TieredStopAtLevel=1")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Name what failed once more, on the last line: the end of a long log is what people are shown."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    bad = [*reporter.getreports("failed"), *reporter.getreports("error")] if reporter else []
    if bad:
        print("failed:", *(report.nodeid for report in bad))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real recordings; tests that need it are skipped where it is not there."""
    if not _SHARED_DATA.is_dir():
        pytest.skip("the folder ../shared/data with real recordings is not on this machine")
    return _SHARED_DATA


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of an empty home."""
    return load_settings(tmp_path / "home")


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """One Spark session for all tests that run Spark inside the test process."""
    from zipotify.stream.session import spark_session

    session = spark_session(load_settings(tmp_path_factory.mktemp("spark-home")), "zipotify-tests")
    yield session
    session.stop()


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of one Kafka for all tests that need none of their own; see `broker`."""
    from zipotify.broker.embedded import running_broker
    from zipotify.runtime.ports import any_free

    settings = load_settings(tmp_path_factory.mktemp("kafka") / "home", kafka_port=any_free())
    with running_broker(settings) as address:
        yield address


@pytest.fixture
def broker(kafka: str) -> str:
    """Address of a Kafka whose topics are empty, for homes with `bootstrap_servers=broker`."""
    from support.kafka import empty_topics

    empty_topics(kafka)
    return kafka


@pytest.fixture(scope="session")
def sources(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Folders of event files by source: a small simulation and, where it is there, a recorded log (older dialect)."""
    from support.warehouse import simulated_files

    found = {"sim": simulated_files(tmp_path_factory.mktemp("simulated"))}
    recorded = _SHARED_DATA / "sparkify" / "log_data"
    return {**found, "recorded": recorded} if recorded.is_dir() else found


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory, sources: dict[str, Path]) -> Settings:
    """A home into which `sources` were loaded, without Kafka or Spark, and whose warehouse was built. Read only."""
    from support.warehouse import build, new_home
    from zipotify.lake.load import load_files

    settings = new_home(tmp_path_factory.mktemp("built") / "home")
    for source, folder in sources.items():
        load_files(settings, [folder], source)
    build(settings)
    return settings
