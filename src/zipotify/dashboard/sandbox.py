"""A reader's own SQL, in a process of its own: memory, time and rows have an end, whatever the query is.

One function call in SQL (`repeat('x', 1e9)`) can take more memory than DuckDB's limit and can't be interrupted; a
process can always be ended. The snapshot is opened read-only and locked, without files, network or settings.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from zipotify.access.identity import current
from zipotify.contracts.answers import Answer, parquet_bytes
from zipotify.errors import QueryError
from zipotify.settings import Settings

TIME_LIMIT_S = 15.0
MEMORY_LIMIT_MB = 1024
"""Over what the process takes before the query; DuckDB itself is given half."""
ROW_LIMIT = 1000
EXPORT_ROW_LIMIT = 100_000
LONGEST_SQL = 10_000
QUERIES_AT_ONCE = 2
"""Of one user: each is a process with memory of its own."""
WAIT_S = TIME_LIMIT_S
_TURNS: dict[str, threading.BoundedSemaphore] = {}
_LOCK = threading.Lock()


def run_sql(settings: Settings, sql: str, row_limit: int = ROW_LIMIT) -> Answer:
    """Answer one SELECT from the newest snapshot; raises QueryError, also when it takes too much."""
    said = _said(_run(settings, sql, row_limit, "json"))
    return Answer(said["columns"], said["rows"], said["is_cut"])


def run_sql_to_parquet(settings: Settings, sql: str) -> bytes:
    """The same as a Parquet file, with the types that the marts have."""
    content = _run(settings, sql, EXPORT_ROW_LIMIT, "parquet")
    if not content.startswith(b"PAR1"):
        _said(content)
    return content


def _run(settings: Settings, sql: str, row_limit: int, form: str) -> bytes:
    if not sql.strip():
        raise QueryError("there is no query", "write a SELECT, or choose a table")
    if len(sql) > LONGEST_SQL:
        raise QueryError(f"the query is longer than {LONGEST_SQL:,} characters", "shorten it, or use `zipotify query`")
    asked = json.dumps({"published": str(settings.home.published), "sql": sql, "limit": row_limit, "form": form})
    try:
        with _turn():
            done = subprocess.run(
                [sys.executable, "-I", "-m", "zipotify.dashboard.sandbox"],
                input=asked.encode(),
                capture_output=True,
                timeout=TIME_LIMIT_S,
            )
    except subprocess.TimeoutExpired:
        raise QueryError(
            f"the query took longer than {TIME_LIMIT_S:.0f} s and was stopped",
            "narrow it (a day, a LIMIT inside a subquery), or use `zipotify query`",
        ) from None
    return done.stdout


@contextmanager
def _turn() -> Iterator[None]:
    """So many queries of one user run at a time; a further one waits for one of them to end, and not for ever."""
    name = current().name
    with _LOCK:
        turns = _TURNS.setdefault(name, threading.BoundedSemaphore(QUERIES_AT_ONCE))
    if not turns.acquire(timeout=WAIT_S):
        raise QueryError(f"{QUERIES_AT_ONCE} queries of yours run already", "wait until one of them has ended")
    try:
        yield
    finally:
        turns.release()


def _said(content: bytes) -> dict[str, Any]:
    try:
        said: dict[str, Any] = json.loads(content)
    except ValueError:
        raise QueryError(
            f"the query took more than {MEMORY_LIMIT_MB} MB and was stopped", "narrow it, or use `zipotify query`"
        ) from None
    if "error" in said:
        raise QueryError(said["error"], said["to_do"])
    return said


def _limit_memory() -> None:
    """Address space: what there is now, and the limit."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + MEMORY_LIMIT_MB * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    cpu_s = int(TIME_LIMIT_S) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s))


def main() -> None:
    """The child: a question on standard input, its answer on standard output."""
    asked = json.load(sys.stdin)
    try:
        content = _work(asked)
    except QueryError as error:
        content = json.dumps({"error": error.what, "to_do": error.to_do}).encode()
    except MemoryError:
        content = json.dumps({"error": f"the query took more than {MEMORY_LIMIT_MB} MB", "to_do": "narrow it"}).encode()
    sys.stdout.buffer.write(content)


def _work(asked: dict[str, Any]) -> bytes:
    from zipotify.contracts.answers import ask, ask_arrow
    from zipotify.contracts.snapshot import open_current

    _limit_memory()
    _, connection = open_current(Path(asked["published"]), MEMORY_LIMIT_MB // 2, threads=1)
    if asked["form"] == "parquet":
        return parquet_bytes(ask_arrow(connection, asked["sql"], asked["limit"]))
    answer = ask(connection, asked["sql"], asked["limit"])
    return json.dumps({"columns": answer.columns, "rows": answer.rows, "is_cut": answer.is_cut}).encode()


if __name__ == "__main__":
    main()
