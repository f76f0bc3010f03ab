"""Peak memory and cost of importing taste profiles of two lengths: it must not grow with the lines.

    .venv/bin/python bench/catalog.py --out bench/results/catalog.json

The triplets are made here: as many users and songs as the Echo Nest's have for each line, long-tailed plays, written
plain, as .gz and as .zip, and imported by the command with a `unique_tracks.txt` of the same songs.
"""

from __future__ import annotations

import argparse
import gzip
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from result import measured

SONGS = 100_000
LINES_A_USER = 48
BLOCK = 1_000_000
PREPARED = ("", ".gz", ".zip")


def write_tracks(path: Path) -> None:
    """`unique_tracks.txt` of all songs."""
    rows = (f"TR{n:016d}<SEP>SO{n:016d}<SEP>Artist {n % 3000}<SEP>Song {n}\n" for n in range(SONGS))
    path.write_text("".join(rows))


def write_triplets(path: Path, lines: int) -> None:
    """So many lines, block by block."""
    rng = np.random.default_rng(lines)
    with path.open("wb") as file:
        for begin in range(0, lines, BLOCK):
            count = min(BLOCK, lines - begin)
            song = (SONGS ** rng.random(count)).astype(np.int64) - 1
            user = (begin + np.arange(count)) // LINES_A_USER
            pl.select(
                user=pl.lit("u") + pl.Series(user).cast(pl.String).str.zfill(39),
                song=pl.lit("SO") + pl.Series(song).cast(pl.String).str.zfill(16),
                plays=pl.Series(rng.geometric(0.35, count)),
            ).write_csv(file, include_header=False, separator="\t")


def packed(plain: Path, ending: str) -> Path:
    """The same file plain, as .gz, or as .zip."""
    path = plain.with_name(plain.name + ending)
    if ending == ".gz":
        with plain.open("rb") as source, gzip.open(path, "wb", compresslevel=1) as target:
            shutil.copyfileobj(source, target, 2**20)
    elif ending == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            archive.write(plain, plain.name)
    return path


def imported(home: Path, *paths: Path) -> dict[str, float]:
    """Import by the command; seconds, CPU seconds and peak memory."""
    started = time.monotonic()
    command = [sys.executable, "-m", "zipotify", "catalog", "import", "--home", str(home), *map(str, paths)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as running:
        _, status, usage = os.wait4(running.pid, 0)
        running.returncode = os.waitstatus_to_exitcode(status)
    if running.returncode:
        raise SystemExit(f"the import failed: {command}")
    return {
        "seconds": round(time.monotonic() - started, 1),
        "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 1),
        "peak_mb": round(usage.ru_maxrss / 1024),
    }


def measure(folder: Path, lengths: list[int]) -> dict[str, Any]:
    """Each length in each form; the first import only brings packages into memory."""
    write_tracks(folder / "unique_tracks.txt")
    imported(folder / "home", folder / "unique_tracks.txt")
    found: dict[str, dict[str, Any]] = {}
    for lines in lengths:
        plain = folder / "train_triplets.txt"
        write_triplets(plain, lines)
        for ending in PREPARED:
            path = packed(plain, ending)
            found.setdefault(ending or "plain", {})[str(lines)] = imported(
                folder / "home", folder / "unique_tracks.txt", path
            )
            if ending:
                path.unlink()
        plain.unlink()
    first, last = str(lengths[0]), str(lengths[-1])
    growth = {form: round(cost[last]["peak_mb"] / cost[first]["peak_mb"], 2) for form, cost in found.items()}
    return {"songs": SONGS, "imports": found, "peak memory, longest / shortest": growth}


def main() -> None:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, nargs="+", default=[2_000_000, 8_000_000])
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="zipotify-catalog-"))
    try:
        with measured(given.out) as found:
            found |= measure(folder, given.lines)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
