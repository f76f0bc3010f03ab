"""The documentation as the reader uses it: its commands, what they should print, its links.

A fenced block of `console` (commands after `$ `, then what they print) or `sh` (one command a line) is run, unless a
comment right above it says otherwise:

    <!-- not run: REASON -->      REASON says which test runs it instead, or why none can
    <!-- needs: warehouse -->     run by tests/integration, in a home that the tutorial has built
    <!-- needs: kafka -->         likewise, beside a real Kafka
    <!-- exit: 1 -->              the code that its last command must end with

`make` lines are not run here (CI runs them); their targets must exist. Where a block shows output, each of its lines
must be in what was printed; `…` in a line stands for anything.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

PROJECT = Path(__file__).parents[2]
DOCS = PROJECT / "docs"
JUDGES = ("status", "doctor")
"""Verbs whose exit code judges the home: in a test's home either answer is right."""
_FENCE = re.compile(r"^\s*```(\w*)")
_MARKER = re.compile(r"<!--\s*(not run|needs|exit):\s*(.*?)\s*-->")


@dataclass
class Command:
    """One command and the lines that the page says it prints."""

    text: str
    shown: list[str] = field(default_factory=list)

    @property
    def arguments(self) -> list[str]:
        """The command as a list, without its comment."""
        return shlex.split(self.text, comments=True)


@dataclass
class Block:
    """One fenced block of commands."""

    page: Path
    line: int
    commands: list[Command]
    markers: dict[str, str]

    @property
    def place(self) -> str:
        """`docs/tutorial.md:12`."""
        return f"{self.page.relative_to(PROJECT)}:{self.line}"

    @property
    def exit_code(self) -> int:
        """What the last command must end with."""
        return int(self.markers.get("exit", 0))


def pages() -> list[Path]:
    """README, CHANGELOG, CONTRIBUTING and everything under docs."""
    return sorted([*PROJECT.glob("*.md"), *DOCS.rglob("*.md")])


def blocks(page: Path) -> Iterator[Block]:
    """The command blocks of a page, in order."""
    lines = page.read_text(encoding="utf-8").splitlines()
    number = 0
    while number < len(lines):
        fence = _FENCE.match(lines[number])
        if not fence:
            number += 1
            continue
        start = number + 1
        end = next(n for n in range(start, len(lines)) if lines[n].strip() == "```")
        if fence[1] in ("console", "sh"):
            body = [line.strip() if fence[1] == "sh" else line.rstrip() for line in lines[start:end]]
            commands = _console(body) if fence[1] == "console" else _sh(body)
            yield Block(page, start, commands, _markers(lines[:number]) or _usual(page))
        number = end + 1


def _sh(lines: list[str]) -> list[Command]:
    text = "\n".join(lines).replace("\\\n", "")
    return [Command(line) for line in text.splitlines() if line and not line.startswith("#")]


def _console(lines: list[str]) -> list[Command]:
    commands: list[Command] = []
    for line in (text.strip() for text in lines):
        if line.startswith("$ "):
            commands.append(Command(line[2:]))
        elif commands and commands[-1].text.endswith("\\"):
            commands[-1].text = commands[-1].text[:-1] + line
        elif line:
            commands[-1].shown.append(line)
    return commands


def _markers(before: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in reversed(before):
        marker = _MARKER.search(line)
        if line.strip() and not marker:
            break
        if marker:
            found[marker[1]] = marker[2]
    return found


def _usual(page: Path) -> dict[str, str]:
    """The README is read by people: without a marker, its commands are run after the tutorial."""
    return {"needs": "warehouse"} if page == PROJECT / "README.md" else {}


def missing_lines(command: Command, printed: str) -> list[str]:
    """Lines that the page shows and the command did not print."""
    text = " ".join(printed.split())
    return [line for line in command.shown if not re.search(_pattern(line), text)]


def _pattern(line: str) -> str:
    return ".*?".join(re.escape(" ".join(part.split())) for part in line.split("…"))
