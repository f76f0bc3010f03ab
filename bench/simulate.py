"""The simulator beside the fastest library writers of the same table, beside itself in two processes, and its memory.

    .venv/bin/python bench/simulate.py --config example-config.json --out bench/results/simulate.json

Every part runs in a process of its own. Our runs are measured whole, start-up included; for the libraries, time begins
when the finished table lies in memory. CPU seconds are the measure where other load on the machine would disturb the
clock; what two processes gain is read off the clock, so `--sections processes` wants the machine for itself, and the
same gain of a plain loop is measured beside it, as shared cores rarely give twice the work (and `TMPDIR` somewhere in
memory: a disk that both wait for is not what is measured). Each figure is the best of
some rounds, in which both sides take turns. The kernel's memory for files is touched before: whoever is the first to
use a page pays for it on a virtual machine.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from result import measured

DEFAULT_CONFIG = Path(__file__).parents[1] / "src" / "zipotify" / "simulate" / "default.toml"
PERIOD = ("-s", "2024-01-01", "-e", "2024-01-31", "-g", "0.5", "-r", "42", "-q", "--catalog", "builtin")
REFERENCE_LINES_A_CPU_S = 11_300
SECTIONS = ("speed", "processes", "memory")
ROUNDS = 3
LOOP_STEPS = 10_000_000

Cost = dict[str, float]


def cli(*arguments: str) -> Cost:
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


def library_writers(folder: Path, target: Path) -> dict[str, Cost]:
    """Write the finished table with each library writer, topic by topic, from memory."""
    import polars as pl
    import pyarrow.parquet as pq

    spent: dict[str, Cost] = {}

    def note(name: str, write: Callable[[], object]) -> None:
        started, cpu = time.monotonic(), time.process_time()
        write()
        before = spent.get(name, {"seconds": 0.0, "cpu_seconds": 0.0})
        spent[name] = {
            "seconds": before["seconds"] + time.monotonic() - started,
            "cpu_seconds": before["cpu_seconds"] + time.process_time() - cpu,
        }

    for path in sorted(path for path in folder.iterdir() if path.is_dir()):
        table, out = pl.read_parquet(path), target / path.name
        note("polars ndjson", lambda table=table, out=out: table.write_ndjson(out))  # type: ignore[misc]
        for packed in ("zstd", "snappy"):
            level = 1 if packed == "zstd" else None
            note(
                f"polars parquet {packed}",
                lambda table=table, out=out, packed=packed, level=level: table.write_parquet(  # type: ignore[misc]
                    out, compression=packed, compression_level=level
                ),
            )
        arrow = table.to_arrow()
        del table
        for packed in ("zstd", "snappy"):
            level = 1 if packed == "zstd" else None
            note(
                f"pyarrow parquet {packed}",
                lambda arrow=arrow, out=out, packed=packed, level=level: pq.write_table(  # type: ignore[misc]
                    arrow, out, compression=packed, compression_level=level
                ),
            )
        out.unlink()
    return spent


def apart(folder: Path, target: Path) -> dict[str, Cost]:
    """The library writers in a process of their own."""
    command = [sys.executable, __file__, "--writers", str(folder), str(target)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Cost] = json.loads(done.stdout.splitlines()[-1])
    return found


def better(one: Cost | None, other: Cost) -> Cost:
    """Of two runs of the same, the smaller of each figure."""
    return {name: min(value, one[name]) for name, value in other.items()} if one else other


def touch_memory(folder: Path, size: int) -> None:
    """Have the kernel use so much memory for files once."""
    block = b"\n" * 2**20
    with (folder / "touched").open("wb") as file:
        for _ in range(size // len(block) + 1):
            file.write(block)
    (folder / "touched").unlink()


def speed(config: str, users: int, folder: Path) -> dict[str, Any]:
    """Whole runs of that many users beside the writers, taking turns."""
    size = ("-c", config, "-n", str(users), *PERIOD)
    ours: dict[str, Cost] = {}
    writers: dict[str, Cost] = {}
    lines = 0
    for _ in range(ROUNDS):
        for form in ("ndjson", "parquet"):
            ours[form] = better(ours.get(form), cli(*size, "--format", form, str(folder / form)))
        if not lines:
            lines = sum(_line_count(path) for path in (folder / "ndjson").glob("*.ndjson"))
        shutil.rmtree(folder / "ndjson")
        for name, cost in apart(folder / "parquet", folder).items():
            writers[name] = better(writers.get(name), cost)
    parquet = [cost for name, cost in writers.items() if "parquet" in name]
    fastest = {unit: min(cost[unit] for cost in parquet) for unit in ("seconds", "cpu_seconds")}
    rate = lines / ours["ndjson"]["cpu_seconds"]
    return {
        "users": users,
        "days": 30,
        "lines": lines,
        "ours": ours,
        "library_writers": writers,
        "ratios": {
            f"{what}, {name}": ours[form][unit] / base[unit]
            for what, form, base in (
                ("ndjson / polars ndjson", "ndjson", writers["polars ndjson"]),
                ("parquet / fastest parquet writer", "parquet", fastest),
            )
            for name, unit in (("CPU", "cpu_seconds"), ("clock", "seconds"))
        },
        "lines_per_cpu_s": {
            "ndjson, start-up included": rate,
            "polars ndjson writer alone": lines / writers["polars ndjson"]["cpu_seconds"],
            "times the reference implementation": rate / REFERENCE_LINES_A_CPU_S,
        },
    }


def _line_count(path: Path) -> int:
    with path.open("rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(2**24), b""))


def processes(config: str, users: int, folder: Path) -> dict[str, Any]:
    """Whole runs by one process and by two, taking turns; what a plain loop gains here; and two runs at once.

    Two runs at once, by one process each, share nothing. Each goes as fast as one process does while the other core is
    busy, which on a shared machine is slower than one that has all to itself: with that two processes are compared too.
    """
    size = ("-c", config, *PERIOD)
    costs: dict[str, dict[str, Cost]] = {form: {} for form in ("ndjson", "parquet", "none")}
    loops: dict[int, float] = {}
    for _ in range(ROUNDS):
        for count in (1, 2):
            loops[count] = min(_loop_s(count), loops.get(count, float("inf")))
        for form, best in costs.items():
            for what, crews in (("one", [1]), ("two", [2]), ("one beside another", [1, 1])):
                shutil.rmtree(folder / form, ignore_errors=True)  # emptying old files is not part of writing new ones
                run = (*size, "-n", str(users), "--format", form)
                spent = _at_once(
                    [(*run, "-p", str(crew), str(folder / form / str(at))) for at, crew in enumerate(crews)]
                )
                best[what] = better(best.get(what), spent)
    return {
        "users": users,
        "costs": costs,
        "two processes are so many times as fast as": {
            form: {one: best[one]["seconds"] / best["two"]["seconds"] for one in ("one", "one beside another")}
            for form, best in costs.items()
        },
        "two plain loops beside one another are so many times as fast": 2 * loops[1] / loops[2],
    }


def _at_once(runs: list[tuple[str, ...]]) -> Cost:
    """The costs of runs beside one another, on average."""
    with ThreadPoolExecutor() as pool:
        spent = list(pool.map(lambda run: cli(*run), runs))
    return {name: sum(cost[name] for cost in spent) / len(spent) for name in spent[0]}


def _loop(steps: int) -> int:
    return sum(number * number for number in range(steps))


def _loop_s(count: int) -> float:
    """Seconds in which so many processes each do the same fixed work."""
    with ProcessPoolExecutor(count) as pool:
        list(pool.map(_loop, [1] * count))
        started = time.monotonic()
        list(pool.map(_loop, [LOOP_STEPS] * count))
        return time.monotonic() - started


def memory() -> dict[str, Any]:
    """Peak memory of runs to nowhere: a million users for a day, and fewer for more and more days."""
    crowd = ("-s", "2024-01-02", "-r", "1", "-q", "--catalog", "builtin", "--format", "none")
    million = cli(*crowd, "-n", "1000000", "-e", "2024-01-03")["peak_mb"]
    ends = {1: "2024-01-03", 7: "2024-01-09", 30: "2024-02-01", 90: "2024-04-01"}
    days = {count: cli(*crowd, "-n", "20000", "-e", end)["peak_mb"] for count, end in ends.items()}
    return {"a million users, one day, to nowhere": million, "20,000 users by days": days}


def headline(found: dict[str, Any]) -> dict[str, str]:
    """What the one-pager says of it."""
    rate = found["lines_per_cpu_s"]["ndjson, start-up included"] / 1000
    ratio = found["ratios"]["ndjson / polars ndjson, CPU"]
    return {
        "what": "simulator, a month to NDJSON",
        "figure": f"{rate:,.0f} k lines a CPU second; {ratio:.2f} times the cost of Polars' writer alone",
        "when": f"{datetime.now(UTC):%Y-%m-%d}",
    }


def main() -> None:
    """Measure, print and keep; sections that aren't measured stay as they were."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", default=str(DEFAULT_CONFIG))
    parser.add_argument("--users", type=int, nargs="+", default=[20_000])
    parser.add_argument("--sections", nargs="+", choices=SECTIONS, default=SECTIONS)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--writers", nargs=2, type=Path)
    given = parser.parse_args()
    if given.writers:
        print(json.dumps(library_writers(*given.writers)))
        return
    known = json.loads(given.out.read_text()) if given.out and given.out.exists() else {}
    with tempfile.TemporaryDirectory(prefix="bench-simulate-") as name, measured(given.out, **known) as found:
        folder = Path(name)
        for form in ("ndjson", "parquet"):  # packages are in memory and loops compiled from here on
            cli("-c", given.config, *PERIOD, "-n", "10", "--format", form, str(folder / "first"))
        touch_memory(folder, 150_000 * max(given.users))
        if "speed" in given.sections:
            runs = [speed(given.config, users, folder) for users in given.users]
            found |= {"speed": runs, "headline": headline(runs[0])}
        if "processes" in given.sections:
            found["processes"] = processes(given.config, max(given.users), folder)
        if "memory" in given.sections:
            found["memory_mb"] = memory()


if __name__ == "__main__":
    main()
