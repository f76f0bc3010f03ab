"""Where a lake lies, and how each reader is told: one address, one place that decides."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from pyarrow import fs

from zipotify.errors import ConfigError
from zipotify.places import StoreFolder, is_address, lake_at, open_store, s3_server, store_of
from zipotify.settings import load_settings
from zipotify.stream import session
from zipotify.warehouse.duckdb_lake import prepare_connection

EMULATOR = "http://127.0.0.1:9"
ACCOUNT = {"AWS_ACCESS_KEY_ID": "GOOG-canary", "AWS_SECRET_ACCESS_KEY": "canary-secret"}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Nothing says where stores are."""
    for name in ("AWS_ENDPOINT_URL", "AWS_REGION", "STORAGE_EMULATOR_HOST"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


@pytest.mark.parametrize("address", ["s3://bucket/lake", "gs://bucket/lake/", "gs://bucket"])
def test_a_lake_may_lie_at_amazons_and_googles(address: str) -> None:
    assert lake_at(address, Path()) == StoreFolder(address.rstrip("/"))


@pytest.mark.parametrize("address", ["", "s3://", "gs://", "gs:///", "az://bucket/lake", "GS://bucket", "/srv/lake"])
def test_an_address_that_no_lake_can_have_is_refused(address: str) -> None:
    with pytest.raises(ConfigError, match="lake_url") as caught:
        lake_at(address, Path())
    assert "gs://bucket/path" in caught.value.to_do


def test_without_an_address_the_lake_is_in_the_home(tmp_path: Path) -> None:
    assert lake_at(None, tmp_path) == tmp_path
    assert (store_of(str(tmp_path)), is_address(str(tmp_path))) == (None, False)


def test_s3_clients_reach_each_store_at_its_own_server(environment: pytest.MonkeyPatch) -> None:
    assert s3_server("s3://b/lake") == ("", "us-east-1")
    assert s3_server("gs://b/lake") == ("https://storage.googleapis.com", "auto")
    environment.setenv("AWS_ENDPOINT_URL", "https://s3.example")
    environment.setenv("AWS_REGION", "eu-central-1")
    environment.setenv("STORAGE_EMULATOR_HOST", f"{EMULATOR}/")
    assert s3_server("s3://b/lake") == ("https://s3.example", "eu-central-1")
    assert s3_server("gs://b/lake") == (EMULATOR, "auto")
    environment.setenv("STORAGE_EMULATOR_HOST", EMULATOR.removeprefix("http://"))
    assert s3_server("gs://b/lake") == (EMULATOR, "auto"), "Google's libraries take it without a scheme too"


def test_arrow_opens_googles_store_by_its_own_interface(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("STORAGE_EMULATOR_HOST", EMULATOR)
    system, path = open_store("gs://bucket/lake/")
    assert (type(system), path) == (fs.GcsFileSystem, "bucket/lake")


def test_duckdb_is_told_where_googles_interface_for_s3_clients_is(environment: pytest.MonkeyPatch) -> None:
    for name, value in ACCOUNT.items():
        environment.setenv(name, value)
    with duckdb.connect() as connection:
        prepare_connection(connection, "gs://bucket/lake")
        row = connection.execute("select type, secret_string from duckdb_secrets()").fetchone()
    assert row is not None
    assert row[0] == "gcs"
    assert "endpoint=storage.googleapis.com" in row[1]
    assert "region=auto" in row[1], "signatures without one name no region"
    assert ACCOUNT["AWS_SECRET_ACCESS_KEY"] not in row[1]


def test_spark_takes_googles_connector_and_no_account_of_ours(tmp_path: Path, environment: pytest.MonkeyPatch) -> None:
    environment.setattr(session, "jar_paths", lambda name: [Path(f"{name}.jar")])
    options = session._configuration(load_settings(tmp_path, lake_url="gs://bucket/lake"))
    assert options["spark.jars"] == "spark.jar,gs.jar"
    assert options["spark.hadoop.fs.gs.auth.type"] == "APPLICATION_DEFAULT"
    assert "spark.hadoop.fs.gs.storage.root.url" not in options
    environment.setenv("STORAGE_EMULATOR_HOST", EMULATOR)
    options = session._configuration(load_settings(tmp_path, lake_url="gs://bucket/lake"))
    assert options["spark.hadoop.fs.gs.auth.type"] == "UNAUTHENTICATED"
    assert options["spark.hadoop.fs.gs.storage.root.url"] == f"{EMULATOR}/"
    assert not any(name.startswith("spark.hadoop.fs.s3") for name in options)
