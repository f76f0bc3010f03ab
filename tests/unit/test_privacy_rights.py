"""Export, erasure after a restore, retention and a new key, on the static path alone."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable
from typer.testing import CliRunner

from support import canary
from support.lake import rows, table
from zipotify.access.audit import AuditLog
from zipotify.cli import application
from zipotify.contracts.fields import PAGE_VIEW_EVENTS, TOPICS
from zipotify.contracts.identity import user_keyer
from zipotify.contracts.tables import TABLES
from zipotify.errors import ConfigError, ErasurePendingError, MissingInputError, UsageError
from zipotify.lake.load import LoadReport, load_files
from zipotify.ops.backup import make_backup, restore
from zipotify.ops.ledger import check
from zipotify.privacy.erase import enforce, erase
from zipotify.privacy.export import export
from zipotify.privacy.report import read, verified
from zipotify.privacy.retention import retain
from zipotify.privacy.rotate import rotate
from zipotify.privacy.scan import scan
from zipotify.settings import Settings, load_settings

AT_MS = 1_790_000_000_000


def loaded(settings: Settings, folder: Path, source: str = "web", **changes: Any) -> LoadReport:
    """The canary's session and, in session 8, somebody else's."""
    folder.mkdir(exist_ok=True)
    made = [*canary.events(7, AT_MS, **changes), *canary.events(8, AT_MS, **{**canary.OTHER, **changes})]
    for topic in (PAGE_VIEW_EVENTS, "listen_events"):
        (folder / f"{topic}.json").write_bytes(b"\n".join(value for name, value in made if name == topic) + b"\n")
    return load_files(settings, [folder], source)


def texts_found(settings: Settings) -> list[str]:
    found = scan([settings.home.lake], canary.texts()).findings
    return sorted({f"{finding.path}: {finding.where}" for finding in found})


def test_an_export_has_everything_of_one_person(settings: Settings, tmp_path: Path) -> None:
    loaded(settings, tmp_path / "in")
    found = json.loads(json.dumps(export(settings, canary.USER_ID)))
    assert found["attributes"][0]["last_name"] == canary.PRIVATE["lastName"]
    assert (found["source"], found["sessions"]) == ("web", [7])
    counts = {topic: len(found["events"][topic]) for topic in TOPICS}
    assert counts == {"listen_events": 5, "page_view_events": 6, "auth_events": 0, "status_change_events": 0}
    assert [row["reason"] for row in found["refused_records"]] == ["NOT_JSON"]
    assert canary.USER_ID in found["refused_records"][0]["value"]
    assert "Otherwise" not in json.dumps(found)


def test_whom_is_said_exactly(settings: Settings, tmp_path: Path) -> None:
    loaded(settings, tmp_path / "in")
    with pytest.raises(MissingInputError, match="no user nobody in any source"):
        export(settings, "nobody")
    loaded(settings, tmp_path / "in", source="app")
    with pytest.raises(UsageError, match="several sources: app, web"):
        erase(settings, [canary.USER_ID])
    erase(settings, [canary.USER_ID], "app")
    assert {row["source"] for row in rows(settings.home.lake, "users_private") if row["user_id"] == canary.USER_ID} == {
        "web"
    }


def test_a_lake_put_back_is_cleaned_before_anything_else(settings: Settings, tmp_path: Path) -> None:
    """Also when the list of the erased was put back with it: then the signed reports bring it up to date."""
    home = settings.home
    loaded(settings, tmp_path / "in")
    shutil.copytree(home.lake, tmp_path / "backup")
    report = tmp_path / "report.json"
    report.write_text(json.dumps(erase(settings, [canary.USER_ID])))
    assert texts_found(settings) == []
    for list_is_lost in (False, True):
        shutil.rmtree(home.lake)
        shutil.copytree(tmp_path / "backup", home.lake)
        if list_is_lost:
            (home.privacy / "erased.list").unlink()
        else:
            with pytest.raises(ErasurePendingError, match="privacy enforce"):
                loaded(settings, tmp_path / "in")
        assert texts_found(settings) != []
        again = enforce(settings, [read(report)] if list_is_lost else [])
        assert again["report"]["scan"]["found"] == []
        assert texts_found(settings) == []
        assert loaded(settings, tmp_path / "in").erased_count == 12
        assert check(settings).balanced


def test_a_backup_knows_who_was_erased_and_reports_tell_the_rest(settings: Settings, tmp_path: Path) -> None:
    loaded(settings, tmp_path / "in")
    erase(settings, ["other-user"])
    backup = make_backup(settings, str(tmp_path / "backups"))
    later = erase(settings, [canary.USER_ID])
    restored = load_settings(tmp_path / "restored")
    restore(str(tmp_path / "backups" / backup.name), restored.home)
    assert loaded(restored, tmp_path / "in").erased_count == 12
    assert texts_found(restored) != []
    enforce(restored, [later])
    assert texts_found(restored) == []
    assert loaded(restored, tmp_path / "in").erased_count == 24


def test_a_report_can_be_checked(settings: Settings, tmp_path: Path) -> None:
    loaded(settings, tmp_path / "in")
    document = erase(settings, [canary.USER_ID])
    assert verified(document, settings.home)["people"][0]["source"] == "web"
    changed = json.loads(json.dumps(document))
    changed["report"]["done"][0]["row_count"] += 1
    with pytest.raises(UsageError, match="signature is wrong"):
        verified(changed)
    with pytest.raises(UsageError, match="another home"):
        verified(document, load_settings(tmp_path / "another").home)
    assert [read(path) for path in (settings.home.privacy / "reports").iterdir()] == [document]


def test_erasing_keeps_what_exactly_once_writing_needs(settings: Settings, tmp_path: Path) -> None:
    report = loaded(settings, tmp_path / "in")
    path = str(settings.home.lake / TABLES[PAGE_VIEW_EVENTS].path)
    before = DeltaTable(path).transaction_version(report.load_id)
    erase(settings, [canary.USER_ID])
    assert DeltaTable(path).transaction_version(report.load_id) == before is not None
    assert {row["session_id"] for row in rows(settings.home.lake, PAGE_VIEW_EVENTS)} == {8}


def test_old_rows_expire_and_the_ledger_knows(tmp_path: Path) -> None:
    kept = {"page_view_events": 30, "quarantine": 1, "users_private": 1}
    settings = load_settings(tmp_path / "home", retention_days=kept)
    loaded(settings, tmp_path / "in")
    day = datetime.fromtimestamp(AT_MS / 1000, UTC)
    assert [done.row_count for done in retain(settings, day + timedelta(days=30))] == [0, 0, 0]
    later = max(day + timedelta(days=31), datetime.now(UTC) + timedelta(days=2))
    done = {place.place: place.row_count for place in retain(settings, later)}
    # Attributes stay while a play of the person is there.
    assert done == {"lake/events/page_view_events": 12, "lake/quarantine": 2, "lake/users_private": 0}
    ledger = check(settings)
    assert ledger.balanced
    assert ledger.total("expired") == 14
    with pytest.raises(ConfigError, match="names no table"):
        retain(load_settings(tmp_path / "home", retention_days={"plays": 1}))


def test_a_new_key_changes_every_hash_and_no_meaning(settings: Settings, tmp_path: Path) -> None:
    loaded(settings, tmp_path / "in")
    old_secret = settings.user_key()
    before = table(settings.home.lake, PAGE_VIEW_EVENTS)
    keys = [user_keyer(old_secret)("web", name) for name in (canary.USER_ID, "other-user")]
    assert len(scan([settings.home.lake], keys).findings) > 4
    rotate(settings)
    assert settings.user_key() != old_secret
    assert scan([settings.home.root], [*keys, old_secret.hex()]).findings == []
    new = user_keyer(settings.user_key())
    after = table(settings.home.lake, PAGE_VIEW_EVENTS)
    assert set(after["user_key"].drop_nulls()) == {new("web", canary.USER_ID), new("web", "other-user")}
    kept = [name for name in before.columns if name not in ("user_key", "content_hash")]
    assert after.sort("event_id").select(kept).equals(before.sort("event_id").select(kept))
    again = loaded(settings, tmp_path / "in")
    assert (again.bronze_count, again.repeat_count) == (0, 22)
    with pytest.raises(UsageError, match="user_key_secret"):
        rotate(load_settings(tmp_path / "home2", user_key_secret="00" * 16))


def test_an_interrupted_rotation_goes_on(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from zipotify.privacy import rotate as module

    loaded(settings, tmp_path / "in")
    monkeypatch.setattr(module, "_renew_serving", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        rotate(settings)
    monkeypatch.undo()
    rotate(settings)
    assert loaded(settings, tmp_path / "in").repeat_count == 22


def test_the_verbs_say_what_they_did_and_the_audit_log_keeps_it(settings: Settings, tmp_path: Path) -> None:
    loaded(settings, tmp_path / "in")
    run = CliRunner()
    home = ["--home", str(settings.home.root), "privacy"]
    exported = run.invoke(application(), [*home, "export", canary.USER_ID])
    assert json.loads(exported.stdout)["user_id"] == canary.USER_ID
    asked = run.invoke(application(), [*home, "erase", canary.USER_ID], input="n\n")
    assert asked.exit_code == 1
    assert texts_found(settings) != []
    done = run.invoke(application(), [*home, "erase", canary.USER_ID, "--yes"])
    assert done.exit_code == 0
    report = settings.home.privacy / "reports" / f"erasure-{json.loads(done.stdout)['report']['report_id']}.json"
    assert "genuine" in run.invoke(application(), [*home, "verify", str(report)]).stdout
    assert run.invoke(application(), [*home, "rotate-key"]).exit_code == 0
    log = AuditLog(settings.home)
    assert [row["action"] for row in log.rows()] == ["exported a person", "erased", "renewed the user key"]
    assert not any(text in log.path.read_text() for text in canary.texts())
    log.verify()
