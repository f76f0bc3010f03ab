"""The whole tree: no secret in any file, nothing that bandit calls grave, and a wheel that anybody can make again."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT / "scripts"))


def test_no_file_holds_a_secret() -> None:
    import audit_secrets

    files = [file for file in audit_secrets.tracked_files() if "requirements" not in file.parts]
    assert len(files) > 200
    assert audit_secrets.found_in(files) == []


def test_bandit_finds_nothing_grave() -> None:
    """Its graver half, which ruff's rules of the same origin do not have in full; ours talks XML-RPC to itself only."""
    bandit = [sys.executable, "-m", "bandit", "-q", "-r", "src", "scripts", "-lll", "--skip", "B411"]
    done = subprocess.run(bandit, cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_two_builds_give_the_same_wheel(tmp_path: Path) -> None:
    """From copies in other places, made at other times, with another order of their files."""
    sums = [_wheel(tmp_path / name, order) for name, order in (("one", False), ("another-place", True))]
    assert sums[0] == sums[1]


def _wheel(folder: Path, is_reversed: bool) -> tuple[str, str]:
    names = [name for name in ("src", "dbt", "README.md", "LICENSE", "pyproject.toml") if (PROJECT / name).exists()]
    for name in sorted(names, reverse=is_reversed):
        source, target = PROJECT / name, folder / "tree" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "target", "logs"))
        else:
            shutil.copyfile(source, target)
    made = os.environ | {"SOURCE_DATE_EPOCH": "1700000000", "TZ": "Asia/Tokyo" if is_reversed else "UTC"}
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder / "dist")]
    subprocess.run(build, cwd=folder / "tree", env=made, check=True, capture_output=True)
    (wheel,) = (folder / "dist").glob("*.whl")
    return wheel.name, hashlib.sha256(wheel.read_bytes()).hexdigest()
