"""How far the stream is, from the files that Spark keeps: written by Spark, read by whoever compares it with Kafka."""

from __future__ import annotations

import json
from pathlib import Path

Partition = tuple[str, int]


def committed_offsets(checkpoint: Path) -> dict[Partition, int]:
    """Where the stream's last finished batch ended, from Spark's checkpoint; empty before the first one."""
    finished = [int(entry.name) for entry in (checkpoint / "commits").glob("*") if entry.name.isdigit()]
    if not finished:
        return {}
    last_line = (checkpoint / "offsets" / str(max(finished))).read_text().splitlines()[-1]
    offsets: dict[str, dict[str, int]] = json.loads(last_line)
    return {(topic, int(number)): end for topic, ends in offsets.items() for number, end in ends.items()}
