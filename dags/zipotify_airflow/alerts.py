"""What people hear of: a step that failed for good, and a job that failed or took too long."""

from __future__ import annotations

from typing import Any

from zipotify.ops.notify import notify


def step_failed(context: Any) -> None:
    """After the last retry."""
    task = context["task_instance"]
    notify("failed", f"{task.dag_id}.{task.task_id}", f"run {context['run_id']}: {context.get('exception')}")


def job_failed(context: Any) -> None:
    """When a run ends without success: a step failed, or it took longer than the job's deadline."""
    notify("failed", context["dag_run"].dag_id, f"run {context['run_id']}: {context.get('reason')}")
