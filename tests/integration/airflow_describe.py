"""Runs in Airflow's environment: reads the DAGs and prints what a test wants to know, as JSON on the last line."""

from __future__ import annotations

import json
import os
from typing import Any

from airflow.dag_processing.dagbag import DagBag


def described(dag: Any) -> dict[str, Any]:
    """One DAG as plain data."""
    asset_names = [asset.name for asset in dag.schedule] if isinstance(dag.schedule, list) else []
    return {
        "schedule": f"asset {asset_names[0]}" if asset_names else dag.schedule,
        "owner": dag.owner,
        "catchup": dag.catchup,
        "max_active_runs": dag.max_active_runs,
        "timeout_s": dag.dagrun_timeout.total_seconds(),
        "docs": dag.doc_md,
        "tasks": {
            task.task_id: {
                "retries": task.retries,
                "backs_off": task.retry_exponential_backoff,
                "pool": task.pool,
                "timeout_s": task.execution_timeout.total_seconds() if task.execution_timeout else None,
                "calls_back": bool(task.on_failure_callback),
                "downstream": sorted(task.downstream_task_ids),
                "outlets": [outlet.name for outlet in task.outlets],
            }
            for task in dag.tasks
        },
    }


def main() -> None:
    """All DAGs of the folder, and what could not be imported."""
    bag = DagBag(os.environ["AIRFLOW__CORE__DAGS_FOLDER"])
    print(json.dumps({"errors": bag.import_errors, "dags": {name: described(dag) for name, dag in bag.dags.items()}}))


if __name__ == "__main__":
    main()
