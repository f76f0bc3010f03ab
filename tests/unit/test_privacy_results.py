"""Results of analyses that tell of one person: exported with them, gone with them, and emptied by a new key."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest
from deltalake import write_deltalake

from support import canary
from zipotify.contracts.analyses import CHURN_RISK, PERSONAL_RESULTS, RECOMMENDATIONS
from zipotify.contracts.identity import user_keyer
from zipotify.contracts.schemas import arrow_schema
from zipotify.errors import HomeInUseError
from zipotify.lake.load import load_files
from zipotify.privacy.erase import erase
from zipotify.privacy.export import export
from zipotify.privacy.report import verified
from zipotify.privacy.rotate import rotate
from zipotify.settings import Settings

AT_MS = 1_790_000_000_000


def users_of(settings: Settings) -> list[list[str]]:
    """Users with results, by table."""
    return [list(pl.read_delta(str(settings.home.lake / table.path))["user_key"]) for table in PERSONAL_RESULTS]


def planted(settings: Settings, folder: Path) -> tuple[str, str]:
    """Results on the canary and on somebody else, and a scratch folder that a killed run left; returns both keys."""
    folder.mkdir()
    made = [*canary.events(7, AT_MS), *canary.events(8, AT_MS, **canary.OTHER)]
    (folder / "listen_events.json").write_bytes(b"\n".join(value for name, value in made if name == "listen_events"))
    load_files(settings, [folder], "web")
    keys = [user_keyer(settings.user_key())("web", user) for user in (canary.USER_ID, canary.OTHER["userId"])]
    for key in keys:
        track = {"source": "web", "user_key": key, "rank_number": 1, "track_key": "unknown", "score": 0.5}
        risk = {"source": "web", "user_key": key, "as_of_date": date(2026, 9, 1), "horizon_days": 7, "risk": 0.25}
        for table, row in ((RECOMMENDATIONS, track), (CHURN_RISK, risk)):
            path = settings.home.lake / table.path
            write_deltalake(str(path), pa.Table.from_pylist([row], arrow_schema(table)), mode="append")
    (settings.home.run / "analyses").mkdir(parents=True)
    (settings.home.run / "analyses" / "users.parquet").write_text(keys[0])
    return keys[0], keys[1]


def test_an_erased_person_is_in_no_result(settings: Settings, tmp_path: Path) -> None:
    mine, other = planted(settings, tmp_path / "in")
    with settings.home.lock("analyses"), pytest.raises(HomeInUseError, match="analyses"):
        erase(settings, [canary.USER_ID])
    report = verified(erase(settings, [canary.USER_ID]), settings.home)
    assert report["scan"]["found"] == []
    assert mine != other
    assert users_of(settings) == [[other], [other]]
    assert not (settings.home.run / "analyses").exists()


def test_a_new_key_empties_results(settings: Settings, tmp_path: Path) -> None:
    planted(settings, tmp_path / "in")
    rotate(settings)
    assert users_of(settings) == [[], []]


def test_results_are_part_of_an_export(settings: Settings, tmp_path: Path) -> None:
    planted(settings, tmp_path / "in")
    found = export(settings, canary.USER_ID)["results"]
    assert [row["score"] for row in found["recommendations"]] == [0.5]
    assert [row["risk"] for row in found["churn_risk"]] == [0.25]
