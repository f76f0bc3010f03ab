"""A canary's private values, through both ways into the lake: found in `users_private`, nowhere else, then nowhere."""

from __future__ import annotations

import json
import shutil
import threading
import time
from collections import Counter
from pathlib import Path

import pytest
import requests
from pyspark.sql import SparkSession

from support import canary
from support.browser import dashboard
from support.command import zipotify
from support.kafka import empty_topics
from support.lake import table
from zipotify.contracts import serving
from zipotify.contracts.fields import TOPICS
from zipotify.contracts.identity import user_keyer
from zipotify.contracts.wire import EventProducer
from zipotify.dashboard.pages import PAGES
from zipotify.lake import ensure_tables
from zipotify.lake.load import load_files
from zipotify.ops.ledger import check
from zipotify.privacy.erase import erase
from zipotify.privacy.report import verified
from zipotify.privacy.scan import scan
from zipotify.settings import Settings, load_settings
from zipotify.stream.app import run_queries
from zipotify.warehouse.build import build

pytestmark = pytest.mark.integration

STREAMED, LOADED = "canary-stream", "canary-load"
OTHERS = {**canary.OTHER, "song": "Song of the others"}


def send(spark: SparkSession, settings: Settings) -> None:
    """Through Kafka and Spark, now: so that the live tiles count it too."""
    now_ms = int(time.time() * 1000) - 60_000
    producer = EventProducer(settings, STREAMED)
    for topic, value in [*canary.events(7, now_ms), *canary.events(8, now_ms, **OTHERS)]:
        producer.send(topic, value, "")
    producer.flush()
    engine = serving.connect(settings.serving_address())
    run_queries(spark, settings, engine, threading.Event(), once=True)
    engine.dispose()


def write_files(folder: Path) -> list[Path]:
    folder.mkdir()
    made = [*canary.events(7, 1_790_000_000_000), *canary.events(8, 1_790_000_000_000, **OTHERS)]
    for topic in ("page_view_events", "listen_events"):
        lines = b"\n".join(value for name, value in made if name == topic)
        (folder / f"{topic}.json").write_bytes(lines + b"\n")
    return sorted(folder.iterdir())


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return write_files(tmp_path_factory.mktemp("canary") / "input")


@pytest.fixture(scope="module")
def planted(spark: SparkSession, kafka: str, files: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A home with the canary in it by both ways, built and published; its own words are among the logs."""
    empty_topics(kafka)
    settings = load_settings(tmp_path_factory.mktemp("home") / "home", bootstrap_servers=kafka)
    ensure_tables(settings.home.lake)
    settings.home.logs.mkdir(parents=True)
    said = zipotify(settings.home.root, "load", "--source", LOADED, *(str(file) for file in files))
    (settings.home.logs / "load.log").write_text(said.stdout + said.stderr)
    send(spark, settings)
    build(settings)
    return settings


def found(settings: Settings, texts: list[str], *leave_out: Path) -> dict[str, set[int]]:
    """Numbers of the texts found, by the first folder or file in the home."""
    report = scan([settings.home.root], texts, leave_out)
    assert report.file_count > 50
    places: dict[str, set[int]] = {}
    for finding in report.findings:
        parts = finding.path.relative_to(settings.home.root).parts
        place = "/".join(parts[:2]) if parts[0] == "lake" else parts[0]
        places.setdefault(place, set()).add(finding.text_number)
    return places


def test_private_values_are_in_users_private_and_nowhere_else(planted: Settings) -> None:
    places = found(planted, canary.texts())
    everything = set(range(len(canary.texts())))
    assert places["lake/users_private"] == everything
    # Refused bytes are kept as they came: the documented boundary.
    assert places["lake/quarantine"] == everything
    assert places.keys() == {"lake/users_private", "lake/quarantine"}


def test_the_scan_sees_into_every_place(planted: Settings) -> None:
    """The control: what is no secret, and the canary's hash, are found where they belong."""
    key = user_keyer(planted.user_key())(STREAMED, canary.USER_ID)
    places = found(planted, [canary.SONG, key])
    assert {place for place, numbers in places.items() if 0 in numbers} >= {
        "lake/events",
        "warehouse",
        "published",
        "serving.db",
    }
    assert {place for place, numbers in places.items() if 1 in numbers} >= {
        "lake/events",
        "lake/users_private",
        "warehouse",
        "published",
        "serving.db",
    }


SOME = {"fct_plays", "fct_sessions", "dim_users"}
"""Tables that are asked for in every format; each question is a process of its own."""


def answers(settings: Settings, folder: Path, whole: bool = True) -> list[Path]:
    """Every answer of the dashboard's API on this home, as a file, and what its process logged; else of some tables."""
    folder.mkdir()
    with dashboard(settings.home.root) as address:
        api = f"{address}/api/v1"
        tiles = [tile["id"] for tile in requests.get(f"{api}/tiles").json()]
        tables = [next(iter(row.values())) for row in requests.get(f"{api}/query?sql=show tables").json()]
        paths = ["/openapi.json", "/metrics", *(f"/api/v1/{name}" for name in ("tiles", "tables", "metrics", "live"))]
        wanted = {f"page-{number}": path for number, path in enumerate([*paths, *PAGES])}
        for form in ("json", "csv", "parquet"):
            for tile in tiles:
                about = f"source={STREAMED}&period=all&artist=The Cages&song={canary.SONG}"
                wanted[f"tile-{tile}.{form}"] = f"/api/v1/tiles/{tile}?{about}&format={form}"
            for table_name in tables if whole and form == "parquet" else SOME:
                wanted[f"sql-{table_name}.{form}"] = f"/api/v1/query?sql=select * from {table_name}&format={form}"
        for name, path in wanted.items():
            got = requests.get(address + path)
            (folder / (name if got.ok else f"{name}.refused")).write_bytes(got.content)
    for log in settings.home.root.parent.glob("dashboard-*.log"):
        log.rename(folder / log.name)
    return sorted(folder.iterdir())


@pytest.mark.prove
def test_the_api_answers_with_no_private_value(planted: Settings, tmp_path: Path) -> None:
    """Decoded and raw; and what is no secret is found in it, so that the scan does see into answers."""
    files = answers(planted, tmp_path / "answers")
    assert sum(file.name.startswith("sql-") and file.suffix == ".parquet" for file in files) > 30
    key = user_keyer(planted.user_key())(STREAMED, canary.USER_ID)
    assert scan([tmp_path / "answers"], canary.texts()).findings == []
    seen = scan([tmp_path / "answers"], [canary.SONG, key]).findings
    assert {f.path.suffix for f in seen if f.text_number == 0} >= {".json", ".csv", ".parquet"}
    assert {f.path.name for f in seen if f.text_number == 1} >= {"sql-fct_plays.json", "sql-fct_plays.parquet"}
    control = tmp_path / "control"
    control.mkdir()
    table(planted.home.lake, "users_private").write_parquet(control / "answer.parquet")
    assert {f.text_number for f in scan([control], canary.texts()).findings} == set(range(len(canary.texts())))


def live_totals(settings: Settings) -> Counter[str]:
    """Sums of the live counts of the streamed source."""
    engine = serving.connect(settings.serving_address())
    counts = serving.live_counts
    with engine.connect() as connection:
        rows = connection.execute(counts.select().where(counts.c.source == STREAMED)).mappings().all()
    engine.dispose()
    return Counter({name: sum(row[name] for row in rows) for name in ("event_count", "play_count")})


def test_an_erased_person_is_gone_and_stays_gone(
    planted: Settings, spark: SparkSession, files: list[Path], tmp_path: Path
) -> None:
    home, others = planted.home, table(planted.home.lake, "listen_events").filter(song="Song of the others").height
    keys = [user_keyer(planted.user_key())(source, canary.USER_ID) for source in (STREAMED, LOADED)]
    assert live_totals(planted) == Counter(event_count=12, play_count=10)

    reports = [erase(planted, [canary.USER_ID], source) for source in (STREAMED, LOADED)]
    for report in reports:
        body = verified(report, home)
        assert body["scan"]["found"] == []
        assert body["ledger"]["balanced"]
        assert [place["place"] for place in body["remains"]] == ["Kafka", "backups"]
        assert body["remains"][0]["until"] > body["finished_at"]
        assert not any(text in json.dumps(report) for text in canary.texts())
    assert found(planted, [*canary.texts(), *keys, canary.SONG]) == {}
    assert live_totals(planted) == Counter(event_count=6, play_count=5)
    assert table(home.lake, "listen_events").filter(song="Song of the others").height == others == 10

    send(spark, planted)
    load_files(planted, files, LOADED)
    assert build(planted).full_because == ""  # what came back would come by an incremental build
    assert found(planted, [*canary.texts(), *keys, canary.SONG]) == {}
    # Tiles say the question back, and that names the song.
    rows = [file for file in answers(planted, tmp_path / "answers", False) if file.name.startswith("sql-")]
    assert scan(rows, [*canary.texts(), *keys, canary.SONG]).findings == []
    assert scan([tmp_path / "answers"], [*canary.texts(), *keys]).findings == []
    ledger = check(planted)
    assert ledger.balanced
    assert ledger.total("erased") == 4 * 12


def test_no_topic_was_left_out(planted: Settings) -> None:
    """Erasing keeps what exactly-once writing needs: each table's transactions."""
    assert {path.name for path in (planted.home.lake / "events").iterdir()} == set(TOPICS)
    assert not (planted.home.run / "spark").exists() or not any((planted.home.run / "spark").iterdir())
    shutil.rmtree(planted.home.root)
