"""Does anything from outside break us? Each target is fuzzed by atheris, guided by what code its input reaches.

    .venv/bin/python bench/fuzz.py --seconds 1200 --out bench/results/fuzz.json

The time is shared evenly by the targets, one after the other, each in a process of its own: a crash of one ends none
of the others. The corpus is kept in `build/fuzz`, so that the next run goes on from it. An input that makes a target
raise, run for over a minute or take more than 2 GB is kept in `build/fuzz/TARGET-found`; the exit code is 1 then.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import atheris

with atheris.instrument_imports(include=["zipotify", "fuzz_targets"]):
    from fuzz_targets import TARGETS

    from zipotify.runtime.machine import calibration

PROJECT = Path(__file__).resolve().parents[1]
FOLDER = PROJECT / "build" / "fuzz"
_STATUS = re.compile(r"#(\d+)\s+\w+\s+cov: (\d+) ft: (\d+) corp: (\d+)")
_SLOWEST_S, _MOST_MB = 60, 2048


def fuzz_here(name: str, seconds: int) -> None:
    """Fuzz one target in this process, which ends with it."""
    target = TARGETS[name]
    corpus, found = FOLDER / name, FOLDER / f"{name}-found"
    for folder in (corpus, found):
        folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(target.seeds()):
        (corpus / f"seed-{number}").write_bytes(seed)
    options = [
        f"-max_total_time={seconds}",
        f"-max_len={target.longest}",
        f"-timeout={_SLOWEST_S}",
        f"-rss_limit_mb={_MOST_MB}",
        f"-artifact_prefix={found}/",
        "-print_final_stats=1",
    ]
    atheris.Setup([sys.argv[0], *options, str(corpus)], target.make())
    atheris.Fuzz()


def fuzz(name: str, seconds: int) -> dict[str, Any]:
    """Fuzz one target in a process of its own; what it reached, and what it found."""
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, __file__, "--here", name, "--seconds", str(seconds)],
        cwd=PROJECT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
    )
    said = done.stdout + done.stderr
    # A C library's own failing, which the product keeps in a process of its own (`catalog/isolated.py`).
    is_librarys = "deadly signal" in said and "Uncaught Python exception" not in said
    is_contained = is_librarys and TARGETS[name].is_isolated
    if is_contained:
        for file in (FOLDER / f"{name}-found").glob("crash-*"):
            file.rename(FOLDER / f"{name}-{file.name}")
    runs, edges, features, corpus = (int(text) for text in (_STATUS.findall(said) or [("0",) * 4])[-1])
    if done.returncode and not is_contained:
        print(said[-4000:], file=sys.stderr)
    return {
        "target": name,
        "seconds": round(time.monotonic() - started, 1),
        "inputs": runs,
        "edges": edges,
        "features": features,
        "corpus": corpus,
        "exit_code": 0 if is_contained else done.returncode,
        "contained_crashes": int(is_contained),
        "found": sorted(file.name for file in (FOLDER / f"{name}-found").glob("*")),
    }


def main() -> None:
    """Fuzz all targets, print and keep."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=1200, help="for all targets together")
    parser.add_argument("--only", action="append", choices=TARGETS, help="this target (may be repeated)")
    parser.add_argument("--here", choices=TARGETS, help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    if given.here:
        return fuzz_here(given.here, given.seconds)
    names = given.only or list(TARGETS)
    before, results = calibration(), []
    for name in names:
        results.append(fuzz(name, given.seconds // len(names)))
        print(json.dumps(results[-1]), flush=True)
    wrong = [result["target"] for result in results if result["exit_code"] or result["found"]]
    seconds, inputs = sum(r["seconds"] for r in results), sum(r["inputs"] for r in results)
    report = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "headline": {
            "what": f"fuzzing, {len(results)} targets, {seconds / 60:.0f} minutes",
            "figure": f"{inputs:,} inputs, {len(wrong)} targets broken",
            "when": f"{datetime.now(UTC):%Y-%m-%d}",
        },
        "machine": {"before": before, "after": calibration()},
        "seconds": round(seconds, 1),
        "inputs": inputs,
        "targets": results,
        "broken": wrong,
    }
    if given.out:
        given.out.parent.mkdir(parents=True, exist_ok=True)
        given.out.write_text(json.dumps(report, indent=1) + "\n")
    print(f"{report['inputs']:,} inputs in {report['seconds']:.0f} s; broken: {', '.join(wrong) or 'none'}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
