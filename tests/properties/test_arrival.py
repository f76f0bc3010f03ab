"""However events arrive, in whatever order, how often and how late, bronze and the rollups come out the same."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from odd_records import bent
from sqlalchemy import select

from support.lake import rows, table
from zipotify.contracts import serving
from zipotify.contracts.fields import LISTEN_EVENTS
from zipotify.lake import load
from zipotify.lake.load import load_files
from zipotify.ops.ledger import check
from zipotify.settings import Settings, load_settings
from zipotify.stream.live import LiveWriter

_KEY = "0123456789abcdef" * 4
_START_MS = 1_704_067_200_000

identities = st.tuples(st.integers(0, 3), st.integers(0, 3), st.sampled_from([0, 9_999, 10_000, 86_400_000]))
arrivals = st.lists(identities, min_size=1, max_size=25)


def _record(identity: tuple[int, int, int]) -> bytes:
    session, item, late_ms = identity
    return bent(sessionId=session, itemInSession=item, ts=_START_MS + late_ms, song=f"S{session}{item}", userId=session)


def _home(folder: str) -> Settings:
    return load_settings(Path(folder) / "home", user_key_secret=_KEY)


def _bronze(settings: Settings, loads: list[list[tuple[int, int, int]]]) -> list[dict[str, Any]]:
    for number, identities in enumerate(loads):
        file = settings.home.root.parent / f"listen_events.{number}.ndjson"
        file.write_bytes(b"\n".join(_record(identity) for identity in identities))
        load_files(settings, [file], "sim")
    return rows(settings.home.lake, LISTEN_EVENTS)


@settings(max_examples=12, deadline=None)
@given(arrived=arrivals, cut=st.integers(0, 25), chunk=st.integers(1, 7), seed=st.randoms(use_true_random=False))
def test_order_repeats_and_delays_leave_bronze_as_it_is(
    arrived: list[tuple[int, int, int]], cut: int, chunk: int, seed: Any
) -> None:
    whole, load.CHUNK_RECORDS = load.CHUNK_RECORDS, chunk
    try:
        with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
            each_once = _bronze(_home(one), [sorted(set(arrived))])
            shuffled = seed.sample(arrived, len(arrived))
            messy = _home(other)
            assert _bronze(messy, [part for part in (shuffled[:cut], shuffled[cut:]) if part]) == each_once
            assert table(messy.home.lake, "repeats").height == len(arrived) - len(set(arrived))
            assert check(messy).balanced
    finally:
        load.CHUNK_RECORDS = whole


def _live(identity: tuple[int, int, int]) -> dict[str, Any]:
    session, item, late_ms = identity
    where = {"level": "free", "state": "KS", "gender": "F", "device": "iPad", "city": None}
    what = {"topic": LISTEN_EVENTS, "artist": "A", "song": f"S{item}", "user_key": f"u{session}", "session_id": session}
    what |= {"duration": 200.5 + item, "page": None}
    at_ms = _START_MS + late_ms % 3_600_000
    head = {"event_id": f"{session}-{item}-{late_ms}", "source": "sim", "ts": at_ms, "produced_ms": at_ms}
    return {**head, **what, **where}


@settings(max_examples=15, deadline=None)
@given(arrived=st.lists(identities, min_size=1, max_size=40, unique=True), size=st.integers(1, 40), seed=st.randoms())
def test_order_cut_and_retries_of_batches_leave_the_rollups_as_they_are(
    arrived: list[tuple[int, int, int]], size: int, seed: Any
) -> None:
    tables = (serving.live_counts, serving.live_tracks, *serving.LIVE_OF_USERS)
    found = []
    for order, width in ((arrived, len(arrived)), (seed.sample(arrived, len(arrived)), size)):
        engine = serving.connect("sqlite://")
        writer = LiveWriter(load_settings(Path("never-written")), engine)
        batches = [order[start : start + width] for start in range(0, len(order), width)]
        for number, batch in enumerate(batches):
            for _ in range(seed.choice([1, 2])):
                writer.apply([_live(identity) for identity in batch], number)
        with engine.connect() as connection:
            found.append({table.name: Counter(map(tuple, connection.execute(select(table)))) for table in tables})
        engine.dispose()
    assert found[0] == found[1]
