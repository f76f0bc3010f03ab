"""Parts that stop for work that needs the lake alone, under a real supervisord; and what is refused instead."""

from __future__ import annotations

import dataclasses
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from deltalake import DeltaTable

from support.command import environment, wait_until
from zipotify.contracts.erasure import read_list
from zipotify.contracts.tables import USERS_PRIVATE
from zipotify.errors import ErasurePendingError, HomeInUseError, ZipotifyError
from zipotify.lake import ensure_tables
from zipotify.ops.maintenance_lake import tend_lake
from zipotify.ops.parts import PARTS, PartName
from zipotify.ops.pausing import paused, require_rest
from zipotify.ops.supervisor import ALIVE, Supervisor, start_supervisor
from zipotify.privacy.erase import erase
from zipotify.privacy.rotate import rotate
from zipotify.runtime.ports import any_free
from zipotify.runtime.processes import stop_process
from zipotify.settings import Settings
from zipotify.warehouse.build import build

RUNNING: tuple[PartName, ...] = ("stream", "jobs")


@pytest.fixture
def supervised(settings: Settings) -> Iterator[Supervisor]:
    """A supervisor with parts that run on: of ours only the names, a dashboard each is what they do."""
    dashboard = next(part for part in PARTS if part.name == "dashboard")
    parts = tuple(
        dataclasses.replace(dashboard, name=name, needs=(), arguments=(*dashboard.arguments, "--port", str(any_free())))
        for name in ("stream", "warehouse", "jobs")
    )
    process = start_supervisor(settings.home, parts, environment())
    client = Supervisor(settings.home)
    for name in RUNNING:
        client.start_part(name)
    try:
        yield client
    finally:
        stop_process(process, 120)


def alive(client: Supervisor) -> set[str]:
    return {name for name, state in client.states().items() if state.state in ALIVE}


def _work(settings: Settings, act: Callable[[], object]) -> None:
    with paused(settings, "stream"):
        act()
        wait_until(lambda: False, "what ends the work")


def test_what_runs_stops_meanwhile_and_starts_again_whatever_happens(
    settings: Settings, supervised: Supervisor
) -> None:
    with paused(settings, "jobs", "warehouse", "stream") as stopped:
        assert stopped == ["jobs", "stream"]
        assert alive(supervised) == set()
    assert alive(supervised) == set(RUNNING)
    with pytest.raises(ZeroDivisionError):
        _work(settings, lambda: 1 / 0)
    assert alive(supervised) == set(RUNNING)
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(SystemExit):
        _work(settings, lambda: os.kill(os.getpid(), signal.SIGTERM))
    assert alive(supervised) == set(RUNNING)
    assert signal.getsignal(signal.SIGTERM) == before


def test_nothing_is_stopped_where_no_supervisor_runs(settings: Settings) -> None:
    with paused(settings, "stream") as stopped:
        assert stopped == []


def _unfinished(settings: Settings) -> Path:
    """The stream's checkpoint as a batch leaves it that was cut off."""
    folder = settings.home.checkpoints / "bronze" / "offsets"
    folder.mkdir(parents=True)
    (folder / "7").write_text("v1")
    return folder / "7"


def test_a_batch_that_was_cut_off_is_finished_first(settings: Settings) -> None:
    """Its rows would be judged otherwise the second time, and what was erased counted twice."""
    ensure_tables(settings.home.lake)
    mark = _unfinished(settings)
    for act in (lambda: erase(settings, ["46"], "sim"), lambda: rotate(settings), lambda: tend_lake(settings)):
        with pytest.raises(ZipotifyError, match="did not finish") as refused:
            act()
        assert "stream --once" in refused.value.to_do
    assert not read_list(settings.home)
    mark.unlink()
    require_rest(settings)
    assert erase(settings, ["46"], "sim")["report"]["ledger"]["balanced"]


@pytest.mark.parametrize("part", ["lake", "analyses", "warehouse"])
def test_an_erasure_beside_others_is_refused_before_anything_is_changed(settings: Settings, part: str) -> None:
    """A stream, a load, a build or an analysis that no supervisor of ours can stop."""
    ensure_tables(settings.home.lake)
    version = DeltaTable(str(settings.home.lake / USERS_PRIVATE.path)).version()
    with settings.home.lock(part), pytest.raises(HomeInUseError, match=f"its {part} is held by") as refused:  # type: ignore[arg-type]
        erase(settings, ["46"], "sim")
    assert "zipotify down" in refused.value.to_do
    assert not read_list(settings.home)
    assert DeltaTable(str(settings.home.lake / USERS_PRIVATE.path)).version() == version


def test_a_build_that_waited_for_an_erasure_to_begin_sees_the_list(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The erasure is cut off behind its list: neither a build nor an analysis takes the people in again."""
    ensure_tables(settings.home.lake)
    monkeypatch.setattr("zipotify.privacy.erase.rebuild", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        erase(settings, ["46"], "sim")
    with pytest.raises(ErasurePendingError, match="privacy enforce"):
        build(settings)
