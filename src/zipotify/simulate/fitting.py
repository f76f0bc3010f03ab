"""Options that don't go together: refused by name, rather than one of them having no effect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zipotify.errors import UsageError
from zipotify.simulate.plan import Options

if TYPE_CHECKING:
    from zipotify.simulate.job import Job

_NEEDS_FILES = ("--format", "--processes", "--resume")
_NOT_WITH = {
    "--continuous": (
        *("--faults", "--experiment", "--shard", "--speed", "--lake", "--progress"),
        *_NEEDS_FILES,
    ),
    "--kafka": ("--lake", *_NEEDS_FILES),
    "--lake": ("--format", "--resume", "--speed"),
    "files": ("--speed",),
}
"""Where events go -> what has no meaning there: a live run has no second pass, Kafka no files, files no pace.

A live run takes an end, and has none: command lines for Eventsim, which does the same, often name one."""


def require_fitting(job: Job) -> None:
    """Raise UsageError naming the options that have no meaning where this job's events go."""
    kinds = {"--continuous": job.live is not None, "--kafka": job.kafka, "--lake": job.lake}
    where = next((name for name, is_wanted in kinds.items() if is_wanted), "files")
    given = [name for name in _NOT_WITH[where] if _is_given(job)[name]]
    if not given:
        return
    if where == "files":
        raise UsageError(f"{given[0]} is the pace of a run into Kafka", "add --kafka or -k, or leave it out")
    raise UsageError(f"{where} doesn't go with {', '.join(given)}", "leave one of them out")


def _is_given(job: Job) -> dict[str, bool]:
    options = job.options
    return {
        "--faults": bool(options.faults),
        "--experiment": bool(job.variants),
        "--shard": options.shard != Options().shard,
        "--speed": not job.pace.is_max,
        "--lake": job.lake,
        "--progress": job.progress in ("bar", "json"),
        "--format": job.format != "ndjson",
        "--processes": job.processes > 1,
        "--resume": job.resume,
    }
