"""Rules of the repository that no linter knows."""

from __future__ import annotations

import re
import subprocess
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
THIS_FILE = Path(__file__).relative_to(PROJECT).as_posix()
LONGEST_MODULE_LINES = 250
LONGER_WITH_REASON: dict[str, str] = {}
"""Modules that may be longer, with the reason."""
MAY_SLEEP: dict[str, str] = {
    "src/zipotify/broker/embedded.py": "waits for the address of a child, with a limit",
    "src/zipotify/lake/requests.py": "waits for whoever holds the lake, with a limit",
    "src/zipotify/simulate/pace.py": "paces events, which is what was asked for",
    "src/zipotify/ops/chaos_round.py": "looks at what runs now and then, with a limit",
    "src/zipotify/ops/chaos_parts.py": "freezes a part for a while, which is the fault",
    "src/zipotify/ops/soak.py": "looks at what runs now and then, until the time is over",
    "src/zipotify/ops/soak_books.py": "waits for a condition, with a limit",
    "src/zipotify/ops/soak_harm.py": "waits for a part to work again, with a limit",
    "src/zipotify/runtime/proxy.py": "cuts and slows a connection for a while, which is the fault",
    "tests/unit/test_chaos.py": "a child that lives until it is killed",
    "src/zipotify/ops/backup_pins.py": "pauses between attempts, whose number is limited",
    "src/zipotify/ops/down.py": "waits for an end, with a limit",
    "src/zipotify/ops/supervisor.py": "waits for an answer, with a limit",
    "src/zipotify/ops/up.py": "waits for an end, with a limit",
    "src/zipotify/simulate/replay.py": "paces records, which is what was asked for",
    "src/zipotify/simulate/live.py": "paces events, which is what a live run does",
    "src/zipotify/stream/queries.py": "looks at the running queries now and then",
    "bench/freshness.py": "paces events, which is what it measures with",
    "tests/support/command.py": "wait_until, which all tests use",
    "tests/integration/test_broker.py": "polls a condition with a limit",
}
"""Files that may call time.sleep, with the reason."""


def tracked() -> list[Path]:
    """Files under version control, as they are here and now."""
    done = subprocess.run(["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, check=False)
    if done.returncode:
        pytest.skip("not a git checkout")
    return [PROJECT / name for name in done.stdout.decode().split("\0") if name and (PROJECT / name).is_file()]


def texts(*patterns: str) -> Iterator[tuple[str, str]]:
    """(path, content) of tracked text files."""
    for path in tracked():
        name = path.relative_to(PROJECT)
        if name.as_posix() != THIS_FILE and (not patterns or any(name.match(pattern) for pattern in patterns)):
            content = path.read_bytes()
            if b"\0" not in content:
                yield name.as_posix(), content.decode("utf-8")


def hits(pattern: str, *patterns: str) -> list[str]:
    """`path: line` of each line that the pattern is found in."""
    search = re.compile(pattern).search
    lines = ((name, line) for name, text in texts(*patterns) for line in text.splitlines())
    return [f"{name}: {line.strip()[:120]}" for name, line in lines if search(line)]


def test_no_path_of_somebodys_machine() -> None:
    assert hits(r"(?<!/data)/(home|Users)/[a-z]\w+/|/work/(main|shared)|C:\\\\Users") == []


def test_no_address_of_a_package_index() -> None:
    """Which index a machine uses is its own matter; requirements hold hashes only."""
    assert hits(r"--(extra-)?index-url|--find-links|--trusted-host", "requirements/*") == []
    assert hits(r"(https?://)[^\s\"']*(/simple\b|artifactory|/nexus/|repo1?\.maven\.org|registry\.npmjs\.org)") == []
    assert not (PROJECT / "uv.lock").exists() or PROJECT / "uv.lock" not in tracked()


def test_every_requirement_is_pinned_and_hashed() -> None:
    for name, text in texts("requirements/*.txt"):
        for entry in filter(None, text.replace("\\\n", " ").splitlines()):
            assert re.match(r"#|[\w.\[\],-]+==[^ ]+ .*--hash=sha256:[0-9a-f]{64}", entry), f"{name}: {entry}"


def test_no_binary_that_belongs_elsewhere() -> None:
    """No jars, archives or data sets in git; pictures of the docs are small."""
    files = tracked()
    assert [str(f) for f in files if f.suffix in {".jar", ".whl", ".parquet", ".db", ".duckdb", ".h5", ".zip"}] == []
    assert [str(f) for f in files if f.stat().st_size > 2 * 2**20] == []


def test_modules_are_small() -> None:
    longer = {
        name
        for name, text in texts("*.py")
        if name.startswith("src/") and text.count("\n") > LONGEST_MODULE_LINES and name not in LONGER_WITH_REASON
    }
    assert longer == set(), f"more than {LONGEST_MODULE_LINES} lines: cut them at a seam"


def test_nobody_just_sleeps() -> None:
    """Waiting means waiting for something, with a limit; who may call sleep is listed, and why."""
    sleeping = {hit.partition(":")[0] for hit in hits(r"(?<!asyncio\.)\b(time\.sleep|sleep)\(", "*.py")}
    assert sleeping <= MAY_SLEEP.keys(), "use support.command.wait_until, or Event.wait"


def test_no_unfinished_words_in_comments() -> None:
    unfinished = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
    found = []
    for path in tracked():
        if path.suffix == ".py" and path != Path(__file__):
            with path.open("rb") as file:
                comments = [t for t in tokenize.tokenize(file.readline) if t.type == tokenize.COMMENT]
            found += [f"{path}:{t.start[0]}" for t in comments if unfinished.search(t.string)]
    found += hits(r'"""(TODO|FIXME)', "*.py")
    assert found == []


def test_plain_print_is_for_the_command_alone() -> None:
    """Library code hands text out or logs it; who prints is a verb or a process of its own."""
    printing = {hit.split("/")[2] for hit in hits(r"^\s+print\(", "src/**/*.py")}
    assert printing <= {"cli", "broker", "ops"}


def test_decisions_are_numbered_without_gaps_and_listed() -> None:
    folder = PROJECT / "docs" / "decisions"
    names = sorted(path.name for path in folder.glob("[0-9]*.md"))
    listed = re.findall(r"\]\((\d{4}-[^)]+)\)", (folder / "README.md").read_text())
    assert [name[:4] for name in names] == [f"{number:04d}" for number in range(1, len(names) + 1)]
    assert sorted(listed) == names


def test_fixtures_alone_know_the_folder_of_shared_data() -> None:
    knowing = {hit.partition(":")[0] for hit in hits(r"\.\./shared", "*.py", "*.sh", "*.sql", "*.yml")}
    assert knowing <= {"tests/conftest.py"}
