"""Which JDK is taken, and the wrapper around the one from a wheel."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from zipotify.errors import SetupError
from zipotify.runtime import java
from zipotify.runtime.java import java_home, java_program, java_version


def jdk(folder: Path, version: str | None, program: str = "#!/bin/sh\n") -> Path:
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "java").write_text(program)
    (folder / "bin" / "java").chmod(0o755)
    if version is not None:
        (folder / "release").write_text(f'IMPLEMENTOR="Somebody"\nJAVA_VERSION="{version}"\n')
    return folder


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without any JDK."""
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    monkeypatch.setenv("ZIPOTIFY_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(java, "_wheel_home", lambda: None)
    return tmp_path


@pytest.mark.parametrize(
    ("version", "expected"),
    [("17.0.9", 17), ("21", 21), ("1.8.0_392", 1), ("25-ea", 25), (None, 0)],
)
def test_versions(machine: Path, version: str | None, expected: int) -> None:
    assert java_version(jdk(machine / "jdk", version)) == expected


def test_a_jdk_without_a_release_file_is_asked(machine: Path) -> None:
    asked = jdk(machine / "jdk", None, "#!/bin/sh\necho 'openjdk version \"17.0.1\" 2021-10-19' >&2\n")
    assert java_version(asked) == 17


def test_java_home_comes_before_the_path(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    on_path = jdk(machine / "usr", "17.0.1")
    monkeypatch.setenv("PATH", str(on_path / "bin"))
    assert java_home() == on_path
    given = jdk(machine / "given", "21.0.1")
    monkeypatch.setenv("JAVA_HOME", str(given))
    assert java_program() == given / "bin" / "java"


def test_a_jdk_that_does_not_fit_is_passed_over(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_HOME", str(jdk(machine / "old", "11.0.1")))
    fitting = jdk(machine / "usr", "17.0.1")
    monkeypatch.setenv("PATH", str(fitting / "bin"))
    assert java_home() == fitting


def test_too_new_is_better_than_none_but_not_than_the_wheels(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    new = jdk(machine / "new", "25.0.1")
    monkeypatch.setenv("JAVA_HOME", str(new))
    assert java_home() == new
    monkeypatch.setattr(java, "_wheel_home", lambda: jdk(machine / "wheel", "21.0.8"))
    assert java_home() == machine / "cache" / "jdk"


@pytest.mark.parametrize("version", [None, "11.0.1"])
def test_without_one_it_says_what_it_found(machine: Path, monkeypatch: pytest.MonkeyPatch, version: str | None) -> None:
    if version:
        monkeypatch.setenv("JAVA_HOME", str(jdk(machine / "old", version)))
    with pytest.raises(SetupError, match=f"found: .*{'old' if version else 'none'}") as raised:
        java_home()
    assert "make setup" in raised.value.to_do


def test_the_wrapper_drops_the_module_that_the_wheels_jdk_lacks_and_nothing_else(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = jdk(machine / "wheel home", "21.0.8", '#!/bin/sh\nprintf "<%s>" "$@"\n')
    monkeypatch.setattr(java, "_wheel_home", lambda: wheel)
    call = [java_program(), "-cp", "a b:c", "--add-modules=jdk.incubator.vector", "", "$HOME", "-x"]
    done = subprocess.run(call, capture_output=True, text=True, check=True)
    assert done.stdout == "<-cp><a b:c><><$HOME><-x>"


def test_nothing_is_trusted_beyond_what_a_system_jdk_does(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_HOME", str(jdk(machine / "given", "17.0.1")))
    assert java.trust_options() == []
