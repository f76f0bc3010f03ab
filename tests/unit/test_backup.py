"""Backups of a home at rest: what is in them, and what is noticed when they are damaged."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from zipotify.errors import MissingInputError, UsageError, ZipotifyError
from zipotify.home import Home
from zipotify.lake.load import load_files
from zipotify.ops.backup import LISTING, make_backup, restore, verify
from zipotify.ops.backup_keep import keep_backups
from zipotify.ops.backup_pins import newest_plan, trim_checkpoint, within_batch
from zipotify.ops.ledger import check
from zipotify.settings import Settings, load_settings

EVENT = {"ts": 1541106106796, "sessionId": 5, "itemInSession": 0, "auth": "Logged In", "userId": "8", "level": "free"}


@pytest.fixture
def loaded(settings: Settings, tmp_path: Path) -> Settings:
    """A home with two events and a refused record."""
    file = tmp_path / "auth_events.ndjson"
    events = [{**EVENT, "itemInSession": item, "success": True} for item in range(2)]
    file.write_text("\n".join([*map(json.dumps, events), "not json"]) + "\n")
    load_files(settings, [file], "recorded")
    return settings


def test_a_backup_becomes_the_same_home_elsewhere(loaded: Settings, tmp_path: Path) -> None:
    backup = make_backup(loaded, str(tmp_path / "backups"))
    assert backup.produced_count == 3
    assert backup.lake_versions["events/auth_events"] >= 1
    home = Home(tmp_path / "other")
    assert restore(str(tmp_path / "backups" / backup.name), home) == backup
    ours, theirs = check(loaded), check(load_settings(home.root))
    assert theirs.balanced
    assert theirs.as_json() == ours.as_json()
    assert home.secret("user.key") == loaded.home.secret("user.key")
    assert stat.S_IMODE((home.root / "secrets" / "user.key").stat().st_mode) == 0o600


def test_secrets_stay_behind_when_asked_to(loaded: Settings, tmp_path: Path) -> None:
    backup = make_backup(loaded, str(tmp_path / "backups"), with_secrets=False)
    assert not any("secrets" in path for path in backup.files)
    key = loaded.home.secret("user.key").hex()
    files = [path for path in (tmp_path / "backups").rglob("*") if path.is_file()]
    assert not any(key.encode() in path.read_bytes() for path in files)


@pytest.mark.parametrize("damage", ["changed", "missing", "added"])
def test_damage_is_named_and_nothing_is_restored(loaded: Settings, tmp_path: Path, damage: str) -> None:
    backup = make_backup(loaded, str(tmp_path / "backups"))
    folder = tmp_path / "backups" / backup.name
    victim = next((folder / "home" / "lake" / "events" / "auth_events").rglob("*.parquet"))
    if damage == "changed":
        victim.write_bytes(victim.read_bytes()[:-1] + b"x")
    elif damage == "missing":
        victim.unlink()
    else:
        victim = victim.with_name("stranger.parquet")
        victim.write_bytes(b"x")
    with pytest.raises(ZipotifyError, match=victim.name):
        restore(str(folder), Home(tmp_path / "other"))
    assert not (tmp_path / "other").exists()


def test_an_unfinished_backup_is_none(loaded: Settings, tmp_path: Path) -> None:
    backup = make_backup(loaded, str(tmp_path / "backups"))
    folder = tmp_path / "backups" / backup.name
    (folder / LISTING).unlink()
    with pytest.raises(MissingInputError, match="no finished backup"):
        verify(folder)


def test_a_home_is_never_overwritten(loaded: Settings, tmp_path: Path) -> None:
    backup = make_backup(loaded, str(tmp_path / "backups"))
    with pytest.raises(UsageError, match="not empty"):
        restore(str(tmp_path / "backups" / backup.name), loaded.home)
    with pytest.raises(UsageError, match="inside the home"):
        make_backup(loaded, str(loaded.home.root / "backups"))
    with pytest.raises(MissingInputError):
        make_backup(load_settings(tmp_path / "absent"), str(tmp_path / "backups"))


def test_what_does_not_balance_is_no_backup(loaded: Settings, tmp_path: Path) -> None:
    for log in (loaded.home.lake / "quarantine" / "_delta_log").glob("*1.json"):
        log.unlink()
    with pytest.raises(ZipotifyError, match="does not balance"):
        make_backup(loaded, str(tmp_path / "backups"))
    assert not list((tmp_path / "backups").rglob(LISTING))


def test_only_the_newest_are_kept(loaded: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    for day in (1, 2, 3):
        old = folder / f"2020010{day}T000000Z"
        old.mkdir(parents=True)
        (old / LISTING).write_text("{}")
    (folder / "mine").mkdir()
    keep_backups(loaded.model_copy(update={"backup_keep_count": 2}), str(folder))
    left = sorted(path.name for path in folder.iterdir())
    assert left[0] == "20200103T000000Z"
    assert left[-1] == "mine"
    assert len(left) == 3


def _checkpoint(folder: Path, planned: int, committed: int) -> Path:
    for name, last in (("offsets", planned), ("commits", committed)):
        (folder / name).mkdir(parents=True)
        for number in range(last + 1):
            (folder / name / str(number)).write_text("x")
            (folder / name / f".{number}.crc").write_text("x")
    return folder


def test_a_copied_checkpoint_does_its_batch_again(tmp_path: Path) -> None:
    checkpoint = _checkpoint(tmp_path / "bronze", planned=7, committed=7)
    trim_checkpoint(checkpoint, 5)
    assert newest_plan(checkpoint) == 5
    assert max(int(path.name) for path in (checkpoint / "commits").glob("[0-9]*")) == 4
    assert not (checkpoint / "offsets" / ".6.crc").exists()
    with pytest.raises(ZipotifyError, match="plan of batch 9"):
        trim_checkpoint(checkpoint, 9)
    trim_checkpoint(checkpoint, None)
    assert newest_plan(checkpoint) is None


def test_what_is_read_while_a_batch_begins_is_read_again(tmp_path: Path) -> None:
    checkpoint = _checkpoint(tmp_path / "bronze", planned=1, committed=0)
    reads: list[int | None] = []

    def read() -> int:
        reads.append(newest_plan(checkpoint))
        if len(reads) == 1:
            (checkpoint / "offsets" / "2").write_text("x")
        return len(reads)

    assert within_batch(checkpoint, read) == (2, 2)
    assert reads == [1, 2]


def test_a_listing_of_another_kind_is_damage(loaded: Settings, tmp_path: Path) -> None:
    backup = make_backup(loaded, str(tmp_path / "backups"))
    folder = tmp_path / "backups" / backup.name
    (folder / LISTING).write_text("{}")
    with pytest.raises(ZipotifyError, match="is damaged"):
        verify(folder)
