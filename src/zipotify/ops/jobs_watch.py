"""Run the jobs of the list on their schedules where there is no Airflow: one process, APScheduler, the same pools."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Event

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from tenacity import RetryError, Retrying, retry_if_result, stop_after_attempt, stop_when_event_set, wait_exponential
from tenacity.nap import sleep_using_event

from zipotify.contracts.serving import connect, report_part
from zipotify.ops.jobs import JOBS, Job
from zipotify.ops.jobs_run import JobResult, Pools, run_job
from zipotify.ops.notify import notify
from zipotify.ops.supervisor import ALIVE, Supervisor
from zipotify.settings import Settings

PART = "jobs"
_HEARTBEAT_S = 20.0
_LATE_S = 600


def watch_jobs(settings: Settings, stop: Event, say: Callable[[str], None]) -> None:
    """Until `stop` is set. A job never runs twice at once; runs that were missed are made up for by one."""
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
    engine = connect(settings.serving_address())
    pools = Pools()
    scheduler = BackgroundScheduler(timezone="UTC", job_defaults={"coalesce": True, "misfire_grace_time": _LATE_S})
    for job in scheduled_jobs():
        scheduler.add_job(
            run_scheduled,
            CronTrigger.from_crontab(str(job.cron), timezone="UTC"),
            [settings, job, stop, pools, say],
            id=job.name,
        )
    scheduler.start()
    while not stop.is_set():
        report_part(engine, PART, "running", _next_run(scheduler))
        stop.wait(_HEARTBEAT_S)
    report_part(engine, PART, "stopping")
    scheduler.shutdown(wait=True)
    report_part(engine, PART, "stopped")
    engine.dispose()


def scheduled_jobs() -> list[Job]:
    """Those that have a schedule."""
    return [job for job in JOBS.values() if job.cron is not None]


def run_scheduled(settings: Settings, job: Job, stop: Event, pools: Pools, say: Callable[[str], None]) -> None:
    """One run with its retries; the last failure is said and posted. A job whose part runs rests."""
    if job.part is not None and _part_runs(settings, job.part):
        return
    attempts = Retrying(
        retry=retry_if_result(lambda result: result.state == "failed"),
        stop=stop_after_attempt(job.retry_count + 1) | stop_when_event_set(stop),
        wait=wait_exponential(job.retry_delay_s, max=_LATE_S, min=job.retry_delay_s),
        sleep=sleep_using_event(stop),
    )
    try:
        result: JobResult = attempts(run_job, settings, job, stop=stop, pools=pools)
    except RetryError as error:
        result = error.last_attempt.result()
        url = settings.webhook_url.get_secret_value() if settings.webhook_url else None
        notify("failed", job.name, result.message, url)
    if result.state != "skipped":
        say(f"{job.name}: {result.state} {result.message}".rstrip())


def _part_runs(settings: Settings, part: str) -> bool:
    process = Supervisor(settings.home).states().get(part)
    return process is not None and process.state in ALIVE


def _next_run(scheduler: BackgroundScheduler) -> str:
    """The job that comes next, in words."""
    planned = [job for job in scheduler.get_jobs() if job.next_run_time is not None]
    if not planned:
        return "nothing is planned"
    first = min(planned, key=lambda job: job.next_run_time)
    return f"{first.id} next, at {first.next_run_time:%H:%M:%S}Z"
