"""What BigQuery would be asked to do: one job a file, as its API takes them, and the data that the first of them load.

Nothing here talks to BigQuery. The bodies are those of its `jobs.insert`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

from zipotify.contracts.tables import Column, ColumnType, Table
from zipotify.settings import Settings
from zipotify.warehouse.compile_only import install
from zipotify.warehouse.runner import DbtRunner
from zipotify.warehouse.sources import SOURCE_TABLES, project_folder

Job = dict[str, Any]
Nodes = dict[str, dict[str, Any]]

HOLIDAYS = Table(
    "holidays",
    "calendar/holidays",
    "one row per public holiday",
    (Column("holiday_date", "date", "Day", False), Column("holiday_name", "string", "Name", False)),
)
LOADED_TABLES = (*SOURCE_TABLES, HOLIDAYS)
"""What models read; columns of personal data are left out, for no model reads them."""
SEED = "us_states"
_TYPES: dict[ColumnType, str] = {
    "string": "STRING",
    "long": "INT64",
    "int": "INT64",
    "double": "FLOAT64",
    "bool": "BOOL",
    "timestamp": "TIMESTAMP",
    "date": "DATE",
    "binary": "BYTES",
}


@dataclass(frozen=True)
class Target:
    """Where in BigQuery, and below which address of Google Cloud Storage the data lies."""

    project: str
    dataset: str
    data_url: str
    location: str
    run: str
    """Part of every job's id: a job that is sent twice is a duplicate, which BigQuery refuses."""

    def job(self, name: str, configuration: Job) -> Job:
        """A body of `jobs.insert`."""
        reference = {"projectId": self.project, "jobId": f"zipotify-{self.run}-{name}", "location": self.location}
        return {"jobReference": reference, "configuration": {**configuration, "labels": {"made_by": "zipotify"}}}

    def table(self, name: str) -> dict[str, str]:
        """A TableReference."""
        return {"projectId": self.project, "datasetId": self.dataset, "tableId": name}


def loaded_columns(table: Table) -> list[Column]:
    """The columns that go to BigQuery."""
    return [column for column in table.columns if not column.personal]


def compiled(settings: Settings) -> Nodes:
    """Everything that dbt compiles for BigQuery, by its unique id; raises BuildError."""
    runner = DbtRunner(settings, "bigquery")
    install(runner.target_folder / "adapter")
    runner.compile()
    nodes: Nodes = json.loads((runner.target_folder / "manifest.json").read_bytes())["nodes"]
    return nodes


def models_in_order(nodes: Nodes) -> list[dict[str, Any]]:
    """The models, each behind those that it reads."""
    models = {name: node for name, node in nodes.items() if node["resource_type"] == "model"}
    reads = {name: set(models) & set(node["depends_on"]["nodes"]) for name, node in models.items()}
    return [models[name] for name in TopologicalSorter(reads).static_order()]


def jobs(nodes: Nodes, target: Target) -> Iterator[tuple[str, Job]]:
    """Name and body of every job, in order: load what models read, make the models, hold them against the checks."""
    for name, configuration in _configurations(nodes, target):
        yield name, target.job(name, configuration)


def _configurations(nodes: Nodes, target: Target) -> Iterator[tuple[str, Job]]:
    for table in LOADED_TABLES:
        yield f"load-{table.name}", {"load": _load(table, target)}
    yield f"load-{SEED}", {"load": _load_seed(target)}
    for model in models_in_order(nodes):
        query = _query(model["compiled_code"], target) | _into(model["name"], target)
        yield f"model-{model['name']}", {"query": query}
    for check in stop_checks(nodes):
        yield f"check-{check['name']}", {"query": _query(_assertion(check), target)}


def stop_checks(nodes: Nodes) -> list[dict[str, Any]]:
    """The checks that must find nothing, by name."""
    checks = [node for node in nodes.values() if node["resource_type"] == "test"]
    stop = [check for check in checks if check["config"]["severity"].lower() == "error"]
    return sorted(stop, key=lambda check: str(check["name"]))


def _load(table: Table, target: Target) -> Job:
    fields = [_field(column) for column in loaded_columns(table)]
    load: Job = {**_into(table.name, target), "sourceFormat": "PARQUET", "schema": {"fields": fields}}
    load["sourceUris"] = [f"{target.data_url}/{table.name}/*.parquet"]
    if table.partition_by:
        load["timePartitioning"] = {"type": "DAY", "field": table.partition_by[0]}
    return load


def _load_seed(target: Target) -> Job:
    names = seed_file().read_text().partition("\n")[0].split(",")
    fields = [{"name": name, "type": "STRING", "mode": "NULLABLE"} for name in names]
    load: Job = {**_into(SEED, target), "sourceFormat": "CSV", "schema": {"fields": fields}}
    return load | {"sourceUris": [f"{target.data_url}/{SEED}.csv"], "skipLeadingRows": 1}


def _field(column: Column) -> dict[str, str]:
    mode = "NULLABLE" if column.nullable else "REQUIRED"
    return {"name": column.name, "type": _TYPES[column.type], "mode": mode, "description": column.doc}


def _into(name: str, target: Target) -> Job:
    """A whole table in the place of the one before: readers see the old or the new one."""
    return {
        "destinationTable": target.table(name),
        "createDisposition": "CREATE_IF_NEEDED",
        "writeDisposition": "WRITE_TRUNCATE",
    }


def _query(sql: str, target: Target) -> Job:
    dataset = {"projectId": target.project, "datasetId": target.dataset}
    return {"query": sql, "useLegacySql": False, "defaultDataset": dataset}


def _assertion(check: dict[str, Any]) -> str:
    """A statement that fails when the check finds rows."""
    return f"assert not exists (\n{check['compiled_code']}\n) as 'check {check['name']}'"


def seed_file() -> Path:
    """The states' names, as they are in the project."""
    return project_folder() / "seeds" / f"{SEED}.csv"
