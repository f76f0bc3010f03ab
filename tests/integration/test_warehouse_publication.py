"""What readers get: the last good snapshot, whatever builds do."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pytest

from support.warehouse import SECRET, ask, build, marts
from zipotify.contracts.snapshot import current
from zipotify.errors import BuildError
from zipotify.settings import Settings, load_settings
from zipotify.warehouse import sources as lake_sources
from zipotify.warehouse.build import build as build_warehouse

pytestmark = pytest.mark.integration

_NEEDS_THE_DISK = """
-- More than the build may have in memory, sorted; finds nothing.
select count(*) as found from (
    select row_number() over (order by hash(number)) as place from range(12000000) as numbers (number)
) where place < 0 having count(*) > 0
"""
_ALWAYS_FAILS = "-- A check that is never met.\nselect 1 as never_met\n"


@pytest.fixture
def project(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A copy of the dbt project that the test may change."""
    copy = tmp_path / "dbt"
    shutil.copytree(lake_sources.project_folder(), copy, ignore=shutil.ignore_patterns("target", "logs"))
    for module in ("plan", "runner", "sources", "documentation"):
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


def test_nothing_that_a_build_writes_down_holds_the_call_that_asked_for_it(
    built: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That of an erasure names a person; dbt keeps the call of its process."""
    monkeypatch.setattr("sys.argv", ["zipotify", "privacy", "erase", "Canary-83Q7"])
    build(built, full=True)
    files = [path for path in built.home.warehouse_file.parent.rglob("*") if path.is_file()]
    assert len(files) > 10
    assert [path.name for path in files if b"Canary-83Q7" in path.read_bytes()] == []


def test_a_build_goes_on_after_it_needed_the_disk(built: Settings, project: Path) -> None:
    before = marts(built)
    (project / "tests" / "stop" / "needs_the_disk.sql").write_text(_NEEDS_THE_DISK)
    build(load_settings(built.home.root, user_key_secret=SECRET, warehouse_memory_mb=256), full=True)
    assert marts(built) == before


def test_a_check_that_warns_is_named_with_what_is_published(built: Settings, project: Path) -> None:
    (project / "tests" / "stop" / "never_met.sql").unlink(missing_ok=True)
    (project / "tests" / "warn" / "odd.sql").write_text(_ALWAYS_FAILS)
    build(built)
    published = current(built.home.published)
    assert published is not None
    assert "odd (1)" in published.warnings
    assert published.analysed_at == published.built_at
