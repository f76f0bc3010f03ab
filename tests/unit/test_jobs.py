"""The list of jobs, and the runner that needs no Airflow."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest
from apscheduler.triggers.cron import CronTrigger

from zipotify.cli import verbs
from zipotify.errors import UsageError
from zipotify.ops.jobs import JOBS, POOL_SLOTS, Job, Parameter, Step
from zipotify.ops.jobs_run import run_job
from zipotify.ops.jobs_watch import scheduled_jobs
from zipotify.ops.notify import notify
from zipotify.ops.parts import PARTS
from zipotify.settings import Settings

QUIET = Job("quiet", "A test's.", (Step("news", ("maintain", "news"), "first"),), None, "analytics", 60, retry_count=1)


@pytest.mark.parametrize("job", JOBS.values(), ids=lambda job: job.name)
def test_every_job_can_run_and_is_described(job: Job) -> None:
    assert {step.arguments[0] for step in job.steps} <= set(verbs())
    assert {step.pool for step in job.steps} <= POOL_SLOTS.keys()
    assert job.doc
    assert all(step.doc for step in job.steps)
    assert len({step.name for step in job.steps}) == len(job.steps)
    assert sum(step.timeout_s for step in job.steps) >= max(step.timeout_s for step in job.steps) > 0
    assert job.part in (None, *(part.name for part in PARTS))
    if job.cron is not None:
        CronTrigger.from_crontab(job.cron)


def test_news_that_start_a_job_are_announced_by_a_step() -> None:
    announced = {step.announces for job in JOBS.values() for step in job.steps}
    assert {job.after_news_of for job in JOBS.values()} - {None} <= announced
    assert all(job.cron for job in JOBS.values() if job.after_news_of), "the other runner knows no news"


def test_the_list_needs_the_standard_library_alone() -> None:
    """Airflow reads it in an environment that has none of our packages."""
    code = "import sys, zipotify.ops.jobs, zipotify.ops.notify; print([m for m in sys.modules if 'pydantic' in m])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_parameter_fills_a_whole_argument_and_never_becomes_two() -> None:
    step = Step("load", ("load", "{paths}", "--quiet"), "reads")
    job = replace(QUIET, steps=(step,), parameters=(Parameter("paths", "/data", "where"),))
    assert job.filled({})[0].arguments == ("load", "/data", "--quiet")
    assert job.filled({"paths": "a b; rm -rf /"})[0].arguments == ("load", "a b; rm -rf /", "--quiet")
    with pytest.raises(KeyError):
        job.filled({"other": "x"})


def test_unknown_steps_and_parameters_are_wrong_use(settings: Settings) -> None:
    with pytest.raises(UsageError, match="no step 'absent'"):
        run_job(settings, QUIET, only="absent")
    with pytest.raises(UsageError, match="no parameter 'absent'"):
        run_job(settings, QUIET, values={"absent": "1"})


def test_a_webhook_that_is_down_or_odd_fails_nobody() -> None:
    assert not notify("failed", "quiet", "x", "http://127.0.0.1:9/")
    assert not notify("failed", "quiet", "x", "file:///etc/passwd")
    assert not notify("failed", "quiet", "x", "")


def test_jobs_with_a_schedule_are_planned() -> None:
    assert {job.name for job in scheduled_jobs()} == {job.name for job in JOBS.values() if job.cron}
