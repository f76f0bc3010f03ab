"""Every statement for BigQuery, as dbt compiles it, through Google's own front end of its dialect, offline."""

from __future__ import annotations

import csv
import json
import warnings
from collections import defaultdict
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pyarrow as pa
import pytest
from deltalake import write_deltalake

from support.compile_only import install
from support.googlesql import KINDS, GoogleSql
from support.parity import difference
from support.warehouse import build, new_home
from zipotify.lake.load import load_files
from zipotify.settings import Settings, load_settings
from zipotify.warehouse.holidays_table import holidays_table
from zipotify.warehouse.runner import DbtRunner
from zipotify.warehouse.sources import SOURCE_TABLES, project_folder

pytestmark = [pytest.mark.integration, pytest.mark.filterwarnings("ignore")]

Nodes = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Nodes:
    """Everything that dbt compiles, by its unique id."""
    folder = tmp_path_factory.mktemp("bigquery")
    install(folder / "adapter")
    settings = load_settings(folder / "home", k_anonymity=3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        runner = DbtRunner(settings, "bigquery")
        runner.compile()
    manifest = json.loads((runner.target_folder / "manifest.json").read_bytes())
    found: Nodes = manifest["nodes"]
    return found


@pytest.fixture(scope="module")
def models(nodes: Nodes) -> Nodes:
    """The models in the order in which they are made, by name."""
    found = {name: node for name, node in nodes.items() if node["resource_type"] == "model"}
    order = TopologicalSorter({name: set(found) & set(node["depends_on"]["nodes"]) for name, node in found.items()})
    return {found[name]["name"]: found[name] for name in order.static_order()}


@pytest.fixture(scope="module")
def googlesql(models: Nodes) -> GoogleSql:
    """The catalog that sources and models make; models that the analyzer refuses fail here, by name."""
    engine, refused = GoogleSql(), {}
    for table in SOURCE_TABLES:
        engine.add_table(table.name, {column.name: KINDS[column.type] for column in table.columns})
    engine.add_table("holidays", {"holiday_date": KINDS["date"], "holiday_name": KINDS["string"]})
    engine.add_table("us_states", dict.fromkeys(_seed()[0], KINDS["string"]))
    for name, model in models.items():
        try:
            engine.add_table(name, engine.columns(model["compiled_code"]))
        except Exception as error:
            refused[name] = str(error)
    assert not refused, json.dumps(refused, indent=1)
    return engine


def _seed() -> list[list[str]]:
    with (project_folder() / "seeds" / "us_states.csv").open() as seed:
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


def test_every_check_is_sound_googlesql(nodes: Nodes, googlesql: GoogleSql) -> None:
    checks = [node for node in nodes.values() if node["resource_type"] == "test"]
    assert len(checks) > 40
    for check in checks:
        googlesql.columns(check["compiled_code"])


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
    with duckdb.connect(str(small.home.warehouse_file), read_only=True) as working:
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
