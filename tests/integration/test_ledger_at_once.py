"""Several checks of the ledger at the same time, as `up`, `ledger --watch` and a person make them."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from zipotify.contracts.fields import LISTEN_EVENTS, TOPICS
from zipotify.contracts.wire import EventProducer
from zipotify.ops.ledger import check
from zipotify.settings import Settings, load_settings

pytestmark = pytest.mark.integration

_RECORDS = 20_000
_AT_ONCE = 4


def _commit(settings: Settings, ends: dict[str, dict[str, int]]) -> None:
    """A stream's checkpoint that says that everything below `ends` was taken."""
    for name, text in (("commits", "v1\n{}"), ("offsets", f"v1\n{{}}\n{json.dumps(ends)}")):
        folder = settings.home.checkpoints / "bronze" / name
        folder.mkdir(parents=True)
        (folder / "0").write_text(text)


def test_counts_each_record_once(tmp_path: Path, broker: str) -> None:
    settings = load_settings(tmp_path / "home", bootstrap_servers=broker)
    producer = EventProducer(settings, "at-once")
    for number in range(_RECORDS):
        producer.send(LISTEN_EVENTS, b"{}", number)
    producer.flush()
    everything = {topic: dict.fromkeys(map(str, range(settings.kafka_partitions)), 0) for topic in TOPICS}
    everything[LISTEN_EVENTS] = dict.fromkeys(map(str, range(settings.kafka_partitions)), 10**9)
    _commit(settings, everything)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        reports = list(pool.map(check, [settings] * _AT_ONCE))
    assert [report.total("produced") for report in reports] == [_RECORDS] * _AT_ONCE
    assert check(settings).total("produced") == _RECORDS
