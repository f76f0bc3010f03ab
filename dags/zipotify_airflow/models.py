"""The dbt models of a build as tasks, in the order of their references, each saying how its model came out.

One process builds all models: dbt takes half a minute to start, and DuckDB has one writer. So the tasks do not build;
they read dbt's own report of that build, and show what failed, where, and how long each model took.
"""

from __future__ import annotations

import json
import os
import re
from datetime import datetime
from pathlib import Path
from typing import Any

from airflow.sdk import BaseOperator, TaskGroup
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

MODELS = Path(__file__).resolve().parents[2] / "dbt" / "models"
_REFERENCE = re.compile(r"""\bref\(\s*['"](\w+)['"]\s*\)""")


def references(folder: Path = MODELS) -> dict[str, set[str]]:
    """Model -> the models that it reads."""
    read = {path.stem: set(_REFERENCE.findall(path.read_text())) for path in sorted(folder.rglob("*.sql"))}
    return {name: {other for other in others if other in read} for name, others in read.items()}


def add_models(build: BaseOperator) -> None:
    """One task a model behind `build`, and `published`, which fails when the build did."""
    graph = references()
    with TaskGroup("models", tooltip="How each dbt model of the build came out"):
        tasks = {name: ModelReport(task_id=name, trigger_rule="all_done", pool="light") for name in graph}
    for name, others in graph.items():
        for other in others:
            tasks[other] >> tasks[name]
        if not others:
            build >> tasks[name]
    build >> Published(task_id="published", pool="light")


class ModelReport(BaseOperator):
    """Reads how its model came out in the build of this run."""

    def execute(self, context: Any) -> str:
        """Seconds that the model took; fails or is skipped as the model was."""
        name = self.task_id.rpartition(".")[2]
        result = _results(context["dag_run"].start_date).get(name)
        if result is None:
            raise AirflowSkipException(f"{name} was not built: nothing had changed, or the build ended before it")
        if result["status"] == "skipped":
            raise AirflowSkipException(f"{name} was not built: a model or check before it failed")
        if result["status"] != "success":
            raise AirflowFailException(f"{name}: {result['message']}")
        return f"{result['execution_time']:.1f} s"


class Published(BaseOperator):
    """Stands for the switch of all readers: reached only when the build and its checks were good."""

    def execute(self, context: Any) -> str:  # noqa: ARG002
        """The name of what is published."""
        manifest = json.loads((_home() / "published" / "current.json").read_text())
        return str(manifest["publish_id"])


def _results(since: datetime) -> dict[str, dict[str, Any]]:
    """Results by model of a build that ended after `since`; none of an older one."""
    try:
        report = json.loads((_home() / "warehouse" / "target" / "run_results.json").read_text())
    except FileNotFoundError:
        return {}
    if datetime.fromisoformat(report["metadata"]["generated_at"]) < since:
        return {}
    kinds = (result["unique_id"].split(".") for result in report["results"])
    return {kind[2]: result for kind, result in zip(kinds, report["results"], strict=True) if kind[0] == "model"}


def _home() -> Path:
    return Path(os.environ["ZIPOTIFY_HOME"])
