"""What readers get: the last good snapshot, whatever builds do."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pytest

from support.warehouse import ask, build, marts
from zipotify.contracts.snapshot import current
from zipotify.errors import BuildError
from zipotify.settings import Settings
from zipotify.warehouse import sources as lake_sources
from zipotify.warehouse.build import build as build_warehouse

pytestmark = pytest.mark.integration

_ALWAYS_FAILS = "-- A check that is never met.\nselect 1 as never_met\n"


@pytest.fixture
def project(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A copy of the dbt project that the test may change."""
    copy = tmp_path / "dbt"
    shutil.copytree(lake_sources.project_folder(), copy, ignore=shutil.ignore_patterns("target", "logs"))
    for module in ("plan", "runner", "sources"):
        monkeypatch.setattr(f"zipotify.warehouse.{module}.project_folder", lambda: copy)
    return copy


def test_nothing_is_built_when_nothing_changed(built: Settings) -> None:
    before = current(built.home.published)
    assert build_warehouse(built).state == "unchanged"
    assert current(built.home.published) == before


def test_failed_check_keeps_the_last_good_snapshot_and_readers_read_meanwhile(built: Settings, project: Path) -> None:
    before, published = marts(built), current(built.home.published)
    (project / "tests" / "stop" / "never_met.sql").write_text(_ALWAYS_FAILS)
    reads: list[int] = []
    done = threading.Event()

    def keep_reading() -> None:
        while not done.is_set():
            reads.append(ask(built, "select count(*) from fct_plays")[0][0])

    reader = threading.Thread(target=keep_reading)
    reader.start()
    with pytest.raises(BuildError, match="check 'never_met' failed"):
        build(built)
    done.set()
    reader.join()
    assert len(reads) > 1
    assert set(reads) == {len(before["fct_plays"])}
    assert current(built.home.published) == published
    assert marts(built) == before


def test_a_check_that_warns_is_named_with_what_is_published(built: Settings, project: Path) -> None:
    (project / "tests" / "stop" / "never_met.sql").unlink(missing_ok=True)
    (project / "tests" / "warn" / "odd.sql").write_text(_ALWAYS_FAILS)
    build(built)
    published = current(built.home.published)
    assert published is not None
    assert "odd (1)" in published.warnings
    assert published.analysed_at == published.built_at
