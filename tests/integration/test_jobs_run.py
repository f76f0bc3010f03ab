"""Jobs run for real, each step a process of its own: what is written down, skipped, cut off, and told."""

from __future__ import annotations

import json
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Event, Thread
from typing import Any

import pytest
from sqlalchemy import select

from zipotify.contracts.serving import connect, job_runs
from zipotify.errors import ZipotifyError
from zipotify.ops.jobs import Job, Step
from zipotify.ops.jobs_run import Pools, require_good, run_job
from zipotify.ops.jobs_watch import run_scheduled
from zipotify.settings import Settings

pytestmark = pytest.mark.integration
QUIET = Job("quiet", "A test's.", (Step("news", ("maintain", "news"), "first"),), None, "analytics", 60, retry_count=1)


def _recorded(settings: Settings) -> list[tuple[str, str, str]]:
    with connect(settings.serving_address()).connect() as connection:
        rows = connection.execute(select(job_runs).order_by(job_runs.c.started_at_ms)).all()
    assert all(row.finished_at_ms >= row.started_at_ms for row in rows)
    return [(row.job, row.step, row.state) for row in rows]


def test_a_run_is_written_down_step_by_step_and_stops_at_the_first_failure(settings: Settings) -> None:
    steps = (
        Step("retention", ("maintain", "retention"), "good"),
        Step("wrong", ("query", "select 1"), "nothing is published"),
        Step("never", ("maintain", "retention"), "not reached"),
    )
    settings.home.root.mkdir()
    result = run_job(settings, replace(QUIET, steps=steps))
    assert result.state == "failed"
    assert "wrong: `zipotify query select 1` ended with code 1" in result.message
    assert _recorded(settings) == [("quiet", "retention", "done"), ("quiet", "wrong", "failed")]
    with pytest.raises(ZipotifyError, match="job quiet failed at wrong"):
        require_good(result, QUIET, print)


def test_nothing_to_do_is_skipped_and_a_limit_ends_a_step(settings: Settings) -> None:
    settings.home.root.mkdir()
    skipped = run_job(settings, replace(QUIET, steps=(Step("backup", ("maintain", "backup"), "no backup_to"),)))
    assert (skipped.state, skipped.message) == ("skipped", "backup: nothing to do")
    endless = replace(QUIET, steps=(Step("watch", ("ledger", "--watch"), "endless", timeout_s=0),))
    assert "took longer than 0 s" in run_job(settings, endless).message


class _Webhook(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.taken.append(json.loads(body))  # type: ignore[attr-defined]
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


def test_the_last_failed_attempt_is_posted(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    server = HTTPServer(("127.0.0.1", 0), _Webhook)
    server.taken = []  # type: ignore[attr-defined]
    Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("ZIPOTIFY_WEBHOOK_URL", f"http://127.0.0.1:{server.server_port}/secret-token")
    settings.home.root.mkdir()
    job = replace(QUIET, steps=(Step("wrong", ("query", "select 1"), "fails"),), retry_delay_s=0)
    said: list[str] = []
    run_scheduled(settings, job, Event(), Pools(), said.append)
    server.shutdown()
    server.server_close()
    assert _recorded(settings) == [("quiet", "wrong", "failed")] * 2
    (message,) = server.taken  # type: ignore[attr-defined]
    assert (message["job"], message["event"]) == ("quiet", "failed")
    assert "code 1" in message["detail"]
    assert "secret-token" not in " ".join(said)
