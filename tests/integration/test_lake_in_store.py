"""A home's lake on a real S3 server: moved there, written, merged, read by DuckDB as a build does, backed up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.lake import assert_asked_like_a_folder, counted_by_duckdb, load_sign_ins, table
from support.object_store import BUCKET, account_with_policy, running_store
from zipotify.access.store_policies import STORE_ROLES, policy
from zipotify.contracts.fields import AUTH_EVENTS
from zipotify.contracts.tables import BRONZE, QUARANTINE, USERS_PRIVATE
from zipotify.errors import ConfigError
from zipotify.home import Home
from zipotify.lake.files import compact, named_tables
from zipotify.lake.move import copy_lake
from zipotify.ops.backup import make_backup, restore
from zipotify.ops.ledger import check
from zipotify.ops.profiles import examine_profile
from zipotify.places import StoreFolder
from zipotify.settings import Settings, load_settings

pytestmark = pytest.mark.integration
DENIED = "ACCESS_DENIED|AccessDenied|Access Denied"
DENIED_OR_UNKNOWN = f"{DENIED}|InvalidAccessKeyId|INVALID_ACCESS_KEY|INVALID_CLIENT_TOKEN"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[pytest.MonkeyPatch]:
    """The server, an empty bucket, and the environment that leads there."""
    with running_store(tmp_path_factory.mktemp("s3")) as patch:
        yield patch


@pytest.mark.usefixtures("store")
def test_a_lake_moves_into_the_store_and_goes_on_there(tmp_path: Path) -> None:
    here = load_settings(tmp_path / "home")
    load_sign_ins(here, tmp_path / "first", range(100))
    before = check(here).as_json()["rows"]
    address = f"s3://{BUCKET}/moved/lake"
    copy_lake(here.home.lake, address)
    (here.home.root / "lake").rename(tmp_path / "lake-as-it-was")
    there = load_settings(here.home.root, lake_url=address)
    assert check(there).as_json()["rows"] == before

    load_sign_ins(there, tmp_path / "second", range(50, 150))
    compact(there.home.lake, named_tables(there.home.lake, AUTH_EVENTS))
    assert not (there.home.root / "lake").exists()
    assert Counter(table(there.home.lake, AUTH_EVENTS)["session_id"]) == Counter(dict.fromkeys(range(150), 2))
    assert table(there.home.lake, "repeats").height == 100
    assert check(there).balanced
    assert counted_by_duckdb(address) == (300, 150)
    backup = make_backup(there, str(tmp_path / "backups"))
    restore(str(tmp_path / "backups" / backup.name), Home(tmp_path / "restored"))
    assert table(tmp_path / "restored" / "lake", AUTH_EVENTS).height == 300


def test_rights_at_the_lakes_place_are_looked_at_before_anything_starts(
    store: pytest.MonkeyPatch, settings: Settings
) -> None:
    there = settings.model_copy(update={"lake_url": f"s3://{BUCKET}/doctor/lake"})
    assert [finding.good for finding in examine_profile(there) if finding.name == "lake"] == [True]
    with store.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "reader")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "reader-secret")
        assert [finding.good for finding in examine_profile(there) if finding.name == "lake"] == [False]


@pytest.mark.usefixtures("store")
def test_a_place_in_the_store_is_asked_like_a_folder() -> None:
    assert_asked_like_a_folder(f"s3://{BUCKET}/places")


@pytest.mark.parametrize("address", ["", "s3://", "gs://", "gs:///", "az://bucket/lake", "/srv/lake"])
def test_an_address_that_no_lake_can_have_is_refused(tmp_path: Path, address: str) -> None:
    with pytest.raises(ConfigError, match="lake_url"):
        _ = load_settings(tmp_path, lake_url=address).home.lake


@pytest.fixture(scope="module")
def guarded(store: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A lake in the store, and an account at it for each role, with the role's policy and nothing else."""
    del store
    folder = tmp_path_factory.mktemp("guarded")
    address = f"s3://{BUCKET}/guarded/lake"
    load_sign_ins(load_settings(folder / "home", lake_url=address), folder / "in", range(3))
    for role in STORE_ROLES:
        account_with_policy(folder, f"the-{role}", policy(role, address))
    return address


@pytest.fixture
def acts_as(store: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    with store.context() as patch:

        def become(name: str) -> None:
            patch.setenv("AWS_ACCESS_KEY_ID", name)
            patch.setenv("AWS_SECRET_ACCESS_KEY", f"{name}-secret")

        yield become


def _file_of(address: str, path: str) -> StoreFolder:
    """Some file of a table's log, found with every right."""
    return next(iter((StoreFolder(address) / path / "_delta_log").iterdir()))


def test_a_builder_reads_what_models_read_and_nothing_else(guarded: str, acts_as: Callable[[str], None]) -> None:
    open_log = _file_of(guarded, BRONZE[AUTH_EVENTS].path)
    hidden = [_file_of(guarded, table.path) for table in (USERS_PRIVATE, QUARANTINE)]
    acts_as("the-builder")
    assert counted_by_duckdb(guarded) == (6, 3)
    assert open_log.read_bytes()
    for file in hidden:
        with pytest.raises(OSError, match=DENIED):
            file.read_bytes()
    for act in (lambda: (StoreFolder(guarded) / "new").write_text("x"), open_log.unlink):
        with pytest.raises(OSError, match=DENIED):
            act()
    assert open_log.read_bytes()


def test_a_writer_writes_the_lake_and_nothing_beside_it(
    guarded: str, acts_as: Callable[[str], None], tmp_path: Path
) -> None:
    beside = StoreFolder(f"s3://{BUCKET}/guarded/other")
    (beside / "file").write_text("not yours")
    acts_as("the-writer")
    there = load_settings(tmp_path / "home", lake_url=guarded, user_key_secret="00" * 16)
    load_sign_ins(there, tmp_path / "more", range(3, 6))
    assert table(there.home.lake, AUTH_EVENTS).height == 12
    compact(there.home.lake, named_tables(there.home.lake, AUTH_EVENTS))
    for act in ((beside / "file").read_bytes, (beside / "file").unlink, lambda: (beside / "new").write_text("x")):
        with pytest.raises(OSError, match=DENIED):
            act()


def test_an_account_that_is_none_gets_nothing(guarded: str, acts_as: Callable[[str], None]) -> None:
    log = _file_of(guarded, BRONZE[AUTH_EVENTS].path)
    acts_as("somebody")
    with pytest.raises(OSError, match=DENIED_OR_UNKNOWN):
        log.read_bytes()
