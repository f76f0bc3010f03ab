"""Commands of the docs: known to the command line; and those that need no Kafka, Spark or dbt are run as shown."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import typer.main
from typer.testing import CliRunner

from support.docs import DOCS, JUDGES, PROJECT, Block, Command, blocks, missing_lines, pages
from zipotify.cli import application
from zipotify.errors import ZipotifyError

ALL = [block for page in pages() for block in blocks(page)]
RUN_HERE = sorted(
    {block.page for block in ALL if not {"not run", "needs"} & set(block.markers) and block.page.is_relative_to(DOCS)}
)
_INLINE = re.compile(r"`(zipotify [^`\n]+)`")
_PLACEHOLDERS = {"VERB", "…", "..."}


def makefile_targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE))


@pytest.fixture(scope="module")
def root() -> Any:
    return typer.main.get_command(application())


def unknown_words(root: Any, arguments: list[str]) -> list[str]:
    """Verbs and options of a call that the command does not have."""
    command, known, unknown = root, _options(root), []
    words = iter(arguments)
    for word in words:
        if word in _PLACEHOLDERS:
            continue
        if word.startswith("-") and not re.fullmatch(r"-\d.*", word):
            name, equals, _ = word.partition("=")
            if name not in known:
                unknown.append(word)
            elif known[name] and not equals:
                next(words, None)  # its value
        elif "|" in word and hasattr(command, "commands"):  # any one of them
            return [*unknown, *(one for one in word.split("|") if one not in command.commands)]
        elif hasattr(command, "commands"):
            command = command.commands.get(word)
            if command is None:
                return [*unknown, word]
            known |= _options(command)
    return unknown


def _options(command: Any) -> dict[str, bool]:
    """Option -> whether a value follows it."""
    found = {"--help": False, "-h": False}
    for option in command.params:
        takes_value = not getattr(option, "is_flag", False)
        found |= dict.fromkeys((*option.opts, *option.secondary_opts), takes_value)
    return found


@pytest.mark.parametrize("block", ALL, ids=lambda block: block.place)
def test_every_command_is_known(root: Any, block: Block) -> None:
    for command in block.commands:
        words = command.arguments
        if words[:1] == ["zipotify"] and not set("|><;&$") & set(command.text):
            assert unknown_words(root, words[1:]) == [], f"{block.place}: {command.text}"
        if words[:1] == ["make"]:
            assert words[1] in makefile_targets(), f"{block.place}: {command.text}"


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(PROJECT)))
def test_every_command_in_the_text_is_known(root: Any, page: Path) -> None:
    for call in _INLINE.findall(page.read_text(encoding="utf-8")):
        words = [word for word in re.split(r"\s+", call.replace("[", " ").replace("]", " ")) if word]
        assert unknown_words(root, words[1:]) == [], f"{page.relative_to(PROJECT)}: `{call}`"


def test_what_is_not_run_says_why() -> None:
    bare = [block.place for block in ALL if "not run" in block.markers and len(block.markers["not run"]) < 15]
    assert bare == []


def run_here(command: Command) -> tuple[int, str]:
    """A verb inside this process, which starts faster; anything else by the shell."""
    words = command.arguments
    if words[:1] != ["zipotify"] or set("|><;&$") & set(command.text):
        done = subprocess.run(["sh", "-c", command.text], capture_output=True, text=True, timeout=120)
        return done.returncode, done.stdout + done.stderr
    result = CliRunner().invoke(application(), words[1:])
    if isinstance(result.exception, ZipotifyError):
        return result.exception.exit_code, f"{result.output}zipotify: {result.exception}"
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


@pytest.mark.parametrize("page", RUN_HERE, ids=lambda page: str(page.relative_to(PROJECT)))
def test_commands_do_what_the_page_says(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(DOCS / "plan", tmp_path / "docs" / "plan", ignore=shutil.ignore_patterns("*.log.ndjson"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ZIPOTIFY_HOME", str(tmp_path / "home"))
    for block in blocks(page):
        if {"not run", "needs"} & set(block.markers):
            continue
        for command in block.commands:
            check(block, command)


def check(block: Block, command: Command) -> None:
    words = command.arguments
    if not words or words[0] == "make":
        return
    code, printed = run_here(command)
    wanted = block.exit_code if command is block.commands[-1] else 0
    allowed = {0, 1} if words[1:2] and words[1] in JUDGES else {wanted}
    assert code in allowed, f"{block.place}: `{command.text}` ended with {code}:\n{printed[-2000:]}"
    assert missing_lines(command, printed) == [], f"{block.place}: `{command.text}` printed:\n{printed[-3000:]}"
