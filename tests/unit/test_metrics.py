"""The metrics file: complete, and every figure answered by a column that exists."""

from __future__ import annotations

import pytest
import sqlglot
import yaml
from sqlglot import exp

from zipotify.contracts.metrics import Metric, metrics
from zipotify.warehouse.sources import project_folder


def _columns(table: str) -> set[str]:
    text = (project_folder() / "models" / "marts" / f"{table}.yml").read_text()
    return {column["name"] for column in yaml.safe_load(text)["models"][0]["columns"]}


@pytest.mark.parametrize("metric", metrics().values(), ids=lambda metric: metric.name)
def test_metric_is_answered_by_columns_of_its_mart(metric: Metric) -> None:
    named = {column.name for column in sqlglot.parse_one(metric.sql, dialect="duckdb").find_all(exp.Column)}
    assert named
    assert named <= _columns(metric.table)


@pytest.mark.parametrize("metric", metrics().values(), ids=lambda metric: metric.name)
def test_metric_says_all_that_readers_need(metric: Metric) -> None:
    said = metric.model_dump(exclude={"name", "table", "expression"}).values()
    assert all(text.strip() for text in said)
