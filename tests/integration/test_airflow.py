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
from support.lake import table
from zipotify.contracts.fields import PAGE_VIEW_EVENTS
from zipotify.contracts.snapshot import current
from zipotify.home import Home
from zipotify.ops.jobs import JOBS, POOL_SLOTS
from zipotify.runtime.ports import any_free
from zipotify.runtime.processes import stop_process

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


def _test_run(home: Home, dag: str, **values: str) -> subprocess.CompletedProcess[str]:
    call = _airflow(home.root, "dags", "test", dag, "--conf", json.dumps(values))
    return subprocess.run(call, env=environment(), capture_output=True, text=True)


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


@pytest.mark.prove
@pytest.mark.parametrize("dag", ["backfill", "catalog", "maintenance", "analyses"])
def test_the_other_jobs_run_to_success_on_recorded_data(home: Home, shared_data: Path, dag: str) -> None:
    """With `test_quality`, `warehouse` and `stream_watch` above, every job of the list."""
    zipotify(home.root, "build")
    values = {
        "backfill": {
            "path": str(shared_data / "sparkify" / "log_data"),
            "source": "backfilled",
            "first_day": "2018-11-05",
            "last_day": "2018-11-06",
        },
        "catalog": {"path": str(shared_data / "msd")},
    }
    done = _test_run(home, dag, **values.get(dag, {}))
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    states = _states(home, dag)
    expected = {step.name: "success" for step in JOBS[dag].steps} | {"run": "success"}
    assert states == ({**expected, "backup": "skipped"} if dag == "maintenance" else expected)
    if dag == "backfill":
        days = table(home.lake, PAGE_VIEW_EVENTS).filter(source="backfilled")["event_date"].unique().sort()
        assert [str(day) for day in days] == ["2018-11-05", "2018-11-06"]


@pytest.mark.prove
def test_the_scheduler_runs_a_job_by_itself(home: Home) -> None:
    """All of Airflow, as `make airflow` starts it; `quality` is due every 15 minutes, and is not waited for."""
    extra = {"ZIPOTIFY_AIRFLOW_PORT": str(any_free())}
    with (home.logs / "airflow.log").open("wb") as log:
        call = ["sh", SCRIPT, "start", str(home.root)]
        airflow = subprocess.Popen(call, env=environment(**extra), stdout=log, stderr=log)
    try:
        trigger = _airflow(home.root, "dags", "trigger", "quality", "--run-id", "by-hand")
        wait_until(lambda: subprocess.run(trigger, env=environment(), capture_output=True).returncode == 0, "a trigger")
        wait_until(lambda: airflow.poll() is not None or _run_state(home, "by-hand") in ("success", "failed"), "a run")
        assert _run_state(home, "by-hand") == "success"
    finally:
        stop_process(airflow, 60)


def _run_state(home: Home, run: str) -> str | None:
    with closing(sqlite3.connect(home.root / "airflow" / "airflow.db")) as database:
        found = database.execute("select state from dag_run where run_id = ?", [run]).fetchone()
    return None if found is None else str(found[0])
