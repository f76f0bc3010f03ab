"""What we run with: each package and jar by its hash, a licence that fits, a bill of materials; no secret in a file."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

PROJECT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT / "scripts"))

import audit_licences  # noqa: E402
import audit_secrets  # noqa: E402
import sbom  # noqa: E402


@pytest.mark.parametrize("name", ["run", "static", "dev", "jdk", "build", "uv"])
def test_each_package_is_named_by_version_and_hash(name: str) -> None:
    text = (PROJECT / "requirements" / f"{name}.txt").read_text()
    entries = re.split(r"\n(?=\S)", text.strip())
    assert entries
    for entry in entries:
        assert re.match(r"[A-Za-z0-9._\[\]-]+==\S+", entry), entry
        assert "--hash=sha256:" in entry, entry
    assert "://" not in text


def test_every_licence_is_on_the_list() -> None:
    found = audit_licences.licences()
    assert len(found) > 80
    assert audit_licences.problems(found) == []
    assert audit_licences.problems({"x": "GPL-3.0-only", "y": "unknown", "z": "MIT"}) == [
        "x: GPL-3.0-only",
        "y: unknown",
    ]


@pytest.mark.filterwarnings("default")
def test_the_bill_of_materials_is_whole_and_repeatable() -> None:
    text = sbom.text()
    assert text == sbom.text()
    bill = json.loads(text)
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    kinds = [component["purl"].split("/")[0] for component in bill["components"]]
    jars = {
        line.split()[1] for line in sbom.PROJECT.joinpath("src/zipotify/runtime/jars.lock").read_text().splitlines()[1:]
    }
    assert kinds.count("pkg:maven") == len(jars)
    assert kinds.count("pkg:pypi") >= len(audit_licences.shipped())
    assert all(component["hashes"] for component in bill["components"])
    pyspark = next(component for component in bill["components"] if component["name"] == "pyspark")
    assert pyspark["version"] in (PROJECT / "pyproject.toml").read_text()


@pytest.mark.parametrize(
    "line",
    [
        "-----BEGIN " + "RSA PRIVATE KEY-----",
        "aws = AKIA" + "IOSFODNN7EXAMPLF",
        "token = zip_" + "0a1b2c3d4e5f_" + "A" * 43,
        "password = " + repr("hunter2hunter2"),
        "url = 'postgresql://" + "me:hunter2@db/x'",
    ],
)
def test_the_secret_scan_finds_what_it_should(tmp_path: Path, line: str) -> None:
    file = tmp_path / "settings.py"
    file.write_text("x = 1\n" + line + "\n")
    assert [problem.split(":")[1] for problem in audit_secrets.found_in([file])] == ["2"]
    file.write_text("digest = '" + "0123456789abcdef" * 4 + "'\n")
    assert audit_secrets.found_in([file]) == []


def test_the_workflow_is_valid_and_runs_no_code_of_others() -> None:
    """Targets of ours, every hook, the bill of materials and the audit; no action that could change under us."""
    path = PROJECT / ".github" / "workflows" / "check.yml"
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows", str(path)]
    assert subprocess.run(check, capture_output=True).returncode == 0
    (job,) = yaml.safe_load(path.read_text())["jobs"].values()
    commands = " ".join(step["run"] for step in job["steps"])
    assert not any("uses" in step for step in job["steps"])
    for wanted in ("make ${{ matrix.target }}", "pre-commit run --all-files", "scripts/sbom.py", "pip-audit"):
        assert wanted in commands
    assert set(job["strategy"]["matrix"]["target"]) == {"check", "test"}
    hooks = yaml.safe_load((PROJECT / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    assert {hook["id"] for hook in hooks} >= {"bandit", "secrets", "mypy", "ruff-check", "import-rule", "sqlfluff"}
