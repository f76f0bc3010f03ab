"""The DAGs in a real Airflow, in its own environment: what they look like, and runs on recorded data to their end."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pytest

from support.command import environment, wait_until, zipotify
from zipotify.contracts.snapshot import current
from zipotify.home import Home
from zipotify.ops.jobs import JOBS, POOL_SLOTS

PROJECT = Path(__file__).parents[2]
SCRIPT = str(PROJECT / "scripts" / "airflow.sh")
HERE = Path(__file__).parent

pytestmark = pytest.mark.integration


def _airflow(home: Path, *arguments: str) -> list[str]:
    return ["sh", SCRIPT, "run", str(home), "--", *arguments]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, shared_data: Path) -> Iterator[Home]:
    """Recorded logs in a lake, nothing built yet, and Airflow's database beside them."""
    root = tmp_path_factory.mktemp("airflow") / "home"
    zipotify(root, "load", str(shared_data / "sparkify" / "log_data"), "-q")
    subprocess.run(["sh", SCRIPT, "prepare", str(root)], env=environment(), check=True, stdout=subprocess.DEVNULL)
    return Home(root)


@pytest.fixture(scope="module")
def dags(home: Home) -> dict[str, Any]:
    """All DAGs, described by a process in Airflow's environment."""
    call = ["sh", SCRIPT, "python", str(home.root), "--", str(HERE / "airflow_describe.py")]
    done = subprocess.run(call, env=environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["errors"] == {}
    return dict(told["dags"])


def test_every_job_is_a_dag_with_owner_retries_limits_and_docs(dags: dict[str, Any]) -> None:
    assert dags.keys() == JOBS.keys()
    for name, dag in dags.items():
        job = JOBS[name]
        assert dag["owner"] == job.owner
        assert dag["docs"].startswith(job.doc)
        assert (dag["catchup"], dag["max_active_runs"], dag["timeout_s"]) == (False, 1, job.deadline_s)
        for task_name, task in dag["tasks"].items():
            assert task["retries"] == job.retry_count >= 1, task_name
            assert task["backs_off"]
            assert task["calls_back"]
            assert task["pool"] in POOL_SLOTS
        for step in job.steps:
            task = dag["tasks"][step.name]
            assert (task["pool"], task["timeout_s"]) == (step.pool, step.timeout_s)
            assert task["outlets"] == [step.announces] * (step.announces is not None)


def test_the_graph_is_the_one_that_was_reviewed(dags: dict[str, Any]) -> None:
    """A change of order or schedule changes airflow_graph.json, and is seen in review."""
    seen = {
        name: {
            "schedule": dag["schedule"],
            "owner": dag["owner"],
            "edges": [
                [task, after]
                for task, facts in dag["tasks"].items()
                for after in facts["downstream"]
                if not task.startswith("models.") and not after.startswith("models.")
            ],
        }
        for name, dag in dags.items()
    }
    assert seen == json.loads((HERE / "airflow_graph.json").read_text())


def test_every_dbt_model_is_a_task_behind_the_models_that_it_reads(dags: dict[str, Any]) -> None:
    tasks = dags["warehouse"]["tasks"]
    models = {path.stem for path in (PROJECT / "dbt" / "models").rglob("*.sql")}
    assert {name.removeprefix("models.") for name in tasks if name.startswith("models.")} == models
    assert "models.fct_plays" in _after("models.stg_events__listens", tasks)
    assert set(_after("build", tasks)) == {f"models.{model}" for model in models} | {"published"}


def _after(task: str, tasks: dict[str, Any]) -> set[str]:
    direct = set(tasks[task]["downstream"])
    return direct.union(*(_after(other, tasks) for other in direct)) if direct else set()


def _test_run(home: Home, dag: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(_airflow(home.root, "dags", "test", dag), env=environment(), capture_output=True, text=True)


def _states(home: Home, dag: str) -> dict[str, str]:
    """Task -> state in the newest run of the DAG; `run` is the run's own."""
    with closing(sqlite3.connect(home.root / "airflow" / "airflow.db")) as database:
        run, state = database.execute(
            "select run_id, state from dag_run where dag_id = ? order by start_date desc limit 1", [dag]
        ).fetchone()
        tasks = database.execute("select task_id, state from task_instance where run_id = ? and dag_id = ?", [run, dag])
        return {"run": state, **dict(tasks.fetchall())}


def _tables(home: Home) -> dict[str, Any]:
    """Content of every published table, as order-free digests."""
    manifest = current(home.published)
    assert manifest is not None
    with duckdb.connect(str(home.published / manifest.file), read_only=True) as connection:
        names = [name for (name,) in connection.execute("show tables").fetchall() if name != "publication"]
        count = "select count(*), sum(hash(t)) from {} as t"
        return {name: connection.execute(count.format(f'"{name}"')).fetchone() for name in names}


def test_a_killed_build_leaves_nothing_behind_and_the_retry_gives_the_same_tables(home: Home) -> None:
    """The worker dies without a word in the middle of dbt; what it had started ends with it."""
    worker = subprocess.Popen(
        _airflow(home.root, "dags", "test", "warehouse"),
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    working = home.warehouse_file
    wait_until(lambda: worker.poll() is not None or (working.exists() and working.stat().st_size > 2**20), "a build")
    assert worker.poll() is None
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()
    wait_until(lambda: not _is_locked(home), "the killed build to let go of the warehouse")
    assert current(home.published) is None

    done = _test_run(home, "warehouse")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    states = _states(home, "warehouse")
    assert set(states.values()) == {"success"}, states
    retried = _tables(home)
    assert retried["fct_plays"][0] > 1000

    zipotify(home.root, "build", "--full")
    assert _tables(home) == retried


def _is_locked(home: Home) -> bool:
    try:
        with home.lock("warehouse"):
            return False
    except Exception:
        return True


def test_quality_runs_to_success_and_is_written_down(home: Home) -> None:
    done = _test_run(home, "quality")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert _states(home, "quality") == {"run": "success", "ledger": "success", "freshness": "success"}
    with closing(sqlite3.connect(home.serving_file)) as database:
        rows = database.execute("select step, state from job_runs where job = 'quality'").fetchall()
    assert sorted(rows) == [("freshness", "done"), ("ledger", "done")]


def test_nothing_new_is_skipped_and_no_news_are_told(home: Home) -> None:
    """Without a broker there is no stream to watch; everything in the lake has been published."""
    done = _test_run(home, "stream_watch")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    states = _states(home, "stream_watch")
    assert (states["stream"], states["news"]) == ("success", "skipped")
    with closing(sqlite3.connect(home.root / "airflow" / "airflow.db")) as database:
        assert database.execute("select count(*) from asset_event").fetchone() == (0,)
