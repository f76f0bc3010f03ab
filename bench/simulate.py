"""The simulator beside the fastest library writers of the same table, beside itself in two processes, and its memory.

    .venv/bin/python bench/simulate.py --config example-config.json --users 20000 --out bench/results/simulate.json

Every part runs in a process of its own. CPU seconds are the measure where other load on the machine would disturb the
clock; they include start-up for our runs and leave it out for the libraries, whose time begins when the finished table
lies in memory. The speed-up of two processes is also given by CPU: what one process spends, over what the busiest of
the others spends while the rest waits for it.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from zipotify.runtime.machine import calibration

DEFAULT_CONFIG = Path(__file__).parents[1] / "src" / "zipotify" / "simulate" / "default.toml"
PERIOD = ("-s", "2024-01-01", "-e", "2024-01-31", "-g", "0.5", "-r", "42", "-q", "--catalog", "builtin")
REFERENCE_LINES_A_CPU_S = 11_300


def cli(*arguments: str) -> dict[str, float]:
    """Run the command to its end; seconds on the clock, CPU seconds and peak memory of it and its children."""
    started = time.monotonic()
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with subprocess.Popen([sys.executable, "-m", "zipotify", "simulate", *arguments], env=kept) as running:
        _, status, usage = os.wait4(running.pid, 0)
        running.returncode = os.waitstatus_to_exitcode(status)
    if running.returncode:
        raise SystemExit(f"the run failed: {arguments}")
    return {
        "seconds": time.monotonic() - started,
        "cpu_seconds": usage.ru_utime + usage.ru_stime,
        "peak_mb": usage.ru_maxrss / 1024,
    }


def library_writers(folder: Path, target: Path) -> dict[str, dict[str, float]]:
    """Write the finished table with each library writer; the table was read into memory before."""
    import polars as pl
    import pyarrow.parquet as pq

    tables = {path.name: pl.read_parquet(path) for path in sorted(folder.iterdir()) if path.is_dir()}
    arrow = {name: table.to_arrow() for name, table in tables.items()}

    def all_of(write: Callable[[str], object]) -> dict[str, float]:
        started, cpu = time.monotonic(), time.process_time()
        for name in tables:
            write(name)
        return {"seconds": time.monotonic() - started, "cpu_seconds": time.process_time() - cpu}

    return {
        "polars ndjson": all_of(lambda name: tables[name].write_ndjson(target / f"{name}.ndjson")),
        "polars parquet zstd 1": all_of(
            lambda name: tables[name].write_parquet(target / f"{name}.p", compression="zstd", compression_level=1)
        ),
        "polars parquet snappy": all_of(
            lambda name: tables[name].write_parquet(target / f"{name}.p", compression="snappy")
        ),
        "pyarrow parquet zstd 1": all_of(
            lambda name: pq.write_table(arrow[name], target / f"{name}.p", compression="zstd", compression_level=1)
        ),
        "pyarrow parquet snappy": all_of(lambda name: pq.write_table(arrow[name], target / f"{name}.p")),
    }


def crew_cpu(config: str, users: int, processes: int) -> dict[str, float]:
    """A run to nowhere by so many processes: CPU seconds of the busiest, and of the one that deals out the work."""
    from zipotify.catalog import builtin_tracks
    from zipotify.simulate import crew
    from zipotify.simulate.batch import BatchRun
    from zipotify.simulate.config import load_config
    from zipotify.simulate.plan import Options, make_plan
    from zipotify.simulate.songs import Songs
    from zipotify.simulate.worker import Work

    columns = ("artist_name", "title", "duration_s", "play_weight", "track_id")
    songs = Songs(*[builtin_tracks()[column].to_list() for column in columns])
    parsed, name = load_config(Path(config))
    plan = make_plan(parsed, name, songs, Options(users, 0.5, seed=42, start="2024-01-01", end="2024-01-31"), 0)
    started, own = time.monotonic(), time.process_time()
    run = BatchRun(Work([plan], Path("nowhere"), "none"), processes, lambda _step: None)
    spent: list[float] = []
    original = crew.Crew.__exit__

    def note_cpu(self: Any, *arguments: Any) -> None:
        import psutil

        spent.extend(sum(psutil.Process(process.pid).cpu_times()[:2]) for process in self._processes)
        original(self, *arguments)

    crew.Crew.__exit__ = note_cpu  # type: ignore[method-assign]
    run.run()
    return {
        "seconds": time.monotonic() - started,
        "cpu_seconds_dealing": time.process_time() - own,
        "cpu_seconds_busiest": max(spent, default=0.0),
    }


def apart(what: str, *arguments: str) -> Any:
    """One of the functions above in a process of its own."""
    command = [sys.executable, __file__, "--part", what, "--arguments", *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def better(one: dict[str, float], other: dict[str, float]) -> dict[str, float]:
    """Of two runs of the same, the smaller of each figure."""
    return {name: min(value, other[name]) for name, value in one.items()}


def measure(config: str, users: int, folder: Path) -> dict[str, Any]:
    """Everything, and the ratios that come of it."""
    size = ("-c", config, "-n", str(users), *PERIOD)
    for form in ("ndjson", "parquet"):  # packages are in memory and loops compiled from here on
        cli(*size, "-n", "10", "--format", form, str(folder / "first"))
    ndjson = cli(*size, str(folder / "ndjson"))
    parquet = cli(*size, "--format", "parquet", str(folder / "parquet"))
    lines = sum(path.read_bytes().count(b"\n") for path in (folder / "ndjson").glob("*.ndjson"))
    writers = apart("library_writers", str(folder / "parquet"), str(folder))
    # Once more the other way round: the machine's mood shows in the difference, and the better of two counts for both.
    again = apart("library_writers", str(folder / "parquet"), str(folder))
    writers = {name: better(writers[name], again[name]) for name in writers}
    parquet = better(parquet, cli(*size, "--format", "parquet", str(folder / "parquet")))
    ndjson = better(ndjson, cli(*size, str(folder / "ndjson")))
    one, two = (apart("crew_cpu", config, str(users), str(count)) for count in (1, 2))
    crowd = ("-c", config, "-n", "1000000", "-s", "2024-01-02", "-r", "1", "-q", "--format", "none")
    million = cli(*crowd, "-e", "2024-01-03")
    days = {n: cli(*crowd, "-n", "100000", "-e", f"2024-01-{2 + n:02d}")["peak_mb"] for n in (1, 4, 8)}
    fastest = min((w for name, w in writers.items() if "parquet" in name), key=lambda w: w["cpu_seconds"])
    busiest = two["cpu_seconds_busiest"] + two["cpu_seconds_dealing"]
    return {
        "lines": lines,
        "ours": {"ndjson": ndjson, "parquet": parquet},
        "library_writers": writers,
        "processes": {"1": one, "2": two},
        "ratios": {
            "ndjson / polars ndjson, CPU": ndjson["cpu_seconds"] / writers["polars ndjson"]["cpu_seconds"],
            "ndjson / polars ndjson, clock": ndjson["seconds"] / writers["polars ndjson"]["seconds"],
            "parquet / fastest parquet writer, CPU": parquet["cpu_seconds"] / fastest["cpu_seconds"],
            "parquet / fastest parquet writer, clock": parquet["seconds"]
            / min(w["seconds"] for name, w in writers.items() if "parquet" in name),
            "two processes, clock": one["seconds"] / two["seconds"],
            "two processes, CPU": one["cpu_seconds_dealing"] / busiest,
        },
        "memory_mb": {"a million users, one day, to nowhere": million["peak_mb"], "100,000 users by days": days},
        "lines_per_cpu_s": {
            "ndjson, start-up included": lines / ndjson["cpu_seconds"],
            "polars ndjson writer alone": lines / writers["polars ndjson"]["cpu_seconds"],
            "times the reference implementation": lines / ndjson["cpu_seconds"] / REFERENCE_LINES_A_CPU_S,
        },
    }


def headline(found: dict[str, Any]) -> dict[str, str]:
    """What the one-pager says of it."""
    rate = found["lines_per_cpu_s"]["ndjson, start-up included"] / 1000
    ratio = found["ratios"]["ndjson / polars ndjson, CPU"]
    return {
        "what": "simulator, a month to NDJSON, start-up included",
        "figure": f"{rate:.0f} k lines a CPU second; {ratio:.1f} times the cost of only writing them with Polars",
        "when": f"{os.cpu_count()} cores, {platform.machine()}, {datetime.now(UTC):%Y-%m-%d}",
    }


def main() -> None:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", default=str(DEFAULT_CONFIG))
    parser.add_argument("--users", type=int, default=10_000)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--part")
    parser.add_argument("--arguments", nargs="*", default=[])
    given = parser.parse_args()
    if given.part == "library_writers":
        print(json.dumps(library_writers(*map(Path, given.arguments))))
        return
    if given.part == "crew_cpu":
        config, users, processes = given.arguments
        print(json.dumps(crew_cpu(config, int(users), int(processes))))
        return
    before = calibration()
    with tempfile.TemporaryDirectory(prefix="bench-simulate-") as folder:
        found = measure(given.config, given.users, Path(folder))
    result = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {"before": before, "after": calibration()},
        "users": given.users,
        "days": 30,
        "headline": headline(found),
        **found,
    }
    print(json.dumps(result, indent=1))
    if given.out:
        given.out.parent.mkdir(parents=True, exist_ok=True)
        given.out.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
