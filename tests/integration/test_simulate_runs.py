"""Whole runs as a user makes them: in several processes, stopped and resumed, into the lake and into Kafka."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import signal
import struct
import subprocess
import termios
from collections import Counter
from contextlib import suppress
from pathlib import Path

import orjson
import polars as pl
import pytest
from confluent_kafka import Consumer, TopicPartition

from support.command import command, environment, wait_until, zipotify
from support.lake import rows, table
from support.simulation import content
from zipotify.contracts.fields import PAGE_VIEW_EVENTS, TOPICS
from zipotify.contracts.tables import BRONZE

pytestmark = pytest.mark.integration

PERIOD = ("-s", "2024-01-01", "-e", "2024-01-15", "-r", "7", "-q")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("whole")
    zipotify(folder / "home", "simulate", "-n", "400", *PERIOD, str(folder / "out"))
    return content(folder / "out")


def test_three_processes_write_the_same_bytes(tmp_path: Path, whole: dict[str, bytes]) -> None:
    zipotify(tmp_path, "simulate", "-n", "400", *PERIOD, "-p", "3", str(tmp_path / "out"))
    assert content(tmp_path / "out") == whole


@pytest.mark.parametrize("form", ["ndjson.zst", "parquet"])
def test_packed_files_are_the_same_by_two_processes(form: str, tmp_path: Path) -> None:
    for count in ("1", "2"):
        zipotify(tmp_path, "simulate", "-n", "400", *PERIOD, "-p", count, "--format", form, str(tmp_path / count))
    assert content(tmp_path / "1") == content(tmp_path / "2")


def test_shards_merge_to_the_single_run(tmp_path: Path, whole: dict[str, bytes]) -> None:
    for which in ("1", "2"):
        zipotify(tmp_path, "simulate", "-n", "400", *PERIOD, "--shard", f"{which}/2", str(tmp_path / which))
    for topic in TOPICS:
        lines = [line for which in "12" for line in (tmp_path / which / f"{topic}.ndjson").read_bytes().splitlines()]
        merged = sorted(lines, key=_order)
        assert merged == whole[f"{topic}.ndjson"].splitlines()


def _order(line: bytes) -> tuple[int, int, int]:
    """ts, user and item: a session's id names its user."""
    event = orjson.loads(line)
    return event["ts"], event["sessionId"] >> 20, event["itemInSession"]


def test_a_run_that_is_interrupted_resumes_to_the_same_bytes(tmp_path: Path) -> None:
    size = ("simulate", "-n", "3000", "-s", "2024-01-01", "-e", "2024-04-01", "-r", "3", "--progress", "json")
    with subprocess.Popen(
        command(tmp_path, *size, str(tmp_path / "stopped")), env=environment(), stderr=subprocess.PIPE, text=True
    ) as running:
        assert running.stderr is not None
        next(line for line in running.stderr if line.startswith("{"))
        running.send_signal(signal.SIGINT)
        assert "--resume goes on" in running.stderr.read()
    assert running.returncode == 130
    zipotify(tmp_path, *size, "--resume", str(tmp_path / "stopped"))
    zipotify(tmp_path, *size, "-p", "2", str(tmp_path / "whole"))
    assert content(tmp_path / "stopped") == content(tmp_path / "whole")


def test_progress_for_machines_is_one_json_object_a_line(tmp_path: Path) -> None:
    size = ("-n", "50", "-s", "2024-01-01", "-e", "2024-01-08", "--progress", "json", "--format", "none")
    said = zipotify(tmp_path, "simulate", *size).stderr.splitlines()
    steps = [json.loads(line) for line in said if line.startswith("{")]
    assert set(steps[-1]) == {"share", "simulated_at", "events", "events_per_s", "left_s"}
    assert steps[-1]["share"] == 1.0
    assert steps[-1]["simulated_at"] == "2024-01-08T00:00:00Z"
    assert [step["share"] for step in steps] == sorted(step["share"] for step in steps)


@pytest.mark.prove
def test_set_up_compiles_all_that_any_run_needs(tmp_path: Path) -> None:
    script = (Path(__file__).parents[2] / "scripts" / "setup.sh").read_text()
    found = re.search(r'bin/zipotify" (simulate --quiet (?:.*\\\n)*.*--format none)\n', script)
    assert found
    call, cache = found[1].replace("\\\n", " "), tmp_path / "cache"
    for count in "12":
        zipotify(tmp_path, *call.replace("$count", count).split(), ZIPOTIFY_CACHE=str(cache))
    compiled = sorted((cache / "compiled").rglob("*"))
    rich = ("-n", "40", *PERIOD, "--with", "all", "--bots", "0.2", "-g", "2", "-a", "1")
    for further in (("--faults", "all=0.05"), ("--format", "parquet", "-p", "2"), ("--format", "ndjson.gz")):
        zipotify(tmp_path, "simulate", *rich, *further, str(tmp_path / "out"), ZIPOTIFY_CACHE=str(cache))
    assert sorted((cache / "compiled").rglob("*")) == compiled
    assert len(compiled) > 5


def on_a_terminal(home: Path, *arguments: str) -> str:
    """What a run prints on a terminal."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 160, 0, 0))
    with subprocess.Popen(
        command(home, "simulate", *arguments), env=environment(TERM="xterm"), stdout=theirs, stderr=theirs
    ) as running:
        os.close(theirs)
        said = b""
        with suppress(OSError):  # the terminal is gone with the last one that had it open
            while some := os.read(ours, 65_536):
                said += some
    os.close(ours)
    assert running.returncode == 0
    return said.decode()


def test_progress_for_people_is_a_bar_and_quiet_is_quiet(tmp_path: Path) -> None:
    size = ("-n", "50", "-s", "2024-01-01", "-e", "2024-01-08", "--format", "none")
    shown = on_a_terminal(tmp_path, *size)
    assert re.search(r"2024-01-08T00:00  [\d,]+ events, [\d,]+/s", shown)
    assert re.search(r"100%.*0:00:00", shown)
    assert on_a_terminal(tmp_path, *size, "--quiet") == ""


def test_injected_faults_are_found_again_by_the_loader_exactly(tmp_path: Path) -> None:
    out = tmp_path / "out"
    zipotify(tmp_path, "simulate", "-n", "300", *PERIOD, "--faults", "all=0.02", str(out))
    truth = pl.read_ndjson(out / "faults.truth", infer_schema_length=None)
    zipotify(tmp_path, "load", str(out))
    lake = tmp_path / "lake"
    refused = Counter((row["topic"], row["reason"]) for row in table(lake, "quarantine").to_dicts())
    assert refused == Counter(truth.filter(expected="refused").select("topic", "reason").iter_rows())
    assert len(set(refused)) >= 12
    repeats = Counter(row["topic"] for row in table(lake, "repeats").to_dicts())
    assert repeats == Counter(truth.filter(expected="repeat")["topic"])
    for topic in TOPICS:
        read = len((out / f"{topic}.ndjson").read_bytes().splitlines())
        gone = repeats[topic] + sum(count for (name, _), count in refused.items() if name == topic)
        assert table(lake, BRONZE[topic].name).height == read - gone
    assert set(truth["fault"]) == {
        "duplicates", "conflicts", "late", "out_of_order", "malformed", "clock_skew", "schema_drift",
    }  # fmt: skip


def test_into_the_lake_is_the_same_as_loading_the_files(tmp_path: Path) -> None:
    size = ("simulate", "-n", "60", *PERIOD)
    secret = {"ZIPOTIFY_USER_KEY_SECRET": "5a" * 32}
    zipotify(tmp_path / "direct", *size, "--lake", **secret)
    zipotify(tmp_path / "loaded", *size, str(tmp_path / "out"))
    zipotify(tmp_path / "loaded", "load", "--source", "sim", str(tmp_path / "out"), **secret)
    for topic in TOPICS:
        assert rows(tmp_path / "direct" / "lake", topic) == rows(tmp_path / "loaded" / "lake", topic)
    assert not list((tmp_path / "direct" / "run").glob("simulate-*"))


def consumed(address: str, topic: str, source: str) -> list[bytes]:
    """All values of one source in one topic, in the order of each partition."""
    consumer = Consumer({"bootstrap.servers": address, "group.id": "test", "enable.auto.commit": False, "log_level": 0})
    partitions = consumer.list_topics(topic, timeout=30).topics[topic].partitions
    found: list[bytes] = []
    for number in partitions:
        _, high = consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=30)
        consumer.assign([TopicPartition(topic, number, 0)])
        offset = 0
        while offset < high:
            message = consumer.poll(30)
            assert message is not None
            assert message.error() is None
            offset = message.offset() + 1
            if dict(message.headers() or [])["source"] == source.encode():
                assert message.key() == f"{source}|{orjson.loads(message.value())['sessionId']}".encode()
                found.append(message.value())
    consumer.close()
    return found


def test_kafka_gets_the_same_events_as_the_files(tmp_path: Path, broker: str, whole: dict[str, bytes]) -> None:
    zipotify(tmp_path, "simulate", "-n", "400", *PERIOD, "-k", broker, "--speed", "1000000x", "--source", "paced")
    for topic in TOPICS:
        lines = consumed(broker, topic, "paced")
        assert sorted(lines) == sorted(whole[f"{topic}.ndjson"].splitlines())
        by_session: dict[int, list[int]] = {}
        for line in lines:
            event = orjson.loads(line)
            by_session.setdefault(event["sessionId"], []).append(event["itemInSession"])
        assert all(items == sorted(items) for items in by_session.values())


def test_history_and_live_tail_have_no_seam_across_a_restart_with_all_there_is(tmp_path: Path, broker: str) -> None:
    live = ("simulate", "--continuous", "-k", broker, "--from", "3", "-n", "150", "--source", "seam", "-r", "5",
            "--with", "all", "--bots", "0.1", "--end-time", "2024-01-01")  # fmt: skip
    checkpoint = tmp_path / "simulator" / "seam" / "state.npz"
    for _ in range(2):
        before = checkpoint.stat().st_mtime_ns if checkpoint.exists() else 0
        with subprocess.Popen(command(tmp_path, *live), env=environment(), stderr=subprocess.DEVNULL) as running:
            wait_until(lambda at=before: checkpoint.exists() and checkpoint.stat().st_mtime_ns > at, "a checkpoint")
            running.send_signal(signal.SIGTERM)
        assert running.returncode == 0
    got = consumed(broker, PAGE_VIEW_EVENTS, "seam")
    assert len(got) == len(set(got))
    newest = max(orjson.loads(line)["ts"] for line in got)
    assert sorted(got) == sorted(line for line in expected_live(checkpoint) if orjson.loads(line)["ts"] <= newest)


def expected_live(checkpoint: Path) -> list[bytes]:
    """What the same call makes as one batch, from when it began."""
    import time

    from zipotify.catalog.playable import builtin_playable
    from zipotify.simulate.choice import extras
    from zipotify.simulate.config import load_config
    from zipotify.simulate.lines import LineWriter
    from zipotify.simulate.plan import Options, make_plan
    from zipotify.simulate.shard import Shard
    from zipotify.simulate.songs import Songs
    from zipotify.simulate.state import read_checkpoint

    saved = read_checkpoint(checkpoint.parent)
    assert saved is not None
    config, name = load_config(None)
    songs = Songs(*builtin_playable().columns)
    options = Options(n_users=150, seed=5, from_days=3, to_days=0, extras=extras("all", 0.1))
    plan = make_plan(config, name, songs, options, saved.began_s)
    records = LineWriter([plan]).records(Shard([plan]).advance(int(time.time())))
    return [record.value for record in records if record.topic == PAGE_VIEW_EVENTS]
