"""Every verb explains itself: help with an example that the command really has."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import Any

import pytest
import typer.main
from typer.testing import CliRunner

from zipotify import __version__
from zipotify.cli import application, verbs

ROOT: Any = typer.main.get_command(application())


def leaves(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    """All commands that do something, verbs of verbs included."""
    if hasattr(command, "commands"):
        for inner_name, inner in command.commands.items():
            yield from leaves(inner, f"{name} {inner_name}".strip())
    else:
        yield name, command


ALL = dict(leaves(ROOT, ""))


def test_every_module_is_a_verb() -> None:
    assert {name.partition(" ")[0] for name in ALL} == set(verbs())


@pytest.mark.parametrize("name", ALL)
def test_help_has_a_first_line_and_an_example_of_this_very_verb(name: str) -> None:
    text = ALL[name].help or ""
    first = text.strip().splitlines()[0]
    assert re.match(r"[A-Z].*[.:?]", first), first
    examples = re.findall(r"^\s*Example: `zipotify (.+)`$", text, re.MULTILINE)
    assert len(examples) == 1, "exactly one line `Example: ...`"
    words = shlex.split(examples[0])
    parent, _, last = name.rpartition(" ")
    assert " ".join(words).startswith(name) or (last == "timeline" and words[0] == parent), examples


@pytest.mark.parametrize("name", ALL)
def test_the_example_is_a_call_that_the_verb_takes(name: str) -> None:
    """Parsed, not run: unknown options and missing arguments would show."""
    (example,) = re.findall(r"^\s*Example: `zipotify (.+)`$", ALL[name].help or "", re.MULTILINE)
    words = shlex.split(example.partition(" > ")[0])[len(name.split()) :]
    ALL[name].make_context(name, list(words), parent=None, resilient_parsing=False)


@pytest.mark.parametrize("name", ALL)
def test_every_option_says_what_it_is(name: str) -> None:
    silent = [option.name for option in ALL[name].params if not getattr(option, "help", None)]
    assert silent == []


@pytest.mark.parametrize("name", ALL)
def test_every_verb_takes_a_home_and_help(name: str) -> None:
    done = CliRunner().invoke(application(), [*name.split(), "--help"])
    assert done.exit_code == 0, done.output
    if name not in WITHOUT_HOME:
        assert "--home" in {text for option in ALL[name].params for text in option.opts}


WITHOUT_HOME = {"setup", "job list", *(name for name in ALL if name.startswith("plan"))}
"""Verbs that touch no home: set-up fills the cache, jobs are the same everywhere, a plan is a file."""


def test_version_and_no_verb() -> None:
    assert CliRunner().invoke(application(), ["--version"]).output == f"zipotify {__version__}\n"
    done = CliRunner().invoke(application(), [])
    assert "Usage" in done.output
    assert all(verb in done.output for verb in verbs())
