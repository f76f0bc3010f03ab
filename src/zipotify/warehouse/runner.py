"""dbt inside this process: importing it takes seconds, so a process that builds again keeps it."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson

from zipotify.errors import BuildError
from zipotify.settings import Settings
from zipotify.warehouse.sources import project_folder

_MESSAGE_CHARS = 500
_NO_UNIT_TESTS = ("--exclude-resource-type", "unit_test")
_NO_ANALYSES = ("--exclude", "tag:daily")


class DbtRunner:
    """Runs the project for one home; keeps the parsed project between runs."""

    def __init__(self, settings: Settings, target: str = "duckdb") -> None:
        self._settings = settings
        self._target = target
        self._project = project_folder()
        self._folder = settings.home.warehouse_file.parent
        self.target_folder = self._folder / ("target" if target == "duckdb" else f"target-{target}")
        """Where dbt writes down the project, what it compiled and how it went."""

    def build(self, with_analyses: bool = True) -> list[str]:
        """Run the models and their checks, in order, heavier analyses only when asked; returns what checks warn of.

        Raises BuildError naming what failed first. Unit tests of models are for the tests, not for every build.
        """
        chosen = _NO_UNIT_TESTS if with_analyses else (*_NO_UNIT_TESTS, *_NO_ANALYSES)
        return _warnings(self._run("build", *chosen))

    def document(self) -> None:
        """Write dbt's documentation of what was built into the target folder; raises BuildError."""
        self._run("docs", "generate", "--no-compile")

    def unit_tests(self) -> list[str]:
        """Run the unit tests of models against an existing build; returns their names, raises BuildError."""
        outcome = self._run("test", "--resource-type", "unit_test")
        return [result.node.name for result in outcome.result.results]

    def compile(self) -> None:
        """Write down what would be run, without asking an engine for anything; raises BuildError."""
        self._run("compile", "--no-introspect", "--no-populate-cache")

    def _run(self, *command: str) -> Any:
        from dbt.cli.main import dbtRunner

        self._folder.mkdir(parents=True, exist_ok=True)
        self._settings.home.logs.mkdir(parents=True, exist_ok=True)
        with _environment(self._variables()), _called(*command):
            try:
                outcome = dbtRunner().invoke(["--quiet", *command, *self._arguments()])
            finally:
                _close_connections()
                _close_logs()
        if not outcome.success:
            raise BuildError(_failure(outcome), f"see {self._settings.home.logs / 'dbt.log'}; what was published stays")
        return outcome

    def _arguments(self) -> list[str]:
        names = ("k_anonymity", "arpu_paid_month")
        variables = orjson.dumps({name: getattr(self._settings, name) for name in names}).decode()
        return [
            *("--project-dir", str(self._project)),
            *("--profiles-dir", str(self._project)),
            *("--target", self._target),
            *("--target-path", str(self.target_folder)),
            *("--log-path", str(self._settings.home.logs)),
            *("--log-level", "none", "--log-level-file", "info"),
            *("--vars", variables),
            "--no-version-check",
            "--no-send-anonymous-usage-stats",
            "--no-use-colors",
        ]

    def _variables(self) -> dict[str, str]:
        # The lake's path lands in an SQL string inside a format string.
        lake = str(self._settings.home.lake).replace("'", "''").replace("{", "{{").replace("}", "}}")
        return {
            "ZIPOTIFY_LAKE": lake,
            "ZIPOTIFY_BUILD_FILE": str(self._settings.home.warehouse_file),
            "ZIPOTIFY_BUILD_TEMP": str(self._folder / "spill"),
            "ZIPOTIFY_BUILD_MEMORY_MB": str(self._settings.warehouse_memory_mb),
            "DO_NOT_TRACK": "1",
        }


@contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    """Environment variables for dbt's profile and sources, taken back afterwards."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def _called(*command: str) -> Iterator[None]:
    """What dbt takes for its own call, which it writes into its results: ours may name a person, who is erased."""
    before = sys.argv
    sys.argv = ["dbt", *command]
    try:
        yield
    finally:
        sys.argv = before


def _close_connections() -> None:
    """Let go of the working file: dbt would keep it open for its next run."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    environment = DuckDBConnectionManager._ENV
    if environment is not None:
        environment.close()
    DuckDBConnectionManager.close_all_connections()


def _close_logs() -> None:
    """Let go of the log: dbt would only drop it at its next run, and leave the file open."""
    from dbt_common.events.event_manager_client import get_event_manager

    for logger in get_event_manager().loggers:
        for handler in getattr(getattr(logger, "_python_logger", None), "handlers", ()):
            if isinstance(handler, logging.FileHandler):
                handler.close()


def _failure(outcome: Any) -> str:
    """The first failed model or check, and what it said."""
    for result in getattr(outcome.result, "results", None) or []:
        if str(result.status) in {"error", "fail"}:
            kind = "check" if str(result.node.resource_type) in {"test", "unit_test"} else "model"
            said = " ".join(str(result.message).split())[:_MESSAGE_CHARS]
            return f"warehouse {kind} '{result.node.name}' failed: {said}"
    return f"dbt did not run: {' '.join(str(outcome.exception).split())[:_MESSAGE_CHARS]}"


def _warnings(outcome: Any) -> list[str]:
    """Names of the checks that warn, with how many rows each found."""
    results = [result for result in outcome.result.results if str(result.status) == "warn"]
    return sorted(f"{result.node.name} ({result.failures})" for result in results)


def working_leftovers(folder: Path) -> list[Path]:
    """Files of the working database, to be removed before a build from nothing."""
    return [path for path in folder.glob("warehouse.duckdb*") if path.is_file()]
