"""A job as a DAG: its steps in a row, the dbt models of a build beside it, and what is new announced as an asset."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import DAG, Asset, BaseOperator, Param

from zipotify.ops.jobs import Job, Step
from zipotify_airflow.alerts import job_failed, step_failed
from zipotify_airflow.models import add_models
from zipotify_airflow.verb import VerbOperator

FIRST_DAY = datetime(2026, 1, 1, tzinfo=UTC)
LONGEST_RETRY_DELAY = timedelta(minutes=10)


def asset(data_set: str) -> Asset:
    """A data set of the list as Airflow knows it."""
    return Asset(name=data_set, uri=f"x-zipotify://{data_set}")


def dag_of(job: Job) -> DAG:
    """The DAG of one job; news of a data set starts it, else its cron does."""
    with DAG(
        job.name,
        description=job.doc,
        doc_md=_docs(job),
        schedule=[asset(job.after_news_of)] if job.after_news_of else job.cron,
        start_date=FIRST_DAY,
        catchup=False,
        max_active_runs=1,
        tags=["zipotify", job.owner],
        params={parameter.name: Param(parameter.default, "string", parameter.doc) for parameter in job.parameters},
        default_args=_default_args(job),
        # Not a DeadlineAlert: Airflow 3.3.2 can't run `dags test` on a DAG that has one.
        dagrun_timeout=timedelta(seconds=job.deadline_s),
        on_failure_callback=job_failed,
    ) as dag:
        before: BaseOperator | None = None
        for step in job.steps:
            task = _task(job, step)
            if before is not None:
                before >> task
            if step.shows_models:
                add_models(task)
            before = task
    return dag


def _task(job: Job, step: Step) -> VerbOperator:
    return VerbOperator(
        task_id=step.name,
        job=job.name,
        step=step.name,
        values={parameter.name: f"{{{{ params.{parameter.name} }}}}" for parameter in job.parameters},
        doc_md=step.doc,
        pool=step.pool,
        execution_timeout=timedelta(seconds=step.timeout_s),
        outlets=[asset(step.announces)] if step.announces else [],
    )


def _default_args(job: Job) -> dict[str, Any]:
    return {
        "owner": job.owner,
        "retries": job.retry_count,
        "retry_delay": timedelta(seconds=job.retry_delay_s),
        "retry_exponential_backoff": True,
        "max_retry_delay": LONGEST_RETRY_DELAY,
        "on_failure_callback": step_failed,
    }


def _docs(job: Job) -> str:
    steps = "\n".join(f"1. **{step.name}**: {step.doc} (`zipotify {' '.join(step.arguments)}`)" for step in job.steps)
    return f"{job.doc}\n\n{steps}\n\nBy hand: `zipotify job run {job.name}`"
