"""What scripts/record_run.py recorded from a real run."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "recorded"


@cache
def recorded(name: str) -> dict[str, Any]:
    """The content of docs/recorded/<name>.json."""
    return dict(json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8")))


def example(table: str, column: str) -> str:
    """The value of that column in the recorded row of that table, shortened."""
    value = recorded("samples")["tables"].get(table, {}).get(column)
    text = "" if value is None else str(value)
    return f"{text[:24]}…" if len(text) > 25 else text


def benchmarks() -> list[tuple[str, str, str]]:
    """(what, figure, where and when) of each result under bench/results that names its headline."""
    found = []
    for path in sorted((FOLDER.parents[1] / "bench" / "results").glob("*.json")):
        content = json.loads(path.read_text(encoding="utf-8"))
        headline = content.get("headline") if isinstance(content, dict) else None
        if headline:
            found.append((str(headline["what"]), str(headline["figure"]), str(headline["when"])))
    return found
