"""Write src/zipotify/runtime/jars.lock anew from the few coordinates below, following their POMs (`make lock`)."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import pyspark

from zipotify.runtime.jars import IVY_NAMES, LOCK_FILE, ivy_command, ivy_dependency, sha256_of

ROOTS = {
    "kafka": [
        "org.apache.kafka:kafka_2.13:4.1.1",
        # Binds Kafka's SLF4J 1.7 to the log4j it comes with; without it errors are silent.
        "org.apache.logging.log4j:log4j-slf4j-impl:2.24.3",
    ],
    "spark": [
        "org.apache.spark:spark-sql-kafka-0-10_2.13:4.1.1",
        "io.delta:delta-spark_4.1_2.13:4.1.0",
    ],
    "s3": [
        "org.apache.hadoop:hadoop-aws:3.4.2",
        # What it uses of the AWS SDK, in place of the bundle of all of it, which is sixty times as large.
        "software.amazon.awssdk:s3-transfer-manager:2.29.52",
        "software.amazon.awssdk:sts:2.29.52",
    ],
    # With all that it needs inside, under names of its own: its POM lists nothing.
    "gs": ["com.google.cloud.bigdataoss:gcs-connector:4.0.4:shaded"],
}
# Needed by Delta only with a Unity Catalog server.
NOT_NEEDED = {"io.unitycatalog"}
EXCLUDED = '<exclude org="software.amazon.awssdk" module="bundle"/>'
SETTINGS = (
    '<ivysettings><settings defaultResolver="central"/>'
    '<resolvers><ibiblio name="central" m2compatible="true"/></resolvers></ivysettings>'
)
HEADER = "# Written by scripts/lock_jars.py: set, coordinate, file name, SHA-256.\n"


def shipped_by_pyspark() -> set[str]:
    """Artifact names, without version, of the jars inside pyspark."""
    jars = Path(pyspark.__file__).parent.glob("jars/*.jar")
    return {jar.stem.rpartition("-")[0] for jar in jars}


def resolve(set_name: str, work: Path) -> list[str]:
    """Lock lines of one set, sorted."""
    dependencies = "".join(dependency(*root.split(":")) for root in ROOTS[set_name])
    (work / "settings.xml").write_text(SETTINGS)
    (work / "ivy.xml").write_text(
        f'<ivy-module version="2.0" {IVY_NAMES}><info organisation="zipotify" module="{set_name}"/><configurations>'
        f'<conf name="default"/></configurations><dependencies>{dependencies}{EXCLUDED}</dependencies></ivy-module>'
    )
    pattern = f"{work}/{set_name}/[organisation]/[artifact]/[revision]/[artifact]-[revision](-[classifier]).[ext]"
    arguments = ["-settings", f"{work}/settings.xml", "-ivy", f"{work}/ivy.xml", "-retrieve", pattern]
    # `-types` takes every word up to the next option. OSGi jars are packaged as "bundle".
    subprocess.run(ivy_command(work, *arguments, "-types", "jar", "bundle", "-confs", "default"), check=True)
    return [line(set_name, jar) for jar in sorted((work / set_name).rglob("*.jar")) if is_wanted(set_name, jar)]


def dependency(group: str, artifact: str, version: str, classifier: str = "") -> str:
    """A root with what its POM says that it needs; alone when it is one of several jars of an artifact."""
    if classifier:
        return ivy_dependency(group, artifact, version, classifier)
    return f'<dependency org="{group}" name="{artifact}" rev="{version}" conf="default->default"/>'


def is_wanted(set_name: str, jar: Path) -> bool:
    """What runs in Spark leaves out what pyspark ships, whatever version it has of it."""
    group, artifact = jar.parts[-4], jar.parts[-3]
    return set_name == "kafka" or (group not in NOT_NEEDED and artifact not in shipped_by_pyspark())


def line(set_name: str, jar: Path) -> str:
    """One line of the lock file."""
    classifier = jar.stem.removeprefix(f"{jar.parts[-3]}-{jar.parts[-2]}").replace("-", ":", 1)
    return f"{set_name} {':'.join(jar.parts[-4:-1])}{classifier} {jar.name} {sha256_of(jar)}\n"


def main() -> None:
    """Resolve all sets and replace the lock file."""
    with tempfile.TemporaryDirectory() as folder:
        lines = [line for set_name in ROOTS for line in resolve(set_name, Path(folder))]
    LOCK_FILE.write_text(HEADER + "".join(lines))
    sys.stdout.write(f"{LOCK_FILE.name}: {len(lines)} jars\n")


if __name__ == "__main__":
    main()
