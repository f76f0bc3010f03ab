"""Reference of the command line, from the command itself."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import typer.main

from docs_pages.markdown import code, generated, join, table
from zipotify.cli import application


def page() -> str:
    """Every verb with its help, arguments and options."""
    root = typer.main.get_command(application())
    verbs = sorted(root.commands.items())  # type: ignore[attr-defined]
    index = table(
        ["verb", "what it does"], [(f"[`{name}`](#zipotify-{name})", _first_line(verb)) for name, verb in verbs]
    )
    intro = (
        "`--home DIR` may stand before or after the verb. Exit codes: 0 done, 1 failed, 2 wrong use. "
        "Every verb has `--help`."
    )
    sections = [section for name, verb in verbs for section in _sections(f"zipotify {name}", verb, 2)]
    return join("# Command line", generated("`zipotify.cli`"), intro, index, *sections)


def _sections(call: str, command: Any, level: int) -> Iterator[str]:
    parts = [f"{'#' * level} {call}", _help(command)]
    options = [_row(option) for option in command.params if option.name != "help"]
    if options:
        parts.append(table(["argument or option", "default", "meaning"], options))
    yield "\n\n".join(parts)
    for name, child in sorted(getattr(command, "commands", {}).items()):
        yield from _sections(f"{call} {name}", child, level + 1)


def _help(command: Any) -> str:
    return inspect.cleandoc(command.help or "")


def _first_line(command: Any) -> str:
    return " ".join(_help(command).split("\n\n")[0].split())


def _row(option: Any) -> tuple[str, str, str]:
    is_argument = not any(name.startswith("-") for name in option.opts)
    metavar = option.metavar or _kind(option.type_descriptor.annotation)
    names = [option.metavar or option.name.upper()] if is_argument else [*option.opts, *option.secondary_opts]
    shown = ", ".join(f"`{name}`" for name in names)
    return shown if is_argument else f"{shown} {metavar}".strip(), _default(option), getattr(option, "help", None) or ""


def _kind(annotation: Any) -> str:
    """What stands after the option: its choices, or the kind of value."""
    if get_origin(annotation) is Literal:
        return " or ".join(str(choice) for choice in get_args(annotation))
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return " or ".join(str(choice.value) for choice in annotation)
    kinds = {bool: "", int: "N", float: "NUMBER", str: "TEXT", Path: "PATH", datetime: "DATE"}
    return kinds.get(annotation, "VALUE")


def _default(option: Any) -> str:
    value = getattr(option.default, "value", option.default)
    if option.required:
        return "required"
    if value in (None, False, ()) or callable(value) or re.search(r"UNSET", repr(value)):
        return ""
    return code(value)
