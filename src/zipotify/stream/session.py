"""The Spark session of the stream: Delta, loopback only unless told otherwise, small enough for a laptop."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

from pyspark.sql import SparkSession

from zipotify.places import Store, google_emulator, s3_server, store_of
from zipotify.runtime.jars import JarSet, jar_paths
from zipotify.runtime.java import java_home
from zipotify.settings import Settings

_JVM = "-Xss4m -XX:-DontCompileHugeMethods"
"""Patterns are matched by recursion; a pass that reads all fields is one method, which Java else leaves uncompiled."""
_GENERATED_CLASSES = 2_000
"""A batch of both queries runs more than the hundred that Spark keeps, and would compile all of them again."""


def spark_session(settings: Settings, name: str) -> SparkSession:
    """Start (or get) the session; raises SetupError when jars or a JDK are missing."""
    os.environ["JAVA_HOME"] = str(java_home())
    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    builder = SparkSession.builder.appName(name).master(settings.spark_master)
    for key, value in _configuration(settings).items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return session


def _configuration(settings: Settings) -> dict[str, str]:
    scratch = settings.home.run / "spark"
    scratch.mkdir(parents=True, exist_ok=True)
    lake = str(settings.home.lake)
    store = store_of(lake)
    jar_sets: tuple[JarSet, ...] = ("spark", store) if store else ("spark",)
    return {
        "spark.jars": ",".join(str(path) for name in jar_sets for path in jar_paths(name)),
        **(_STORES[store](lake) if store else {}),
        "spark.driver.memory": f"{settings.spark_driver_memory_mb}m",
        "spark.driver.host": settings.spark_driver_host,
        "spark.driver.bindAddress": settings.spark_driver_host,
        "spark.executor.memory": f"{settings.spark_executor_memory_mb}m",
        "spark.executor.extraJavaOptions": _JVM,
        "spark.driver.extraJavaOptions": _java_options(scratch),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.local.dir": str(scratch),
        "spark.sql.warehouse.dir": str(scratch / "warehouse"),
        "spark.scheduler.mode": "FAIR",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": str(settings.spark_shuffle_partitions),
        "spark.sql.codegen.cache.maxEntries": str(_GENERATED_CLASSES),
        "spark.sql.inMemoryColumnarStorage.compressed": "false",
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        "spark.databricks.delta.snapshotPartitions": "1",
        "spark.sql.mapKeyDedupPolicy": "LAST_WIN",
        "spark.sql.streaming.stateStore.providerClass": (
            "org.apache.spark.sql.execution.streaming.state.RocksDBStateStoreProvider"
        ),
        "spark.sql.streaming.minBatchesToRetain": "20",
        "spark.sql.execution.arrow.pyspark.enabled": "true",
    }


def _amazon(lake: str) -> dict[str, str]:
    """What Hadoop's client needs to find the lake; the account it finds by itself, where Amazon's own tools do.

    Delta's way of committing to S3 holds for one writer at a time, which is what the lake's lock is for.
    """
    endpoint, region = s3_server(lake)
    client = {"endpoint.region": region, "path.style.access": "true"}
    if endpoint:
        client["endpoint"] = endpoint
    return {
        "spark.hadoop.fs.s3.impl": "org.apache.hadoop.fs.s3a.S3AFileSystem",
        **{f"spark.hadoop.fs.s3a.{name}": value for name, value in client.items()},
    }


def _google(_: str) -> dict[str, str]:
    """What Google's connector needs; the account it finds by itself, where Google's own tools do."""
    client = {"client.type": "HTTP_API_CLIENT", "auth.type": "APPLICATION_DEFAULT"}
    if emulator := google_emulator():
        client |= {"storage.root.url": f"{emulator}/", "auth.type": "UNAUTHENTICATED"}
    return {
        "spark.hadoop.fs.gs.impl": "com.google.cloud.hadoop.fs.gcs.GoogleHadoopFileSystem",
        "spark.hadoop.fs.AbstractFileSystem.gs.impl": "com.google.cloud.hadoop.fs.gcs.GoogleHadoopFS",
        **{f"spark.hadoop.fs.gs.{name}": value for name, value in client.items()},
    }


_STORES: dict[Store, Callable[[str], dict[str, str]]] = {"s3": _amazon, "gs": _google}


def _java_options(scratch: Path) -> str:
    return f"-Djava.io.tmpdir={scratch} -Dderby.system.home={scratch} -XX:+UseSerialGC {_JVM}"
