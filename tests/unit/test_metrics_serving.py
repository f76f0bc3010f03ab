"""Prometheus metrics from the serving database, and the alerts and the board that read them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from zipotify.contracts import serving
from zipotify.contracts.serving import connect, report_part
from zipotify.contracts.serving_metrics import render
from zipotify.settings import Settings, cache_folder

DEPLOY = Path(__file__).parents[2] / "deploy"
NOW_MS = int(time.time() * 1000)
LINE = {"produced": 10, "bronze": 6, "refused": 1, "repeats": 1, "in_flight": 2, "erased": 0, "expired": 0}


def _fill(settings: Settings) -> None:
    settings.home.root.mkdir(exist_ok=True)
    engine = connect(settings.serving_address())
    report_part(engine, "stream", "running")
    report_part(engine, "simulator", "failed")
    lines = [{"topic": "listen_events", "difference": 0, **LINE}, {"topic": "listen_events", "difference": 0, **LINE}]
    with engine.begin() as connection:
        for number, duration in enumerate((1000, 3000)):
            row = {"query_id": "bronze", "batch_id": number, "started_at_ms": NOW_MS + number, "duration_ms": duration}
            connection.execute(serving.stream_batches.insert().values(row | {"input_count": 7 + number}))
        for at, p95 in ((1, 9000), (2, 4000)):
            row = {"stage": "live", "measured_at_ms": at, "p50_ms": 1000, "p95_ms": p95, "p99_ms": 5000}
            connection.execute(serving.freshness.insert().values(row))
        for number, (state, took) in enumerate((("published", 30_000), ("failed", 1000))):
            row = {"build_id": str(number), "started_at_ms": number, "finished_at_ms": number + took, "state": state}
            connection.execute(serving.builds.insert().values(row))
        report = json.dumps({"rows": lines})
        connection.execute(serving.ledger_checks.insert().values(checked_at_ms=5000, balanced=True, report=report))
        for run, state in (("a", "done"), ("b", "failed")):
            row = {"run_id": run, "step": "ledger", "job": "quality", "state": state}
            times = {"started_at_ms": ord(run), "finished_at_ms": 1000 * ord(run)}
            connection.execute(serving.job_runs.insert().values(row | times))
    engine.dispose()


def _samples(settings: Settings) -> dict[tuple[str, ...], float]:
    engine = connect(settings.serving_address())
    text = render(engine)
    engine.dispose()
    found = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found[(sample.name, *(value for _, value in sorted(sample.labels.items())))] = sample.value
    return found


def test_metrics_say_what_the_parts_wrote(settings: Settings) -> None:
    _fill(settings)
    found = _samples(settings)
    assert found["zipotify_part_up", "stream"] == 1
    assert found["zipotify_part_up", "simulator"] == 0
    assert found["zipotify_stream_batch_records",] == 8
    assert found["zipotify_stream_batch_duration_seconds", "0.95"] == 3
    assert found["zipotify_freshness_seconds", "0.95", "live"] == 4, "the newest measurement, not an older one"
    assert found["zipotify_build_duration_seconds",] == 30
    assert found["zipotify_build_failed",] == 1
    assert found["zipotify_ledger_balanced",] == 1
    assert found["zipotify_events_total", "produced", "listen_events"] == 20
    assert found["zipotify_events_in_flight", "listen_events"] == 4
    assert found["zipotify_job_failed", "quality"] == 1
    assert found["zipotify_job_done_timestamp_seconds", "quality"] == 97


def test_an_empty_home_has_no_figures_and_no_errors(settings: Settings) -> None:
    settings.home.root.mkdir()
    assert _samples(settings) == {}


def _names(expression: Any) -> set[str]:
    """Metrics that a PromQL expression reads."""
    if isinstance(expression, promql_parser.VectorSelector):
        return {expression.name} if expression.name else set()
    children = ("lhs", "rhs", "expr", "args", "vector_selector")
    found = [getattr(expression, child) for child in children if getattr(expression, child, None) is not None]
    flat = [item for child in found for item in (child if isinstance(child, list) else [child])]
    return set().union(*(_names(item) for item in flat)) if flat else set()


def _rules() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text())["groups"]
    return list(group["rules"])


def _board() -> dict[str, Any]:
    board: dict[str, Any] = json.loads((DEPLOY / "grafana" / "boards" / "zipotify.json").read_text())
    return board


def test_five_alerts_and_the_board_read_metrics_that_exist(settings: Settings) -> None:
    _fill(settings)
    known = {key[0] for key in _samples(settings)} | {"up"}
    rules = {rule["alert"]: rule["expr"] for rule in _rules()}
    assert len(rules) == 5
    panels = {panel["title"]: panel["targets"][0]["expr"] for panel in _board()["panels"]}
    for where, expression in {**rules, **panels}.items():
        names = _names(promql_parser.parse(expression))
        assert names, f"{where} reads no metric: the walk through {expression} found none"
        assert names <= known, f"{where} reads {names - known}, which nothing writes"


@pytest.mark.parametrize("rule", _rules(), ids=lambda rule: rule["alert"])
def test_an_alert_says_what_happened_and_what_to_do(rule: dict[str, Any]) -> None:
    assert rule["for"]
    assert rule["labels"]["severity"] in ("page", "ticket")
    assert rule["annotations"]["summary"]
    assert rule["annotations"]["to_do"]


def test_panels_do_not_overlap_and_have_one_source() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in _board()["panels"]:
        place = panel["gridPos"]
        cells = {(place["x"] + dx, place["y"] + dy) for dx in range(place["w"]) for dy in range(place["h"])}
        assert not cells & taken, panel["title"]
        assert max(x for x, _ in cells) < 24
        taken |= cells
        assert panel["datasource"]["uid"] == "zipotify"
    assert len({panel["id"] for panel in _board()["panels"]}) == len(_board()["panels"])


def test_alerts_fire_when_they_should_and_not_before() -> None:
    """Prometheus's own test of rules, by its tool, which `make system` puts into the cache."""
    tool = shutil.which("promtool", path=os.pathsep.join((str(cache_folder() / "bin"), os.environ["PATH"])))
    if tool is None:
        pytest.skip("promtool is not installed: make system")
    done = subprocess.run([tool, "test", "rules", "alerts_test.yml"], cwd=DEPLOY / "prometheus", capture_output=True)
    assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()
