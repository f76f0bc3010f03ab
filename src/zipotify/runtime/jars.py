"""The jars that Kafka, Spark and stores need: listed with checksums in `jars.lock`, fetched once by Ivy, and kept.

A line of `jars.lock` is: set, coordinate (group:artifact:version, and a classifier if it has one), file name, SHA-256.
"""

from __future__ import annotations

import hashlib
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal
from xml.sax.saxutils import quoteattr

from filelock import FileLock

from zipotify.errors import SetupError
from zipotify.runtime.java import java_program, trust_options
from zipotify.settings import cache_folder

JarSet = Literal["kafka", "spark", "s3", "gs"]

LOCK_FILE = Path(__file__).with_name("jars.lock")
IVY_NAMES = 'xmlns:m="http://ant.apache.org/ivy/maven"'
"""What a module with classifiers in it declares."""
_FETCH_LIMIT_S = 1800
_FETCH_ATTEMPTS = 3

# POMs are not asked for: the lock file is the whole list, so nothing is left to resolve.
_IVY_SETTINGS = """\
<ivysettings>
  <settings defaultResolver="central"/>
  <resolvers><ibiblio name="central" m2compatible="true" usepoms="false"/></resolvers>
</ivysettings>
"""


@dataclass(frozen=True)
class Jar:
    """One line of the lock file."""

    set_name: str
    coordinate: str
    file_name: str
    sha256: str

    @property
    def path(self) -> Path:
        """Where it lies in the cache."""
        return jars_folder() / self.file_name

    def is_whole(self) -> bool:
        """Whether the file is there with the recorded checksum."""
        return self.path.exists() and sha256_of(self.path) == self.sha256


def jars_folder() -> Path:
    """Folder of the cache that holds the jars of all sets."""
    return cache_folder() / "jars"


@cache
def locked_jars() -> tuple[Jar, ...]:
    """All jars of the lock file."""
    lines = LOCK_FILE.read_text().splitlines()
    return tuple(Jar(*line.split()) for line in lines if line and not line.startswith("#"))


def jar_paths(set_name: JarSet) -> list[Path]:
    """Checked paths of one set; raises SetupError when one is missing or damaged."""
    wanted = [jar for jar in locked_jars() if jar.set_name == set_name]
    wrong = [jar.file_name for jar in wanted if not jar.is_whole()]
    if wrong:
        raise SetupError(
            f"{len(wrong)} of {len(wanted)} {set_name} jars are missing or damaged in {jars_folder()}: {wrong[0]} …",
            "run `make setup`, or set ZIPOTIFY_CACHE to the cache that has them",
        )
    return [jar.path for jar in wanted]


def resolve_jars(say: Callable[[str], None] = print) -> int:
    """Fetch the jars that are not in the cache; returns how many. Raises SetupError; asks nobody when all are there."""
    jars_folder().mkdir(parents=True, exist_ok=True)
    with FileLock(cache_folder() / "jars.lock"):
        missing = [jar for jar in locked_jars() if not jar.is_whole()]
        if not missing:
            return 0
        say(f"fetching {len(missing)} jars of Kafka, Spark's Kafka connector, Delta and stores into {jars_folder()}")
        _fetch(missing)
        return len(missing)


def sha256_of(path: Path) -> str:
    """SHA-256 of a file as hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def ivy_command(work: Path, *arguments: str) -> list[str]:
    """The call of the Ivy that pyspark ships, with its cache and settings in `work`."""
    import pyspark

    ivy = next(Path(pyspark.__file__).parent.glob("jars/ivy-*.jar"))
    java = [str(java_program()), *trust_options(), "-cp", str(ivy), "org.apache.ivy.Main"]
    return [*java, "-cache", str(work / "ivy"), *arguments]


def _fetch(jars: list[Jar]) -> None:
    """One call of Ivy a set: within one call, Ivy would take only the newest version of an artifact."""
    with tempfile.TemporaryDirectory(dir=cache_folder(), prefix="fetch-") as folder:
        for set_name in sorted({jar.set_name for jar in jars}):
            _fetch_set([jar for jar in jars if jar.set_name == set_name], Path(folder))


def _fetch_set(jars: list[Jar], work: Path) -> None:
    (work / "settings.xml").write_text(_IVY_SETTINGS)
    (work / "ivy.xml").write_text(_ivy_module(jars))
    pattern = f"{work}/got/[artifact]-[revision](-[classifier]).[ext]"
    files = ["-settings", str(work / "settings.xml"), "-ivy", str(work / "ivy.xml"), "-retrieve", pattern]
    _run_ivy(ivy_command(work, *files))
    for jar in jars:
        _take(jar, work / "got" / jar.file_name)


def _run_ivy(command: list[str]) -> None:
    """Ivy keeps what it has got, so a second attempt fetches only the rest."""
    for _ in range(_FETCH_ATTEMPTS):
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_FETCH_LIMIT_S)
        if done.returncode == 0:
            return
    problems = [line.strip() for line in done.stdout.splitlines() if "not found" in line or "xception" in line]
    raise SetupError(
        f"jars could not be fetched: {'; '.join(problems[-2:]) or 'Ivy failed'}",
        "check the connection to Maven Central (or its mirror) and run `make setup` again",
    )


def _take(jar: Jar, got: Path) -> None:
    if not got.exists() or sha256_of(got) != jar.sha256:
        raise SetupError(
            f"{jar.coordinate} came with a checksum that differs from {LOCK_FILE.name}",
            "someone between here and Maven Central changes files: check proxies and mirrors",
        )
    got.replace(jar.path)


def _ivy_module(jars: list[Jar]) -> str:
    dependencies = "".join(ivy_dependency(*jar.coordinate.split(":")) for jar in jars)
    return (
        f'<ivy-module version="2.0" {IVY_NAMES}><info organisation="zipotify" module="jars"/>'
        '<configurations><conf name="default"/></configurations>'
        f"<dependencies>{dependencies}</dependencies></ivy-module>"
    )


def ivy_dependency(group: str, artifact: str, version: str, classifier: str = "") -> str:
    """One jar, without what its POM says that it needs."""
    # The type is said here because Ivy would go by the POM's packaging, and jars packaged as "bundle" would be missed.
    return (
        f"<dependency org={quoteattr(group)} name={quoteattr(artifact)} rev={quoteattr(version)} "
        'conf="default->default" transitive="false">'
        f'<artifact name={quoteattr(artifact)} type="jar" ext="jar"'
        f"{f' m:classifier={quoteattr(classifier)}' if classifier else ''}/></dependency>"
    )
