"""Between batches others may touch the lake; during one, or before one is repeated, they may not."""

from __future__ import annotations

from pathlib import Path

import pytest

from zipotify.stream.pause import Pause


@pytest.fixture
def done() -> list[str]:
    return []


def _log(checkpoint: Path, log: str, batch: int) -> None:
    (checkpoint / log).mkdir(parents=True, exist_ok=True)
    (checkpoint / log / str(batch)).write_text("v1")


def test_an_idle_stream_pauses_and_one_with_an_unfinished_batch_does_not(tmp_path: Path, done: list[str]) -> None:
    pause = Pause(tmp_path, lambda: done.append("work"))
    pause.use_if_idle()
    assert len(done) == 1
    _log(tmp_path, "offsets", 0)
    pause.use_if_idle()
    assert len(done) == 1
    _log(tmp_path, "commits", 0)
    pause.use_if_idle()
    assert len(done) == 2


def test_no_pause_while_a_batch_is_written(tmp_path: Path, done: list[str]) -> None:
    pause = Pause(tmp_path, lambda: done.append("work"))
    with pause.before_batch(0):
        pause.use_if_idle()
    assert done == []


def test_a_busy_stream_pauses_before_each_batch_but_the_first_and_repeated_ones(
    tmp_path: Path, done: list[str]
) -> None:
    pause = Pause(tmp_path, lambda: done.append("work"))
    for batch_id, expected in ((7, 0), (7, 0), (8, 1), (8, 1), (9, 2)):
        with pause.before_batch(batch_id):
            assert len(done) == expected


def test_a_batch_that_failed_is_not_taken_for_written(tmp_path: Path, done: list[str]) -> None:
    pause = Pause(tmp_path, lambda: done.append("work"))

    def fail() -> None:
        with pause.before_batch(3):
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with pause.before_batch(3):
        assert done == []
