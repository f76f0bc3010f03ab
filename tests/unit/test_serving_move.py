"""What the serving database holds moves whole, once, and only while nothing runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import func, insert, select

from zipotify.contracts import serving
from zipotify.errors import HomeInUseError, MissingInputError, UsageError
from zipotify.ops.serving_move import move_serving
from zipotify.settings import Settings, load_settings


def _moving(settings: Settings, tmp_path: Path) -> Settings:
    return load_settings(settings.home.root, serving_url=SecretStr(f"sqlite:///{tmp_path}/other.db"))


def _counts(settings: Settings) -> dict[str, int]:
    engine = serving.connect(settings.serving_address())
    with engine.connect() as connection:
        tables = serving.metadata.sorted_tables
        counts = {t.name: connection.execute(select(func.count()).select_from(t)).scalar_one() for t in tables}
    engine.dispose()
    return counts


def test_all_rows_move_and_none_twice(settings: Settings, tmp_path: Path) -> None:
    settings.home.root.mkdir()
    engine = serving.connect(settings.serving_address())
    with engine.begin() as connection:
        row = {"topic": "listen_events", "partition": 1, "source": "ä'", "produced_count": 7}
        connection.execute(insert(serving.ledger_counts), [{**row, "hour_s": hour} for hour in range(12_345)])
        build = {"build_id": "b", "started_at_ms": 1, "finished_at_ms": None, "state": "running", "message": "é"}
        connection.execute(insert(serving.builds).values(build))
    engine.dispose()
    other = _moving(settings, tmp_path)
    with settings.home.lock("home"), pytest.raises(HomeInUseError):
        move_serving(other)
    assert move_serving(other) == 12_346
    assert _counts(other) == _counts(settings)
    with pytest.raises(UsageError, match="has rows"):
        move_serving(other)


def test_a_move_needs_two_databases(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="serving_url is not set"):
        move_serving(settings)
    with pytest.raises(MissingInputError):
        move_serving(_moving(settings, tmp_path))
