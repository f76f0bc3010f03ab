"""A real S3 server (SeaweedFS): backups go there and come back, and a Delta table of our contract lives there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake
from deltalake.exceptions import CommitFailedError

from support.object_store import BUCKET, running_store
from zipotify.contracts.schemas import arrow_schema
from zipotify.contracts.tables import REPEATS
from zipotify.errors import MissingInputError, ZipotifyError
from zipotify.home import Home
from zipotify.lake.load import load_files
from zipotify.ops.backup import make_backup, restore
from zipotify.ops.doctor import Finding
from zipotify.ops.ledger import check
from zipotify.ops.profiles import examine_profile
from zipotify.places import open_store
from zipotify.settings import Settings, load_settings

pytestmark = pytest.mark.integration
EVENT = {"ts": 1541106106796, "sessionId": 5, "itemInSession": 0, "auth": "Logged In", "userId": "8", "level": "free"}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[pytest.MonkeyPatch]:
    """The server, an empty bucket, and the environment that leads there."""
    with running_store(tmp_path_factory.mktemp("s3")) as patch:
        yield patch


@pytest.fixture
def loaded(settings: Settings, tmp_path: Path) -> Settings:
    file = tmp_path / "auth_events.ndjson"
    events = [{**EVENT, "itemInSession": item, "success": True} for item in range(20)]
    file.write_text("\n".join(map(json.dumps, events)) + "\nnot json\n")
    load_files(settings, [file], "recorded")
    return settings


@pytest.mark.usefixtures("store")
def test_a_backup_goes_to_the_store_and_comes_back(loaded: Settings, tmp_path: Path) -> None:
    backup = make_backup(loaded, f"s3://{BUCKET}/backups")
    home = Home(tmp_path / "restored")
    assert restore(f"s3://{BUCKET}/backups/{backup.name}", home) == backup
    assert check(load_settings(home.root)).as_json() == check(loaded).as_json()


@pytest.mark.usefixtures("store")
def test_a_backup_that_is_damaged_in_the_store_is_refused(loaded: Settings, tmp_path: Path) -> None:
    backup = make_backup(loaded, f"s3://{BUCKET}/damaged")
    system, path = open_store(f"s3://{BUCKET}/damaged/{backup.name}")
    victim = next(name for name in backup.files if name.endswith(".parquet"))
    with system.open_output_stream(f"{path}/home/{victim}") as stream:
        stream.write(b"other bytes")
    with pytest.raises(ZipotifyError, match="is damaged"):
        restore(f"s3://{BUCKET}/damaged/{backup.name}", Home(tmp_path / "restored"))
    system.delete_file(f"{path}/backup.json")
    with pytest.raises(MissingInputError, match="no finished backup"):
        restore(f"s3://{BUCKET}/damaged/{backup.name}", Home(tmp_path / "restored"))
    assert not (tmp_path / "restored").exists()


def _finding(settings: Settings) -> Finding:
    return next(finding for finding in examine_profile(settings) if finding.name == "backups")


def test_wrong_keys_and_missing_rights_are_named_before_anything_starts(
    store: pytest.MonkeyPatch, settings: Settings
) -> None:
    settings = settings.model_copy(update={"backup_to": f"s3://{BUCKET}/doctor"})
    assert _finding(settings).good
    with store.context() as patch:
        patch.setenv("AWS_SECRET_ACCESS_KEY", "canary-wrong")
        finding = _finding(settings)
    assert not finding.good
    assert "canary" not in finding.as_line()
    with store.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "reader")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "reader-secret")
        finding = _finding(settings)
    assert not finding.good
    assert "rights" in finding.to_do


@pytest.mark.usefixtures("store")
def test_a_delta_table_of_our_contract_lives_in_the_store() -> None:
    """Create, append, read, compact; and of two writers who start from the same version, one is told."""
    address = f"s3://{BUCKET}/lake/{REPEATS.path}"
    options = {"conditional_put": "etag"}
    now = datetime(2026, 1, 1, tzinfo=UTC)
    row = {"topic": "auth_events", "event_id": "e", "source": "s", "produced_at": now, "ingested_at": now}
    schema = arrow_schema(REPEATS)
    batch = pa.Table.from_pylist([row], schema=schema)
    DeltaTable.create(address, schema, storage_options=options)
    for _ in range(3):
        write_deltalake(address, batch, mode="append", storage_options=options)
    table = DeltaTable(address, storage_options=options)
    assert table.to_pyarrow_table().num_rows == 3
    table.optimize.compact()
    assert len(table.file_uris()) == 1
    stale = DeltaTable(address, storage_options=options)
    table.delete("event_id = 'e'")
    with pytest.raises(CommitFailedError):
        stale.delete("event_id = 'e'")
    assert DeltaTable(address, storage_options=options).to_pyarrow_table().num_rows == 0
