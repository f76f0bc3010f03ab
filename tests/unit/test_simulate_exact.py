"""One seed and configuration, the same bytes: whatever the windows, shards, processes and stops."""

import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.simulation import config, content, frame, plan, state, write
from zipotify.errors import UsageError
from zipotify.simulate import batch
from zipotify.simulate.batch import BatchRun
from zipotify.simulate.draws import Draws
from zipotify.simulate.plan import Extras, Faults
from zipotify.simulate.shard import Shard, joined_snapshots
from zipotify.simulate.worker import Work

HOME, SONG = state("Home"), state("NextSong", method="PUT")
RAW = config([(HOME, SONG, 0.8), (SONG, SONG, 0.7), (SONG, HOME, 0.1)], growth_rate=2.0)


def stop_after(round_count: int) -> Callable[[], bool]:
    """A wish to stop that comes after so many rounds."""
    asked = itertools.count()
    return lambda: next(asked) >= round_count


def test_philox_gives_the_published_numbers() -> None:
    draws = Draws(0)
    draws.keys = np.array([(i * 0x9E3779B9 & 0xFFFFFFFF, i * 0xBB67AE85 & 0xFFFFFFFF) for i in range(10)], np.uint64)
    # Known answer of Philox4x32-10 for counter 0 and key 0 (Random123's kat_vectors).
    words = (draws.uniform(0, [0], 0, 0)[:, 0] * 2.0**32 - 0.5).round().astype(np.uint64)
    assert [hex(int(word)) for word in words] == ["0x6627e8d5", "0xe169c58d", "0xbc57ac4c", "0x9b00dbd8"]


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 2**63), users=st.integers(1, 40), windows=st.integers(1, 9), shards=st.integers(1, 4))
def test_windows_and_shards_change_nothing(seed: int, users: int, windows: int, shards: int) -> None:
    whole = frame(plan(RAW, seed=seed, n_users=users, end="2024-01-04"))
    cut = frame(plan(RAW, seed=seed, n_users=users, end="2024-01-04"), windows)
    assert whole.equals(cut)
    parts = [
        frame(plan(RAW, seed=seed, n_users=users, end="2024-01-04", shard=(number, shards))) for number in range(shards)
    ]
    merged = pl.concat(parts).sort("ts_s", "user_id", maintain_order=True)
    assert merged.equals(whole)
    assert sum(part["user_id"].n_unique() for part in parts) == whole["user_id"].n_unique()


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 2**31), stops=st.lists(st.integers(0, 4 * 86_400), max_size=4), of=st.integers(1, 3))
def test_stopping_at_any_moment_and_going_on_in_other_shards_changes_nothing(
    seed: int, stops: list[int], of: int
) -> None:
    made = plan(RAW, seed=seed, n_users=20, end="2024-01-05", faults=Faults(duplicates=0.1, late=0.1))
    whole = Shard([made]).advance(made.end_s)
    shards, events = [Shard([made])], []
    for number, stop in enumerate([*sorted(stops), 4 * 86_400]):
        parts = [shard.advance(made.start_s + stop) for shard in shards]
        events.append(type(whole).merged(parts))
        saved = joined_snapshots([shard.snapshot() for shard in shards])
        count = 1 + (number + of) % 3
        shards = [Shard([made], which, count) for which in range(count)]
        for shard in shards:
            shard.restore(saved)
    got = type(whole).joined(events)
    for name, values in vars(whole).items():
        assert np.array_equal(values, getattr(got, name)), name


def test_users_are_independent_of_how_many_others_there_are() -> None:
    few, many = frame(plan(RAW, n_users=5, growth_rate=0.0)), frame(plan(RAW, n_users=50, growth_rate=0.0))
    assert many.filter(pl.col("user_id") <= 5).equals(few)


def test_seeds_differ() -> None:
    assert not frame(plan(RAW, seed=1)).equals(frame(plan(RAW, seed=2)))


@pytest.mark.parametrize("form", ["ndjson", "ndjson.zst", "parquet"])
def test_a_stopped_run_resumes_to_the_same_bytes(form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "ROUND_EVENTS", 120)
    made = plan(RAW, n_users=30, end="2024-02-10", extras=Extras(played=True))
    whole = write(made, tmp_path / "whole", form)  # type: ignore[arg-type]
    work = Work([made], tmp_path / "stopped", form)  # type: ignore[arg-type]
    for round_count, processes in ((2, 1), (1, 2), (5, 2), (3, 1)):
        run = BatchRun(work, processes, lambda _step: None, stop_after(round_count))
        run.run(resume=(work.folder / batch.CHECKPOINT).exists())
        assert not run.is_finished
    for path in work.folder.rglob("*.nd*"):
        path.write_bytes(path.read_bytes() + b"written after the checkpoint, before a crash")
    BatchRun(work, 1, lambda _step: None).run(resume=True)
    assert content(work.folder) == whole


def test_only_the_same_run_can_be_resumed(tmp_path: Path) -> None:
    work = Work([plan(RAW)], tmp_path, "ndjson")
    with pytest.raises(UsageError, match="nothing to resume"):
        BatchRun(work, 1, lambda _step: None).run(resume=True)
    BatchRun(work, 1, lambda _step: None, stop_after(1)).run()
    other = Work([plan(RAW, seed=99)], tmp_path, "ndjson")
    with pytest.raises(UsageError, match="another --randomseed"):
        BatchRun(other, 1, lambda _step: None).run(resume=True)
