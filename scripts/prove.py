"""Run the long evidence of bench/prove.toml, step by step, and keep what came of it.

    .venv/bin/python scripts/prove.py [--only NAME]... [--again] [--list]

Each step leaves bench/results/prove/NAME.json. A step whose record is good and was made from the same source is not
run again, so a run that was interrupted goes on where it was. A step that fails does not stop the others; the exit code
is 1 when any has no good record at the end.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
import tomllib
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from zipotify.runtime.machine import calibration

PROJECT = Path(__file__).resolve().parents[1]
LAST_LINES = 25
SOURCE_VARIABLE = "PROVE_SOURCE"
"""Tells the command a name for the state of the source; what it leaves half done under that name, it may go on with."""
_NOT_SOURCE = "__pycache__"


@dataclass(frozen=True)
class Step:
    """One piece of evidence."""

    name: str
    shows: str
    command: str
    depends_on: tuple[str, ...]


@dataclass(frozen=True)
class Record:
    """What came of a step; seconds are on the clock, the machine is as it was before the step."""

    name: str
    shows: str
    command: str
    source_hash: str
    commit: str
    finished_at: str
    seconds: float
    exit_code: int
    machine: dict[str, Any]
    last_lines: list[str]


def read_steps(listing: Path) -> list[Step]:
    """The steps in their order; raises SystemExit, in words, when the list can't be used."""
    entries = tomllib.loads(listing.read_text(encoding="utf-8")).get("step", [])
    try:
        steps = [Step(e["name"], e["shows"], e["command"], tuple(e["depends_on"])) for e in entries]
    except KeyError as missing:
        raise SystemExit(f"{listing}: a step has no {missing}") from None
    names = [step.name for step in steps]
    if len(set(names)) < len(names):
        raise SystemExit(f"{listing}: two steps have one name: {names}")
    return steps


def source_hash(project: Path, step: Step) -> str:
    """SHA-256 of the command and of the names and contents of all files that the step depends on."""
    digest = hashlib.sha256(step.command.encode())
    for name in step.depends_on:
        for file in _files(project, name, step):
            content = hashlib.sha256(file.read_bytes()).hexdigest()
            digest.update(f"\n{file.relative_to(project).as_posix()} {content}".encode())
    return digest.hexdigest()


def _files(project: Path, name: str, step: Step) -> list[Path]:
    path = project / name
    if not path.exists():
        raise SystemExit(f"step '{step.name}' depends on {name}, which is not there")
    files = [path] if path.is_file() else path.rglob("*")
    return sorted(file for file in files if file.is_file() and _NOT_SOURCE not in file.parts)


class Prover:
    """Runs steps of one project and keeps their records in one folder."""

    def __init__(self, project: Path, records: Path) -> None:
        self._project = project
        self._records = records

    def prove(self, steps: Sequence[Step], again: bool = False) -> int:
        """Run what has no good record yet; returns how many steps have none at the end."""
        wrong = 0
        for number, step in enumerate(steps, 1):
            place = f"[{number}/{len(steps)}] {step.name}"
            if not again and self.is_proven(step):
                print(f"{place}: proven before, from the same source", flush=True)
                continue
            print(f"{place}: {step.shows}\n  $ {step.command}", flush=True)
            record = self._run(step)
            self._keep(record)
            wrong += record.exit_code != 0
            print(f"{place}: exit code {record.exit_code} after {record.seconds:.0f} s", flush=True)
        return wrong

    def is_proven(self, step: Step) -> bool:
        """Whether the step ended well on the source as it is now."""
        file = self._file(step.name)
        if not file.exists():
            return False
        record = json.loads(file.read_text(encoding="utf-8"))
        return bool(record["exit_code"] == 0 and record["source_hash"] == source_hash(self._project, step))

    def _run(self, step: Step) -> Record:
        made_from, machine = source_hash(self._project, step), calibration()
        started, last = time.monotonic(), deque[str](maxlen=LAST_LINES)
        result: list[int] = []
        for line in self._lines(step.command, made_from, result):
            print(f"  {line}", flush=True)
            last.append(self._anonymous(line))
        seconds = round(time.monotonic() - started, 1)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        given = (step.name, step.shows, step.command, made_from, self._commit(), now, seconds)
        return Record(*given, result[0], machine, list(last))

    def _lines(self, command: str, made_from: str, result: list[int]) -> Iterator[str]:
        """The command's output; its exit code is left in `result`. Ctrl-C ends it with all that it started."""
        environment = {**os.environ, SOURCE_VARIABLE: made_from[:12]}
        with subprocess.Popen(
            ["/bin/sh", "-c", command],
            cwd=self._project,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        ) as running:
            try:
                yield from (line.rstrip("\n") for line in running.stdout or ())
            except BaseException:
                os.killpg(running.pid, signal.SIGTERM)
                raise
        result.append(running.returncode)

    def _anonymous(self, line: str) -> str:
        """Without the place of the project on this machine, for the records are public."""
        return line.replace(str(self._project), ".").replace(str(self._project.parent), "..")

    def _commit(self) -> str:
        command = ["git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]
        done = subprocess.run(command, cwd=self._project, capture_output=True, text=True, check=False)
        return done.stdout.strip() or "unknown"

    def _keep(self, record: Record) -> None:
        self._records.mkdir(parents=True, exist_ok=True)
        self._file(record.name).write_text(json.dumps(asdict(record), indent=1, ensure_ascii=False) + "\n")

    def _file(self, name: str) -> Path:
        return self._records / f"{name}.json"


def chosen(steps: list[Step], names: Sequence[str]) -> list[Step]:
    """The named steps, or all."""
    unknown = set(names) - {step.name for step in steps}
    if unknown:
        raise SystemExit(f"no step is called {', '.join(sorted(unknown))}; see --list")
    return [step for step in steps if not names or step.name in names]


def main(arguments: Sequence[str] | None = None, project: Path = PROJECT) -> int:
    """Run the steps; 0 when all are proven."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="this step (may be repeated)")
    parser.add_argument("--again", action="store_true", help="run also what was proven before")
    parser.add_argument("--list", action="store_true", help="show the steps and which are proven, and run nothing")
    given = parser.parse_args(arguments)
    steps = chosen(read_steps(project / "bench" / "prove.toml"), given.only)
    prover = Prover(project, project / "bench" / "results" / "prove")
    if given.list:
        for step in steps:
            print(f"{'proven' if prover.is_proven(step) else 'to do ':6}  {step.name}: {step.shows}")
        return 0
    wrong = prover.prove(steps, given.again)
    print(f"{len(steps) - wrong} of {len(steps)} steps are proven")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
