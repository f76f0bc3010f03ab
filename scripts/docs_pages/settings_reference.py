"""Reference of the settings, from `Settings` and the line under each field."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from itertools import pairwise
from pathlib import Path
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from pydantic import SecretStr

from docs_pages.markdown import code, generated, join, table
from zipotify.settings import CONFIG_FILE, ENV_PREFIX, Settings


def page() -> str:
    """All settings in the order of the code, in its groups."""
    intro = (
        f"A setting is given, in this order: as a flag where a verb has one; as environment variable "
        f"`{ENV_PREFIX}<NAME>`; as `name = value` in `{CONFIG_FILE}` in the home, in the table `[profiles.<name>]` of "
        "the profile that holds or above all tables; or not at all, and then its default holds. "
        "A wrong key or value is refused when a verb starts, naming the key and what is allowed."
    )
    parts = ["# Settings", generated("`zipotify.settings`"), intro]
    for group, names in _groups().items():
        rows = [_row(name) for name in names]
        parts.append(f"## {group}\n\n" + table(["setting", "type", "default", "meaning"], rows))
    return join(*parts)


def _source() -> str:
    return textwrap.dedent(inspect.getsource(Settings))


def _groups() -> dict[str, list[str]]:
    """Group (the comment above its fields) -> fields."""
    groups: dict[str, list[str]] = {}
    group = "Home"
    for line in _source().splitlines():
        comment = re.fullmatch(r"    # (\w[\w ]*)", line)
        field = re.match(r"    (\w+): ", line)
        if comment:
            group = comment[1]
        elif field and field[1] in Settings.model_fields:
            groups.setdefault(group, []).append(field[1])
    return groups


def docs(of: type = Settings) -> dict[str, str]:
    """Field of a class -> the string under it."""
    body = ast.parse(textwrap.dedent(inspect.getsource(of))).body[0].body  # type: ignore[attr-defined]
    found: dict[str, str] = {}
    for field, below in pairwise(body):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(below, ast.Expr):
            found[field.target.id] = str(ast.literal_eval(below.value))
    return found


def _row(name: str) -> tuple[str, str, str, str]:
    field = Settings.model_fields[name]
    return code(name), _type(field), code(field.default), docs().get(name, "")


def _type(field: Any) -> str:
    if get_origin(field.annotation) is Literal:
        return "one of " + ", ".join(f"`{choice}`" for choice in get_args(field.annotation))
    kinds = get_args(field.annotation) or (field.annotation,)
    names = {
        SecretStr: "text, secret",  # pragma: allowlist secret
        str: "text",
        Path: "path",
        int: "whole number",
        float: "number",
    }
    shown = names.get(next(kind for kind in kinds if kind is not NoneType), "text")
    return f"{shown}{_bounds(field)}" + (", or not set" if NoneType in kinds else "")


def _bounds(field: Any) -> str:
    least = next((item.ge for item in field.metadata if getattr(item, "ge", None) is not None), None)
    most = next((item.le for item in field.metadata if getattr(item, "le", None) is not None), None)
    return (f", at least {least}" if least is not None else "") + (f", at most {most}" if most is not None else "")
