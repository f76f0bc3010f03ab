"""What a build costs on a long history: whole, and one new hour; beside DuckDB's own `group by` over the same columns.

    .venv/bin/python bench/warehouse_build.py --users 660 --copies 100 --out bench/results/warehouse_build.json

A simulated lake's people are multiplied (warehouse_data.py). `models` are facts, dimensions and what is by day, as
`zipotify build --watch` makes them; models tagged `daily` are listed with their cost one by one. Checks and publication
are timed apart: they read whole tables. A tenth is the last tenth of the time, with the same people and new hours. At
the end the dashboard's queries are put to the whole history (dashboard_queries.py).
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parent.parent
sys.path[:0] = [str(PROJECT / "tests")]

import sqlglot  # noqa: E402
from dashboard_data import simulated_home  # noqa: E402
from dashboard_queries import dashboard_queries  # noqa: E402
from result import measured  # noqa: E402
from sqlglot import exp  # noqa: E402
from warehouse_data import add_events, new_home, reading, span_ms  # noqa: E402

from zipotify.contracts.serving import connect  # noqa: E402
from zipotify.contracts.snapshot import current  # noqa: E402
from zipotify.contracts.tables import BRONZE  # noqa: E402
from zipotify.runtime.processes import zipotify_command  # noqa: E402
from zipotify.settings import Settings, load_settings  # noqa: E402
from zipotify.warehouse.increment import finish, prepare, start_over  # noqa: E402
from zipotify.warehouse.plan import plan  # noqa: E402
from zipotify.warehouse.publish import publish  # noqa: E402
from zipotify.warehouse.runner import DbtRunner  # noqa: E402
from zipotify.warehouse.sources import ensure_sources  # noqa: E402

HOUR_MS = 3_600_000
NEW_HOURS = 3
ROUNDS = 3
_CORE = ("--exclude", "tag:daily")
_NO_CHECKS = ("--exclude-resource-types", "unit_test", "test")
_STAGED = {topic: f"stg_events__{topic.removesuffix('_events')}s" for topic in BRONZE}


@contextmanager
def timed(found: dict[str, Any], name: str) -> Iterator[None]:
    """Put the seconds into `found`."""
    started = time.perf_counter()
    yield
    found[name] = round(time.perf_counter() - started, 3)


def build(settings: Settings, with_daily: bool) -> dict[str, Any]:
    """One build, step by step, as `zipotify.warehouse.build` does it; seconds of each step and of each model."""
    found: dict[str, Any] = {}
    ensure_sources(settings.home.lake)
    before, runner = current(settings.home.published), DbtRunner(settings)
    wanted = plan(settings, before, everything=with_daily)
    assert wanted is not None, "there is nothing to build"
    with timed(found, "prepare"):
        found["from_nothing_because"] = prepare(settings, wanted)
    with timed(found, "models"):
        ran = runner._run("build", *_NO_CHECKS, *_CORE)
    found["models_one_by_one"] = seconds_by_model(ran)
    if with_daily:
        with timed(found, "daily"):
            ran = runner._run("build", *_NO_CHECKS, "--select", "tag:daily")
        found["daily_one_by_one"] = seconds_by_model(ran)
    with timed(found, "checks"):
        runner._run("test", "--exclude-resource-type", "unit_test", *(() if with_daily else _CORE))
    with timed(found, "publication"):
        published = publish(settings, wanted, before, [])
    finish(settings, wanted, published.publish_id)
    return found


def seconds_by_model(ran: Any) -> dict[str, float]:
    """The dearest first."""
    spent = {result.node.name: round(result.execution_time, 3) for result in ran.result.results}
    return dict(sorted(spent.items(), key=lambda item: -item[1]))


def columns_used(settings: Settings) -> dict[str, list[str]]:
    """By topic: the columns of bronze that its staging model names."""
    compiled = settings.home.warehouse_file.parent / "target" / "compiled" / "zipotify" / "models" / "staging"
    found = {}
    for topic, model in _STAGED.items():
        statement = sqlglot.parse_one((compiled / f"{model}.sql").read_text(), dialect="duckdb")
        named = {column.name for column in statement.find_all(exp.Column)}
        found[topic] = sorted(named & {column.name for column in BRONZE[topic].columns})
    return found


def grouped(settings: Settings) -> float:
    """Seconds for one `group by` over all columns used, topic by topic; the best of some rounds."""
    best = float("inf")
    used = columns_used(settings)
    for _ in range(ROUNDS):
        started = time.perf_counter()
        with reading(settings) as connection:
            for topic, columns in used.items():
                rows = f"delta_scan('{settings.home.lake / BRONZE[topic].path}')"
                sql = f"select {', '.join(columns)}, count(*) as n from {rows} group by all"
                connection.execute(f"select count(*), sum(n) from ({sql})").fetchall()
        best = min(best, time.perf_counter() - started)
    return round(best, 3)


def history(small: Settings, root: Path, copies: int, share: float, memory_mb: int) -> dict[str, Any]:
    """A home with the last share of the time: built from nothing, then one new hour after the other."""
    first, last = span_ms(small)
    end = last - NEW_HOURS * HOUR_MS
    settings = new_home(root, memory_mb)
    connect(settings.serving_address()).dispose()
    found: dict[str, Any] = {"share": share, "events": 0, "hours": []}
    found["events"] = add_events(small, settings, copies, int(end - share * (end - first)), end)
    start_over(settings)
    found["from_nothing"] = build(settings, with_daily=True)
    found["group_by_s"] = grouped(settings)
    found["plays"] = current(settings.home.published).row_counts["fct_plays"]  # type: ignore[union-attr]
    for number in range(NEW_HOURS):
        events = add_events(small, settings, copies, end + number * HOUR_MS, end + (number + 1) * HOUR_MS)
        found["hours"].append({"events": events, **build(settings, with_daily=False)})
        assert not found["hours"][-1]["from_nothing_because"], found["hours"][-1]
    return found


def spark_analyses(root: Path) -> list[dict[str, Any]]:
    """What each PySpark analysis takes on the published snapshot."""
    environment = {**os.environ, "ZIPOTIFY_HOME": str(root)}
    verb = zipotify_command("analyses", "--format", "json")
    done = subprocess.run(verb, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def ratios(whole: dict[str, Any], tenth: dict[str, Any]) -> dict[str, float]:
    """Those that the project promises, and the same with checks and publication."""

    def hour(found: dict[str, Any], *steps: str) -> float:
        return statistics.median(sum(one[step] for step in steps) for one in found["hours"])

    full, base, steps = whole["from_nothing"], whole["group_by_s"], ("prepare", "models", "checks", "publication")
    return {
        "facts, dimensions and days from nothing / group by": full["models"] / base,
        "the same with checks and publication / group by": (full["models"] + full["checks"] + full["publication"])
        / base,
        "one new hour, whole / tenth": hour(whole, "prepare", "models") / hour(tenth, "prepare", "models"),
        "one new hour with checks and publication, whole / tenth": hour(whole, *steps) / hour(tenth, *steps),
    }


def headline(found: dict[str, Any]) -> dict[str, str]:
    """What the one-pager says of it."""
    full, _, hour, _ = found["ratios"].values()
    return {
        "what": f"warehouse on {found['whole']['plays'] / 1e6:.1f} million plays: facts, dimensions and days",
        "figure": f"{full:.1f} times one group by; a new hour {hour:.2f} times what it takes on a tenth",
        "when": f"{datetime.now(UTC):%Y-%m-%d}",
    }


def main() -> None:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=2000)
    parser.add_argument("--copies", type=int, default=1)
    parser.add_argument("--memory-mb", type=int, default=4096)
    parser.add_argument("--spark", action="store_true", help="also the PySpark analyses, on the whole history")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory(prefix="bench-warehouse-") as name, measured(given.out) as found:
        small = simulated_home(Path(name) / "small", given.users, is_built=False)
        found |= {"users": given.users * given.copies, "memory_mb": given.memory_mb}
        for what, share in (("whole", 1.0), ("tenth", 0.1)):
            found[what] = history(small, Path(name) / what, given.copies, share, given.memory_mb)
            print(json.dumps({what: found[what]}), file=sys.stderr, flush=True)
        found["ratios"] = ratios(found["whole"], found["tenth"])
        found["peak_memory_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        if given.spark:
            found["spark_analyses"] = spark_analyses(Path(name) / "whole")
        found["dashboard"] = dashboard_queries(load_settings(Path(name) / "whole", warehouse_memory_mb=given.memory_mb))
        found["headline"] = headline(found)


if __name__ == "__main__":
    main()
