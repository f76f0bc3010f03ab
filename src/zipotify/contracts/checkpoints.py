"""How far the stream is, from the files that Spark keeps: written by Spark, read by whoever compares it with Kafka."""

from __future__ import annotations

import json
from pathlib import Path

Partition = tuple[str, int]
_ID_CHARS = 8


def query_id(checkpoint: Path) -> str | None:
    """Name that the query keeps as long as its checkpoint; None before its first start."""
    try:
        return str(json.loads((checkpoint / "metadata").read_text())["id"])
    except FileNotFoundError:
        return None


def batch_name(query: str, batch: int) -> str:
    """What log lines, from the batch to the build that publishes it, call a batch of a query."""
    return f"{query[:_ID_CHARS]}-{batch}"


def committed_offsets(checkpoint: Path) -> dict[Partition, int]:
    """Where the stream's last finished batch ended, from Spark's checkpoint; empty before the first one."""
    finished = [int(entry.name) for entry in (checkpoint / "commits").glob("*") if entry.name.isdigit()]
    if not finished:
        return {}
    last_line = (checkpoint / "offsets" / str(max(finished))).read_text().splitlines()[-1]
    offsets: dict[str, dict[str, int]] = json.loads(last_line)
    return {(topic, int(number)): end for topic, ends in offsets.items() for number, end in ends.items()}
