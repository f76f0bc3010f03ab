"""Jars: a damaged or missing one is never used, and what is fetched is checked before it is kept."""

from __future__ import annotations

import hashlib
import re
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from zipotify.errors import SetupError
from zipotify.runtime import jars
from zipotify.runtime.jars import Jar, jar_paths, locked_jars, resolve_jars

KAFKA = Jar("kafka", "org.example:one:1.0", "one-1.0.jar", hashlib.sha256(b"one").hexdigest())
SPARK = Jar("spark", "org.example:two:2.0", "two-2.0.jar", hashlib.sha256(b"two").hexdigest())
CONTENT = {"one-1.0.jar": b"one", "two-2.0.jar": b"two"}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache and a lock file of two jars."""
    monkeypatch.setenv("ZIPOTIFY_CACHE", str(tmp_path))
    monkeypatch.setattr(jars, "locked_jars", lambda: (KAFKA, SPARK))
    monkeypatch.setattr(jars, "java_program", lambda: Path("java"))
    monkeypatch.setattr(jars, "trust_options", list)
    (tmp_path / "jars").mkdir()
    return tmp_path / "jars"


def filled(cache: Path, **changed: bytes) -> None:
    for name, content in {**CONTENT, **changed}.items():
        (cache / name).write_bytes(content)


class Ivy:
    """Stands for the program: puts files where it is told to, or fails."""

    def __init__(self, content: dict[str, bytes], failures: int = 0) -> None:
        self.content, self.failures, self.asked = content, failures, list[list[str]]()

    def __call__(self, command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        module = ET.parse(command[command.index("-ivy") + 1])
        self.asked.append([d.attrib["name"] for d in module.iter("dependency")])
        if len(self.asked) <= self.failures:
            return subprocess.CompletedProcess(command, 1, "\t:: org.example#one;1.0: not found\n")
        folder = Path(command[command.index("-retrieve") + 1]).parent
        folder.mkdir(exist_ok=True)
        for dependency in module.iter("dependency"):
            name = f"{dependency.attrib['name']}-{dependency.attrib['rev']}.jar"
            if name in self.content:
                (folder / name).write_bytes(self.content[name])
        return subprocess.CompletedProcess(command, 0, "")


def test_whole_jars_are_handed_out_by_set(cache: Path) -> None:
    filled(cache)
    assert jar_paths("kafka") == [cache / "one-1.0.jar"]
    assert jar_paths("spark") == [cache / "two-2.0.jar"]


@pytest.mark.parametrize("content", [None, b"", b"damaged", b"one "])
def test_a_damaged_or_missing_jar_is_refused(cache: Path, content: bytes | None) -> None:
    filled(cache)
    (cache / "one-1.0.jar").unlink() if content is None else filled(cache, **{"one-1.0.jar": content})
    with pytest.raises(SetupError, match="1 of 1 kafka jars are missing or damaged") as raised:
        jar_paths("kafka")
    assert "one-1.0.jar" in raised.value.what
    assert "make setup" in raised.value.to_do
    assert jar_paths("spark") == [cache / "two-2.0.jar"]


def test_nobody_is_asked_when_all_are_there(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(cache)
    monkeypatch.setattr(jars.subprocess, "run", lambda *_, **__: pytest.fail("something was run"))
    assert resolve_jars(lambda _: pytest.fail("something was said")) == 0


def test_only_what_is_missing_or_damaged_is_fetched(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(cache, **{"two-2.0.jar": b"damaged"})
    ivy, said = Ivy(CONTENT), list[str]()
    monkeypatch.setattr(jars.subprocess, "run", ivy)
    assert resolve_jars(said.append) == 1
    assert ivy.asked == [["two"]]
    assert (cache / "two-2.0.jar").read_bytes() == b"two"
    assert "fetching 1 jars" in said[0]
    assert sorted(path.name for path in cache.parent.iterdir()) == ["jars", "jars.lock"]


def test_sets_are_fetched_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """In one call, Ivy would take only the newest of two versions of an artifact."""
    ivy = Ivy(CONTENT)
    monkeypatch.setattr(jars.subprocess, "run", ivy)
    assert resolve_jars(lambda _: None) == 2
    assert ivy.asked == [["one"], ["two"]]


@pytest.mark.parametrize("content", [{}, {"one-1.0.jar": b"changed on the way"}])
def test_what_comes_with_another_checksum_is_not_kept(
    cache: Path, monkeypatch: pytest.MonkeyPatch, content: dict[str, bytes]
) -> None:
    monkeypatch.setattr(jars.subprocess, "run", Ivy(content))
    with pytest.raises(SetupError, match=r"org\.example:one:1\.0 came with a checksum that differs"):
        resolve_jars(lambda _: None)
    assert list(cache.iterdir()) == []


def test_a_failed_fetch_is_tried_again_and_then_says_what_was_not_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jars.subprocess, "run", Ivy(CONTENT, failures=2))
    assert resolve_jars(lambda _: None) == 2
    for path in jars.jars_folder().iterdir():
        path.unlink()
    monkeypatch.setattr(jars.subprocess, "run", Ivy(CONTENT, failures=9))
    with pytest.raises(SetupError, match=r"org\.example#one;1\.0: not found") as raised:
        resolve_jars(lambda _: None)
    assert "Maven Central" in raised.value.to_do


def test_the_lock_file_is_sound() -> None:
    real = locked_jars.__wrapped__()
    assert {jar.set_name for jar in real} == {"kafka", "spark", "s3", "gs"}
    for jar in real:
        assert jar.file_name == f"{'-'.join(jar.coordinate.split(':')[1:])}.jar"
        assert re.fullmatch(r"[0-9a-f]{64}", jar.sha256)
    assert len({(jar.set_name, jar.file_name) for jar in real}) == len(real) > 45
