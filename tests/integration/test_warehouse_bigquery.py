"""Every statement for BigQuery, as dbt compiles it, through Google's own front end of its dialect, offline."""

from __future__ import annotations

import copy
import csv
import json
import re
from collections import defaultdict
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from deltalake import write_deltalake
from jsonschema import Draft202012Validator
from polars.testing import assert_frame_equal

from support.command import zipotify
from support.googlesql import KINDS, GoogleSql
from support.parity import difference
from support.warehouse import build, new_home, working_file
from zipotify.lake.load import load_files
from zipotify.settings import Settings
from zipotify.warehouse.bigquery import models_in_order, seed_file
from zipotify.warehouse.holidays_table import holidays_table
from zipotify.warehouse.sources import SOURCE_TABLES, project_folder

pytestmark = [pytest.mark.integration, pytest.mark.filterwarnings("ignore")]

Nodes = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def written(built: Settings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `zipotify bigquery` writes for a home with a simulated and a recorded source."""
    folder = tmp_path_factory.mktemp("bigquery") / "written"
    flags = ("--project", "a-project", "--dataset", "zipotify", "--data-url", _DATA_URL)
    done = zipotify(built.home.root, "bigquery", str(folder), *flags)
    assert "nothing was sent" in done.stdout
    return folder


@pytest.fixture(scope="module")
def jobs(written: Path) -> dict[str, dict[str, Any]]:
    """The jobs in their order, by name."""
    files = sorted((written / "jobs").glob("*.json"))
    return {file.stem.partition("-")[2]: json.loads(file.read_bytes()) for file in files}


@pytest.fixture(scope="module")
def nodes(written: Path, built: Settings) -> Nodes:  # noqa: ARG001 - what was written is beside it
    """Everything that dbt compiled for them, by its unique id."""
    manifest = json.loads((built.home.warehouse_file.parent / "target-bigquery" / "manifest.json").read_bytes())
    found: Nodes = manifest["nodes"]
    return found


@pytest.fixture(scope="module")
def models(nodes: Nodes) -> Nodes:
    """The models in the order in which they are made, by name."""
    return {model["name"]: model for model in models_in_order(nodes)}


@pytest.fixture(scope="module")
def googlesql(jobs: dict[str, dict[str, Any]]) -> GoogleSql:
    """The catalog that the jobs make, one after the other; models that the analyzer refuses fail here, by name."""
    engine, refused = GoogleSql(), {}
    for name, job in jobs.items():
        kind, _, table = name.partition("-")
        try:
            if kind == "load":
                fields = job["configuration"]["load"]["schema"]["fields"]
                engine.add_table(table, {field["name"]: _BIGQUERY_KINDS[field["type"]] for field in fields})
            elif kind == "model":
                engine.add_table(table, engine.columns(job["configuration"]["query"]["query"]))
        except Exception as error:
            refused[name] = str(error)
    assert not refused, json.dumps(refused, indent=1)
    return engine


def _seed() -> list[list[str]]:
    with seed_file().open() as seed:
        return list(csv.reader(seed))


def test_every_model_is_sound_googlesql(models: Nodes, googlesql: GoogleSql) -> None:
    assert len(models) > 70
    for name, model in models.items():
        if model["contract"]["enforced"]:
            assert list(googlesql.columns(f"select * from `{name}`")) == list(model["columns"]), name
    with pytest.raises(Exception, match="Function not found"):
        googlesql.columns("select make_timestamp(1) from `fct_plays`")
    with pytest.raises(Exception, match="DATE_ADD does not support"):
        googlesql.columns("select date_add(played_at, interval 1 month) from `fct_plays`")


def test_every_check_is_sound_googlesql(nodes: Nodes, jobs: dict[str, dict[str, Any]], googlesql: GoogleSql) -> None:
    """By itself, or in the job that holds it."""
    checks = [node for node in nodes.values() if node["resource_type"] == "test"]
    assert len(checks) > 40
    for check in checks:
        if job := jobs.get(f"check-{check['name']}"):
            asserted = job["configuration"]["query"]["query"]
            assert check["compiled_code"] in asserted
            googlesql.accepts(asserted)
        else:
            googlesql.columns(check["compiled_code"])
    assert sum(name.startswith("check-") for name in jobs) > 40


def test_every_job_is_one_that_the_api_takes(jobs: dict[str, dict[str, Any]]) -> None:
    """By Google's own description of it, whose objects take no other names here."""
    check = _api_check("Job")
    assert [name for name, job in jobs.items() if not check.is_valid(job)] == []
    ids = [job["jobReference"]["jobId"] for job in jobs.values()]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{1,1024}", job_id) for job_id in ids)
    wrong = copy.deepcopy(jobs["load-listen_events"])
    wrong["configuration"]["load"]["skipLeadingRow"] = 1
    assert not check.is_valid(wrong)


def _api_check(schema: str) -> Draft202012Validator:
    """A validator of one of the API's objects; its description is JSON Schema of an early draft."""
    place = distribution("google-api-python-client").locate_file("googleapiclient/discovery_cache/documents")
    described = json.loads(Path(str(place), "bigquery.v2.json").read_bytes())["schemas"]

    def modern(value: Any) -> Any:
        if isinstance(value, list):
            return [modern(item) for item in value]
        if not isinstance(value, dict):
            return value
        if "$ref" in value:
            return {"$ref": f"#/$defs/{value['$ref']}"}
        kept = {key: modern(item) for key, item in value.items() if key in {"type", "items", "enum"}}
        if kept.get("type") == "any":
            del kept["type"]
        if "properties" in value:
            kept |= {"properties": {name: modern(item) for name, item in value["properties"].items()}}
        if kept.get("type") == "object":
            kept["additionalProperties"] = modern(value.get("additionalProperties", False))
        return kept

    definitions = {name: modern(value) for name, value in described.items()}
    return Draft202012Validator({"$defs": definitions, "$ref": f"#/$defs/{schema}"})


def test_the_data_are_the_lakes_as_the_jobs_load_them(
    written: Path, jobs: dict[str, dict[str, Any]], built: Settings
) -> None:
    personal = {column.name for table in SOURCE_TABLES for column in table.columns if column.personal}
    assert personal
    for table in SOURCE_TABLES:
        load = jobs[f"load-{table.name}"]["configuration"]["load"]
        assert load["sourceUris"] == [f"{_DATA_URL}/{table.name}/*.parquet"]
        names = [field["name"] for field in load["schema"]["fields"]]
        assert not personal & set(names)
        found = pl.read_parquet(written / "data" / table.name)
        kinds = {name: _POLARS[field["type"]] for name, field in zip(names, load["schema"]["fields"], strict=True)}
        assert {name: _POLARS_WIDE.get(kind, kind) for name, kind in found.schema.items()} == kinds
        expected = pl.read_delta(str(built.home.lake / table.path)).select(names)
        assert_frame_equal(found, expected, check_row_order=False)
    assert (written / "data" / "us_states.csv").read_text() == seed_file().read_text()


@pytest.fixture(scope="module")
def small(sources: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A built home with a few of the simulated sessions, and the tracks that they name: the other engine is slow."""
    folder = tmp_path_factory.mktemp("small")
    lines = [(file.name, line) for file in sorted(sources["sim"].rglob("*.ndjson")) for line in file.open("rb")]
    sessions = sorted({json.loads(line)["sessionId"] for _, line in lines})[::_SESSIONS_APART]
    few = [(name, line) for name, line in lines if json.loads(line)["sessionId"] in sessions]
    files: dict[Path, list[bytes]] = defaultdict(list)
    for name, line in few:
        files[folder / "events" / name].append(line)
    (folder / "events").mkdir()
    for file, content in files.items():
        file.write_bytes(b"".join(content))
    settings = new_home(folder / "home", k_anonymity=3)
    songs = {json.loads(line).get("song") for _, line in few}
    path = str(settings.home.lake / "catalog" / "tracks")
    tracks = pl.read_delta(path).filter(pl.col("title").is_in(songs))
    write_deltalake(path, tracks.to_arrow(), mode="overwrite")
    load_files(settings, [folder / "events"], "sim")
    build(settings)
    return settings


@pytest.mark.prove
def test_googles_own_engine_makes_the_same_of_a_few_events(small: Settings, models: Nodes) -> None:
    """Its reference implementation, which is written to be right and not to be quick."""
    engine = GoogleSql()
    for table in SOURCE_TABLES:
        frame = pl.read_delta(str(small.home.lake / table.path)).select([column.name for column in table.columns])
        engine.add_table(table.name, {column.name: KINDS[column.type] for column in table.columns}, frame.rows())
    days = holidays_table().to_pydict()
    engine.add_table(
        "holidays", {"holiday_date": KINDS["date"], "holiday_name": KINDS["string"]}, zip(*days.values(), strict=True)
    )
    engine.add_table("us_states", dict.fromkeys(_seed()[0], KINDS["string"]), _seed()[1:])
    differences = []
    with working_file(small) as working:
        for name, model in models.items():
            columns = engine.columns(model["compiled_code"])
            rows = engine.rows(model["compiled_code"])
            engine.add_table(name, columns, rows)
            schema = pa.schema([(column, _ARROW[kind]) for column, kind in columns.items()])
            found = pa.Table.from_pylist([dict(zip(columns, row, strict=True)) for row in rows], schema)
            expected = working.execute(f"select * from {model['schema']}.{name}").to_arrow_table()
            differences += difference(name, expected, found)
    assert not differences, "\n".join(differences)


_SESSIONS_APART = 20
_DATA_URL = "gs://a-bucket/zipotify"
_BIGQUERY_KINDS = {
    "STRING": KINDS["string"],
    "INT64": KINDS["long"],
    "FLOAT64": KINDS["double"],
    "BOOL": KINDS["bool"],
    "DATE": KINDS["date"],
    "TIMESTAMP": KINDS["timestamp"],
}
_POLARS = {
    "STRING": pl.String(),
    "INT64": pl.Int64(),
    "FLOAT64": pl.Float64(),
    "BOOL": pl.Boolean(),
    "DATE": pl.Date(),
    "TIMESTAMP": pl.Datetime("us", "UTC"),
}
_POLARS_WIDE = {pl.Int32(): pl.Int64()}
"""Parquet's narrower integers, which BigQuery widens."""
_ARROW = {
    KINDS["string"]: pa.string(),
    KINDS["long"]: pa.int64(),
    KINDS["double"]: pa.float64(),
    KINDS["bool"]: pa.bool_(),
    KINDS["date"]: pa.date32(),
    KINDS["timestamp"]: pa.timestamp("us"),
}


def test_only_macros_know_engines() -> None:
    """No model asks which engine it is for."""
    for path in sorted((Path(project_folder()) / "models").rglob("*.sql")):
        assert "target." not in path.read_text(), path
        assert "adapter" not in path.read_text(), path
