"""A history that was built piece by piece is the history built at once: every table, every row, every column."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import orjson
import pytest
from deltalake import DeltaTable

from support.warehouse import is_as_from_nothing, marts, new_home
from zipotify.contracts.tables import BRONZE
from zipotify.errors import BuildError
from zipotify.lake.load import load_files
from zipotify.settings import Settings
from zipotify.warehouse import build as building
from zipotify.warehouse import runner, snapshot_file
from zipotify.warehouse.runner import DbtRunner

pytestmark = [pytest.mark.integration, pytest.mark.filterwarnings("ignore")]

_PIECES = ((0.60, 0), (0.62, 4), (0.90, 1), (0.98, 3), (1.00, 2))
"""Where each stretch of time ends, as a share of the history, and in which order it comes: uneven, out of order."""
_LATE_SHARE = 0.02
_FIRST_HALF = ("--select", "staging", "intermediate", "fct_sessions")


@pytest.fixture
def pieces(sources: dict[str, Path], tmp_path: Path) -> list[Path]:
    """The simulated events in five uneven folders, out of order; some of each stretch come with another one."""
    chance = random.Random(7)
    events = [(file.name, line) for file in sorted(sources["sim"].rglob("*.ndjson")) for line in file.open("rb")]
    instants = [orjson.loads(line)["ts"] for _, line in events]
    first, last = min(instants), max(instants)
    files: dict[Path, list[bytes]] = defaultdict(list)
    for (name, line), instant in zip(events, instants, strict=True):
        share = (instant - first) / (last - first)
        place = next(place for end, place in _PIECES if share <= end)
        place = chance.randrange(5) if chance.random() < _LATE_SHARE else place
        files[tmp_path / f"piece{place}" / name].append(line)
    for file, lines in files.items():
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(b"".join(lines))
    return [tmp_path / f"piece{place}" for place in range(5)]


@pytest.fixture
def without_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Builds here are compared with each other; their checks run in the other tests."""
    monkeypatch.setattr(runner, "_NO_UNIT_TESTS", ("--exclude-resource-types", "unit_test", "test"))


@contextmanager
def _killed() -> Iterator[None]:
    """Builds inside of this end when staging, and only some of what follows, are replaced."""

    def half(self: DbtRunner, with_analyses: bool = True) -> list[str]:  # noqa: ARG001 - it never gets so far
        self._run("run", *_FIRST_HALF)
        raise BuildError("killed", "run it again")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(DbtRunner, "build", half)
        yield


@contextmanager
def _lake_grows(settings: Settings, piece: Path) -> Iterator[None]:
    """Builds inside of this are planned before the piece is loaded, and read the lake afterwards."""
    build = DbtRunner.build

    def grown(self: DbtRunner, with_analyses: bool = True) -> list[str]:
        load_files(settings, [piece], "sim")
        return build(self, with_analyses)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(DbtRunner, "build", grown)
        yield


def _build(settings: Settings, full: bool = False, everything: bool = False) -> str:
    """Why the build started from nothing; empty when it did not."""
    return building.build(settings, full, everything=everything).full_because


@pytest.fixture
def brought_up(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Snapshots are brought up from the one before, however much is new; the tables, in the order it is done."""
    found: list[str] = []
    bring_up = snapshot_file._is_brought_up

    def noted(connection: duckdb.DuckDBPyConnection, mart: str, condition: str | None) -> bool:
        is_done = bring_up(connection, mart, condition)
        found.extend([mart] if is_done else [])
        return is_done

    monkeypatch.setattr(snapshot_file, "_WHOLE_FROM_SHARE", 1)
    monkeypatch.setattr(snapshot_file, "_is_brought_up", noted)
    return found


@pytest.mark.usefixtures("without_checks")
def test_five_pieces_out_of_order_make_what_one_build_makes(
    pieces: list[Path], tmp_path: Path, brought_up: list[str]
) -> None:
    settings = new_home(tmp_path / "home")
    reasons = []
    for number, piece in enumerate(pieces[:4]):
        load_files(settings, [piece], "sim")
        if number == 2:
            with _killed(), pytest.raises(BuildError, match="killed"):
                _build(settings)
        elif number == 3:
            plays = DeltaTable(str(settings.home.lake / BRONZE["listen_events"].path)).count()
            with _lake_grows(settings, pieces[4]):
                reasons.append(_build(settings))
            assert len(marts(settings)["fct_plays"]) == plays
        else:
            reasons.append(_build(settings))
    reasons.append(_build(settings, everything=True))
    assert reasons == ["nothing was built yet", "", "", ""]
    published, tables = marts(settings), set(brought_up)
    at_once = is_as_from_nothing(settings)
    assert len(at_once["marts.fct_plays"]) > 1000
    assert {"fct_plays", "fct_sessions", "dim_users", "fct_user_days", "agg_day", "agg_active_users"} <= tables
    for name, rows in marts(settings).items():
        assert published[name] == rows, name
    assert set(brought_up) == tables, "a build from nothing took something over"
