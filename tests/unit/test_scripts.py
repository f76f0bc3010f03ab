"""Shell scripts: they parse, linters find nothing, and mistakes are told in words."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
SHELL = sorted((PROJECT / "scripts").glob("*.sh"))
SCRIPTS = [script for script in SHELL if script.name != "common.sh"]


def ran(*command: str | Path, cwd: Path = PROJECT, **environment: str) -> subprocess.CompletedProcess[str]:
    import os

    return subprocess.run(
        command, cwd=cwd, env={**os.environ, **environment}, capture_output=True, text=True, check=False, timeout=300
    )


@pytest.mark.parametrize("script", SHELL, ids=lambda path: path.name)
def test_scripts_are_plain_sh(script: Path) -> None:
    assert script.read_text().startswith("#!/bin/sh\n") or script.name == "common.sh"
    done = ran("sh", "-n", script)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_scripts_stop_at_the_first_error_and_may_be_run(script: Path) -> None:
    text = script.read_text()
    assert "\nset -eu\n" in text
    assert script.stat().st_mode & 0o111


def test_shellcheck_finds_nothing() -> None:
    program = shutil.which("shellcheck", path=str(Path(sys.executable).parent))
    assert program, "shellcheck comes with requirements/dev.txt"
    done = ran(program, "--external-sources", *SHELL, cwd=PROJECT / "scripts")
    assert done.returncode == 0, done.stdout


def test_an_unknown_set_up_is_told(tmp_path: Path) -> None:
    done = ran("sh", PROJECT / "scripts" / "setup.sh", "everything", ZIPOTIFY_CACHE=str(tmp_path))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines() == ["zipotify: unknown set-up 'everything'", "  -> use run, dev or static"]


def test_no_python_that_fits_is_told(tmp_path: Path) -> None:
    done = ran("sh", PROJECT / "scripts" / "setup.sh", "static", ZIPOTIFY_CACHE=str(tmp_path), PYTHON="no-such-python")
    assert done.returncode == 1
    assert "no Python 3.11, 3.12 or 3.13 found (tried: no-such-python)" in done.stderr
    assert "make setup PYTHON=" in done.stderr


def copied(tmp_path: Path, *names: str) -> Path:
    """The scripts in a project of their own, where they may remove things."""
    project = tmp_path / "a project"
    (project / "scripts").mkdir(parents=True)
    for name in ("common.sh", *names):
        shutil.copy(PROJECT / "scripts" / name, project / "scripts" / name)
    for folder in ("src", "tests", ".venv/bin", ".cache/x", "dbt/target", ".zipotify-static/lake", "other-home/lake"):
        (project / folder).mkdir(parents=True)
    return project


def test_clean_removes_the_demos_home_and_no_other(tmp_path: Path) -> None:
    project = copied(tmp_path, "clean.sh")
    done = ran("sh", project / "scripts" / "clean.sh", cwd=tmp_path, ZIPOTIFY_CACHE="")
    assert done.returncode == 0, done.stderr
    kept = {path.name for path in project.iterdir()}
    assert kept == {"scripts", "src", "tests", ".venv", ".cache", "dbt", "other-home"}
    assert not (project / "dbt" / "target").exists()


def test_clean_all_leaves_a_cache_that_is_shared(tmp_path: Path) -> None:
    project, shared = copied(tmp_path, "clean.sh"), tmp_path / "shared-cache"
    shared.mkdir()
    done = ran("sh", project / "scripts" / "clean.sh", "all", ZIPOTIFY_CACHE=str(shared))
    assert done.returncode == 0, done.stderr
    assert shared.exists()
    assert "left alone" in done.stdout
    assert not (project / ".venv").exists()
    assert (project / "other-home").exists()


def test_settings_of_pip_are_handed_to_uv_quoted(tmp_path: Path) -> None:
    """Spaces and quotes of a value must not become shell words; what uv has been told stays."""
    configuration = tmp_path / "pip.conf"
    configuration.write_text("[global]\nindex-url = http://u:p$x'y@example.invalid/a b\nproxy = http://p:1\n")
    python = getattr(sys, "_base_executable", sys.executable)
    if ran(python, "-m", "pip", "--version").returncode:
        pytest.skip(f"{python} has no pip, whose settings these are")
    given = {"PIP_CONFIG_FILE": str(configuration), "UV_HTTP_TIMEOUT": "5", "PIP_DEFAULT_TIMEOUT": "77"}
    shown = '"$UV_DEFAULT_INDEX" "$ALL_PROXY" "$UV_HTTP_TIMEOUT"'
    command = f'eval "$({python} {PROJECT}/scripts/pip_settings.py)"; printf "%s|%s|%s" {shown}'
    unset = [f"-u{name}" for name in ("UV_DEFAULT_INDEX", "ALL_PROXY", "PIP_INDEX_URL", "PIP_PROXY")]
    done = ran("env", *unset, "sh", "-c", command, **given)
    assert done.stdout == "http://u:p$x'y@example.invalid/a b|http://p:1|5", done.stderr
