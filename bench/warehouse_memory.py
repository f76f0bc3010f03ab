"""Does a build keep to its memory with four times as much data? The build's own process, watched to its end.

    .venv/bin/python bench/warehouse_memory.py --users 660 --copies 12 --out bench/results/warehouse_memory.json

The data's size is that of the columns that models use, as Arrow holds them. The limit is DuckDB's; Python, dbt and what
DuckDB keeps outside of its buffers come on top, which is what the build of an empty lake takes.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import warnings
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parent.parent
sys.path[:0] = [str(PROJECT / "tests")]

from dashboard_data import simulated_home  # noqa: E402
from result import measured  # noqa: E402
from warehouse_data import add_events, new_home, reading, span_ms  # noqa: E402

from zipotify.contracts.snapshot import current  # noqa: E402
from zipotify.contracts.tables import BRONZE  # noqa: E402
from zipotify.runtime.processes import environment_of, zipotify_command  # noqa: E402
from zipotify.settings import Settings  # noqa: E402
from zipotify.warehouse.sources import ensure_sources  # noqa: E402

_ROWS_AT_ONCE = 200_000


def size_mb(settings: Settings) -> float:
    """Bronze in memory."""
    count = 0
    with reading(settings) as connection:
        for table in BRONZE.values():
            reader = connection.execute(f"from delta_scan('{settings.home.lake / table.path}')")
            count += sum(batch.nbytes for batch in reader.to_arrow_reader(_ROWS_AT_ONCE))
    return count / 2**20


def built(settings: Settings) -> dict[str, Any]:
    """Build in a process of its own: its seconds of CPU, and the most memory that it had."""
    ensure_sources(settings.home.lake)
    verb = zipotify_command("build")
    number = os.posix_spawn(verb[0], verb, environment_of(settings))
    _, status, used = os.wait4(number, 0)
    assert os.waitstatus_to_exitcode(status) == 0, "the build failed"
    return {"peak_memory_mb": round(used.ru_maxrss / 1024), "cpu_s": round(used.ru_utime + used.ru_stime, 1)}


def main() -> None:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=2000)
    parser.add_argument("--copies", type=int, default=1)
    parser.add_argument("--memory-mb", type=int, default=512)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory(prefix="bench-warehouse-") as name, measured(given.out) as found:
        small = simulated_home(Path(name) / "small", given.users, is_built=False)
        found["limit_mb"] = given.memory_mb
        found["empty"] = built(new_home(Path(name) / "empty", given.memory_mb))
        settings = new_home(Path(name) / "full", given.memory_mb)
        first, last = span_ms(small)
        found["events"] = add_events(small, settings, given.copies, first, last + 1)
        found["data_mb"] = round(size_mb(settings))
        found["full"] = built(settings)
        manifest = current(settings.home.published)
        found["plays"] = manifest.row_counts["fct_plays"] if manifest else 0
        own = found["full"]["peak_memory_mb"] - found["empty"]["peak_memory_mb"]
        found["ratios"] = {
            "data / limit": found["data_mb"] / given.memory_mb,
            "memory beyond that of an empty build / limit": own / given.memory_mb,
        }
        found["headline"] = {
            "what": f"warehouse build of {found['data_mb'] / given.memory_mb:.1f} times as much data as its memory",
            "figure": f"takes {own / given.memory_mb:.2f} times the limit, beside what an empty build takes",
            "when": f"{datetime.now(UTC):%Y-%m-%d}",
        }


if __name__ == "__main__":
    main()
