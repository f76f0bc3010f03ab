"""A plan from its YAML file; whatever is wrong is named with its line.

Scalars are read as text and typed by the model, so that a date like 2026-02-30 is an error with a line, not a crash.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from zipotify.errors import ConfigError, MissingInputError
from zipotify.plan.model import NodePath, Plan

_SHOWN_COUNT = 10


@dataclass(frozen=True)
class PlanFile:
    """A plan and the line at which each of its parts stands."""

    path: Path
    plan: Plan
    lines: dict[NodePath, int]

    def place(self, where: NodePath) -> str:
        """`file:line` of a part, or of what holds it."""
        return f"{self.path}:{self.line(where)}"

    def line(self, where: NodePath) -> int:
        """The line of a part, or of what holds it."""
        return _line_of(self.lines, where)


def read_plan(path: Path) -> PlanFile:
    """Read a plan; raises MissingInputError, or ConfigError naming each wrong line."""
    try:
        text = path.read_text(encoding="utf-8")
    except (FileNotFoundError, IsADirectoryError):
        raise MissingInputError(
            f"no plan at {path}", "name one with --plan, or write one: `zipotify plan new`"
        ) from None
    node = _compose(path, text)
    lines: dict[NodePath, int] = {(): 1}
    try:
        data = _value(node, (), lines)
    except _DuplicateKeyError as error:
        raise _wrong(path, [f"{path}:{error.line}: '{error.key}' stands here a second time"]) from None
    try:
        return PlanFile(path, Plan.model_validate(data), lines)
    except ValidationError as error:
        raise _wrong(path, list(_explain(path, error, data, lines))) from None


class _DuplicateKeyError(Exception):
    def __init__(self, key: str, line: int) -> None:
        self.key, self.line = key, line


def _compose(path: Path, text: str) -> Any:
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise _wrong(path, [f"{path}:{line}: {error.problem or error.context}"]) from None
    except yaml.YAMLError as error:
        raise _wrong(path, [f"{path}: {error}"]) from None
    if node is None:
        raise ConfigError(
            f"{path}:1: the plan is empty", "write one with `zipotify plan new`, or copy docs/plan/plan.yml"
        )
    return node


def _value(node: Any, where: NodePath, lines: dict[NodePath, int]) -> Any:
    """The node as dicts, lists and text; notes the line of each part."""
    lines[where] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        return dict(_pairs(node, where, lines))
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, (*where, number), lines) for number, item in enumerate(node.value)]
    return node.value


def _pairs(node: Any, where: NodePath, lines: dict[NodePath, int]) -> Iterator[tuple[str, Any]]:
    seen: set[str] = set()
    for key_node, value_node in node.value:
        key, line = str(key_node.value), key_node.start_mark.line + 1
        if key in seen:
            raise _DuplicateKeyError(key, line)
        seen.add(key)
        value = _value(value_node, (*where, key), lines)
        lines[(*where, key)] = line
        yield key, value


def _line_of(lines: dict[NodePath, int], where: NodePath) -> int:
    while where not in lines:
        where = where[:-1]
    return lines[where]


def _explain(path: Path, error: ValidationError, data: Any, lines: dict[NodePath, int]) -> Iterator[str]:
    for item in error.errors(include_url=False):
        where: NodePath = item["loc"]
        yield f"{path}:{_line_of(lines, where)}: {_name(where, data)}: {_complaint(item)}"


def _complaint(item: Any) -> str:
    if item["type"] == "extra_forbidden":
        return "is not a key that a plan has here"
    if item["type"] == "missing":
        return "is missing"
    return f"{item['msg']} (found: {str(item['input'])[:60]!r})"


def _name(where: NodePath, data: Any) -> str:
    """`tasks.stream-acls.due_on` rather than `tasks.3.due_on`, where the item has an id."""
    words: list[str] = []
    for key in where:
        try:
            data = data[key]
        except (KeyError, IndexError, TypeError):
            data = None
        has_id = isinstance(key, int) and isinstance(data, dict) and "id" in data
        words.append(str(data["id"]) if has_id else str(key))
    return ".".join(words) or "plan"


def _wrong(path: Path, complaints: list[str]) -> ConfigError:
    shown = complaints[:_SHOWN_COUNT]
    more = f"\n... and {len(complaints) - _SHOWN_COUNT} more" if len(complaints) > _SHOWN_COUNT else ""
    return ConfigError("\n".join(shown) + more, f"correct {path.name}; docs/plan/index.md explains its keys")
