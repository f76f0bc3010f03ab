"""One real run for the docs: traffic through Kafka, Spark, dbt and the dashboard's files; what it shows and weighs.

    .venv/bin/python scripts/record_run.py [--users N] [--days D] [--home DIR]

Writes into docs/recorded: journey.json (one play at each stage, bytes and rows as they were, and docs/images/journey-*
of its pixels), sizes.json (bytes per stage) and samples.json (a row of every table, and what each metric gives).
`make docs` then makes the pages. Takes minutes.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
from confluent_kafka import Consumer, TopicPartition
from journey_pictures import dashboard, picture
from sqlalchemy import create_engine, text

from zipotify.broker.embedded import running_broker
from zipotify.contracts.fields import LISTEN_EVENTS, TOPICS
from zipotify.contracts.identity import event_id
from zipotify.contracts.metrics import metrics
from zipotify.contracts.serving import metadata
from zipotify.contracts.tables import TABLES
from zipotify.runtime.ports import any_free
from zipotify.settings import Settings, load_settings

PROJECT = Path(__file__).resolve().parents[1]
RECORDED = PROJECT / "docs" / "recorded"
_SEED = 20261124


def zipotify(settings: Settings, *arguments: str) -> str:
    """Run a verb in this home; what it printed."""
    call = [sys.executable, "-m", "zipotify", "--home", str(settings.home.root), *arguments]
    done = subprocess.run(call, capture_output=True, text=True, check=False, cwd=settings.home.root.parent)
    if done.returncode:
        raise SystemExit(f"{arguments} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
    return done.stdout


def main() -> None:
    """Run it all and write both files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=1500)
    parser.add_argument("--days", type=int, default=14)
    parser.add_argument("--home", type=Path, default=Path(tempfile.mkdtemp(prefix="zipotify-docs-")) / "home")
    given = parser.parse_args()
    settings = load_settings(given.home, kafka_port=any_free())
    given.home.mkdir(parents=True, exist_ok=True)
    files = given.home.parent / "output"
    end = datetime.now(UTC).replace(microsecond=0)
    start = end - timedelta(days=given.days)
    span = ("-s", start.isoformat()[:19], "-e", end.isoformat()[:19])
    zipotify(settings, "simulate", "-n", str(given.users), *span, "-r", str(_SEED), str(files))
    with running_broker(settings) as address:
        broker_flag = ("--bootstrap-servers", address)
        zipotify(settings, "replay", "--source", "sim", *broker_flag, str(files))
        zipotify(settings, "stream", "--once", *broker_flag)
        ledger = json.loads(zipotify(settings, "ledger", "--format", "json"))
        line = _last_play(files)
        journey = {"file_line": line.decode(), "kafka": _kafka_record(address, line)}
    zipotify(settings, "build")
    journey |= _rows(settings, json.loads(line))
    with dashboard(given.home) as address:
        journey["pixel"] = picture(address, journey["live_plays"][0], journey["agg_day"][0])
    _write("journey.json", {"about": _about(), "balanced": ledger["balanced"], **journey})
    _write("sizes.json", {"about": _about(), **_sizes(settings, files)})
    answers = {name: _query(settings, metric.sql)[0][name] for name, metric in metrics().items()}
    _write("samples.json", {"about": _about(), "tables": _samples(settings), "metrics": answers})


def _about() -> dict[str, Any]:
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "seed": _SEED,
    }


def _last_play(files: Path) -> bytes:
    """The newest play of a user who is shown."""
    lines = (files / f"{LISTEN_EVENTS}.ndjson").read_bytes().splitlines()
    return next(line for line in reversed(lines) if b'"userId"' in line)


def _kafka_record(address: str, value: bytes) -> dict[str, Any]:
    consumer = Consumer({"bootstrap.servers": address, "group.id": "docs", "enable.auto.commit": False})
    partitions = consumer.list_topics(LISTEN_EVENTS, timeout=30).topics[LISTEN_EVENTS].partitions
    consumer.assign([TopicPartition(LISTEN_EVENTS, number, 0) for number in partitions])
    try:
        while True:
            message = consumer.poll(30)
            if message is None:
                raise SystemExit("the play is not in Kafka")
            if message.error() is None and message.value() == value:
                return {
                    "topic": message.topic(),
                    "partition": message.partition(),
                    "offset": message.offset(),
                    "timestamp_ms": message.timestamp()[1],
                    "key": message.key().decode(),
                    "headers": {name: data.decode() for name, data in message.headers()},
                    "value_bytes": len(message.value()),
                    "value_hex_head": message.value()[:48].hex(" "),
                }
    finally:
        consumer.close()


def _rows(settings: Settings, play: dict[str, Any]) -> dict[str, Any]:
    identity = event_id("sim", LISTEN_EVENTS, play["sessionId"], play["itemInSession"], play["ts"])
    bronze = pl.read_delta(str(settings.home.lake / TABLES[LISTEN_EVENTS].path)).filter(pl.col("event_id") == identity)
    row = bronze.to_dicts()[0]
    with create_engine(settings.serving_address()).connect() as serving:
        bucket = play["ts"] // 10_000 * 10
        live = serving.execute(text("select * from live_counts where bucket_start_s = :at"), {"at": bucket}).mappings()
        counts = [dict(found) for found in live]
        newest = serving.execute(text("select * from live_plays where event_id = :id"), {"id": identity}).mappings()
        ticker = [dict(found) for found in newest]
    day = row["event_date"].isoformat()
    return {
        "event_id": identity,
        "bronze": row,
        "live_counts": counts,
        "live_plays": ticker,
        "fct_plays": _query(settings, f"select * from fct_plays where event_id = '{identity}'"),  # noqa: S608
        "agg_day": _query(settings, f"select * from agg_day where date_day = '{day}'"),  # noqa: S608
    }


def _query(settings: Settings, sql: str) -> list[dict[str, Any]]:
    return json.loads(zipotify(settings, "query", sql, "--format", "json"))


def _sizes(settings: Settings, files: Path) -> dict[str, Any]:
    """Events and bytes per stage; Kafka's are its log segments, as compressed by the producer."""
    home = settings.home
    events = {topic: sum(1 for _ in (files / f"{topic}.ndjson").open("rb")) for topic in TOPICS}
    stages: dict[str, dict[str, int]] = {"file (NDJSON)": {}, "Kafka (lz4)": {}, "bronze (Delta)": {}}
    for topic in TOPICS:
        stages["file (NDJSON)"][topic] = (files / f"{topic}.ndjson").stat().st_size
        stages["Kafka (lz4)"][topic] = sum(f.stat().st_size for f in home.kafka.rglob(f"{topic}-*/*.log"))
        bronze = home.lake / TABLES[topic].path
        stages["bronze (Delta)"][topic] = sum(f.stat().st_size for f in bronze.rglob("*.parquet"))
    current = json.loads((home.published / "current.json").read_text())
    snapshot = home.published / current["file"]
    return {
        "events": events,
        "bytes": stages,
        "users_private_bytes": _tree(home.lake / "users_private"),
        "snapshot_bytes": snapshot.stat().st_size,
        "warehouse_bytes": home.warehouse_file.stat().st_size,
        "serving_bytes": home.serving_file.stat().st_size,
        "mart_rows": current["row_counts"],
        "mart_bytes": _mart_bytes(snapshot),
    }


def _samples(settings: Settings) -> dict[str, dict[str, Any]]:
    """One row of every table at rest, personal columns left out."""
    home, found = settings.home, {}
    for name, table in TABLES.items():
        columns = [column.name for column in table.columns if not column.personal]
        found[name] = pl.read_delta(str(home.lake / table.path)).select(columns).head(1).to_dicts()
    with create_engine(settings.serving_address()).connect() as serving:
        for table in metadata.sorted_tables:
            found[table.name] = [dict(row) for row in serving.execute(table.select().limit(1)).mappings()]
    marts = [row["table_name"] for row in _query(settings, "select table_name from duckdb_tables() order by 1")]
    found |= {name: _query(settings, f"select * from {name} limit 1") for name in marts}  # noqa: S608
    return {name: rows[0] for name, rows in found.items() if rows}


def _tree(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _mart_bytes(snapshot: Path) -> dict[str, int]:
    """Bytes of the blocks that each table fills in the published file."""
    with duckdb.connect(str(snapshot), read_only=True) as connection:
        block = connection.execute("select block_size from pragma_database_size()").fetchone()[0]
        names = [name for (name,) in connection.execute("select table_name from duckdb_tables()").fetchall()]
        sql = "select count(distinct block_id) from pragma_storage_info('{}') where block_id >= 0"
        return {name: connection.execute(sql.format(name)).fetchone()[0] * block for name in sorted(names)}


def _write(name: str, content: dict[str, Any]) -> None:
    RECORDED.mkdir(parents=True, exist_ok=True)
    path = RECORDED / name
    path.write_text(json.dumps(content, indent=1, default=_plain, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"written: {path.relative_to(PROJECT)}")


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime | date) else str(value)


if __name__ == "__main__":
    main()
