"""The import rule itself: it covers every package, and it would notice a breach."""

from __future__ import annotations

import ast
import subprocess
import tomllib
from pathlib import Path

PROJECT = Path(__file__).parents[2]
PACKAGE = PROJECT / "src" / "zipotify"
CONTRACTS = {
    contract["type"]: contract
    for contract in tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
}


def packages() -> set[str]:
    """Packages under version control; one that is only being begun has no place yet."""
    call = ["git", "ls-files", "src/zipotify/*/__init__.py"]
    listed = subprocess.run(call, cwd=PROJECT, capture_output=True, text=True, check=False).stdout
    return {Path(name).parts[2] for name in listed.split() if len(Path(name).parts) == 4} - {"data"}


def test_every_package_has_a_place_in_the_rule() -> None:
    placed = {
        name.strip().removeprefix("zipotify.")
        for layer in CONTRACTS["layers"]["layers"]
        for name in layer.replace(":", "|").split("|")
    }
    assert packages() <= placed, "a new package belongs into pyproject.toml, [tool.importlinter]"


def test_stages_meet_through_data() -> None:
    """Counted by hand, beside the linter: no stage imports another one."""
    stages = {name.removeprefix("zipotify.") for name in CONTRACTS["independence"]["modules"]}
    breaches = [
        (file.relative_to(PACKAGE).as_posix(), module)
        for stage in stages
        for file in (PACKAGE / stage).rglob("*.py")
        for module in imported(file)
        if module.split(".")[1] in stages - {stage}
    ]
    assert {"simulate", "stream", "lake", "warehouse"} <= stages
    assert breaches == []


def imported(file: Path) -> set[str]:
    """Our modules that a file imports, inside functions too."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return {name for name in found if name.startswith("zipotify.")}
