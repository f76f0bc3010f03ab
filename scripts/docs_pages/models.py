"""dbt's models as the docs see them: grain, columns, keys and what they are made from."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

DBT = Path(__file__).resolve().parents[2] / "dbt"
LAYERS = {"staging": "silver", "intermediate": "silver", "marts": "gold"}


@dataclass(frozen=True)
class Model:
    """One dbt model."""

    name: str
    layer: str
    grain: str
    columns: tuple[dict[str, Any], ...]
    key: tuple[str, ...]
    parents: tuple[str, ...]


@cache
def models() -> dict[str, Model]:
    """All models by name, in layer order."""
    described = _described()
    found = {}
    for layer in LAYERS:
        for path in sorted((DBT / "models" / layer).glob("*.sql")):
            sql, about = path.read_text(encoding="utf-8"), described.get(path.stem, {})
            grain = str(about.get("description") or _first_comment(sql)).removeprefix("Grain: ")
            columns = tuple(about.get("columns", ()))
            found[path.stem] = Model(path.stem, layer, grain, columns, _key(about), _parents(sql))
    return found


def _described() -> dict[str, dict[str, Any]]:
    files = sorted((DBT / "models").rglob("*.yml"))
    contents = [yaml.safe_load(path.read_text(encoding="utf-8")) or {} for path in files]
    return {model["name"]: model for content in contents for model in content.get("models", ())}


def _first_comment(sql: str) -> str:
    lines = []
    for line in sql.splitlines():
        if not line.startswith("--"):
            break
        lines.append(line[2:].strip())
    return " ".join(lines)


def _key(about: dict[str, Any]) -> tuple[str, ...]:
    for test in about.get("data_tests", ()):
        if isinstance(test, dict) and "unique_grain" in test:
            given = test["unique_grain"]
            return tuple(given.get("arguments", given)["columns"])
    return tuple(c["name"] for c in about.get("columns", ()) if "unique" in _tests(c))


def _tests(column: dict[str, Any]) -> set[str]:
    named = [test if isinstance(test, str) else next(iter(test)) for test in column.get("data_tests", ())]
    return {*named, *(constraint["type"] for constraint in column.get("constraints", ()))}


def may_be_null(model: Model, column: dict[str, Any]) -> bool:
    """Unless it is part of the key, or a test or constraint says that it never is."""
    return column["name"] not in model.key and "not_null" not in _tests(column)


def _parents(sql: str) -> tuple[str, ...]:
    """Sources and models that the SQL names, itself or in the macros that it calls."""
    text = _with_macros(sql)
    sources = re.findall(r"source\(\s*'(\w+)'\s*,\s*'(\w+)'\s*\)", text)
    names = [name for name in re.findall(r"""['"](\w+)['"]""", text) if name in _files()]
    return tuple(dict.fromkeys([*(f"{source}.{table}" for source, table in sources), *names]))


@cache
def _files() -> set[str]:
    return {path.stem for path in (*(DBT / "models").rglob("*.sql"), *(DBT / "seeds").glob("*.csv"))}


@cache
def _macros() -> dict[str, str]:
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted((DBT / "macros").glob("*.sql")))
    return dict(re.findall(r"{%-? *macro (\w+)\(.*?-?%}(.*?){%-? *endmacro", text, re.DOTALL))


def _with_macros(sql: str) -> str:
    text, seen = sql, set[str]()
    while called := {name for name in _macros() if re.search(rf"\b{name}\(", text)} - seen:
        seen |= called
        text += "".join(_macros()[name] for name in sorted(called))
    return text
