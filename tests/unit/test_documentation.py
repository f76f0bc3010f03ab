"""dbt's documentation as one page: its data can't break out of its script, and say nothing of this machine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from zipotify.contracts.snapshot import DOCUMENTATION
from zipotify.dashboard.documentation import script_hash
from zipotify.errors import BuildError, QueryError
from zipotify.settings import Settings
from zipotify.warehouse.documentation import write_documentation
from zipotify.warehouse.runner import DbtRunner

_TEMPLATE = (
    '<!doctype html><html lang="en"><head><script defer="defer">var n={manifest:"MANIFEST.JSON INLINE DATA",'
    'catalog:"CATALOG.JSON INLINE DATA"}</script></head><body><use xlink:href="{{ icon }}"></use></body></html>'
)


@pytest.fixture
def target(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A target folder as dbt leaves it, and a dbt that does nothing."""
    monkeypatch.setattr(DbtRunner, "document", lambda _self: None)
    folder = settings.home.warehouse_file.parent / "target"
    folder.mkdir(parents=True)
    settings.home.published.mkdir()
    (folder / "index.html").write_text(_TEMPLATE)
    (folder / "catalog.json").write_text("{}")
    (folder / "manifest.json").write_text(json.dumps({"path": f"{settings.home.root}/warehouse/x.sql"}))
    return folder


def _written(settings: Settings) -> str:
    write_documentation(settings)
    return (settings.home.published / DOCUMENTATION).read_text()


def test_data_stay_within_the_script(settings: Settings, target: Path) -> None:
    evil = {"description": "</script><script>alert(1)</script><!--<script>"}
    (target / "manifest.json").write_text(json.dumps(evil))
    page = _written(settings)
    assert page.count("<script") == page.count("</script") == 1
    data = page.partition("manifest:")[2].partition(",catalog")[0]
    assert json.loads(data) == evil


@pytest.mark.usefixtures("target")
def test_folders_of_the_machine_are_left_out(settings: Settings) -> None:
    page = _written(settings)
    assert str(settings.home.root) not in page
    assert '"path": "warehouse/x.sql"' in page


def test_the_policy_names_the_script_as_it_stands(settings: Settings, target: Path) -> None:
    first = script_hash(_written(settings).encode())
    (target / "manifest.json").write_text("{}")
    assert script_hash(_written(settings).encode()) != first
    # echo -n "var a" | openssl dgst -sha256 -binary | base64
    expected = "'sha256-jWQ1+iQ9Wxok9DsvUqwcis7Ewkms07+pNFXRYkRddFs='"
    assert script_hash(b"<html><script defer>var a</script>") == expected
    with pytest.raises(QueryError, match="can't be read"):
        script_hash(b"<html></html>")


@pytest.mark.usefixtures("target")
def test_what_goes_wrong_leaves_the_page_that_is_there(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    before = _written(settings)

    def fails(_self: DbtRunner) -> None:
        raise BuildError("dbt did not run", "see its log")

    monkeypatch.setattr(DbtRunner, "document", fails)
    assert _written(settings) == before
    assert "dbt did not run" in caplog.text
