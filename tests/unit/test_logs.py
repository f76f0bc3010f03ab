"""Log lines for programs: one object a line, the run's id in each, whatever the message holds."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest

from zipotify.runtime.logs import configure_logging
from zipotify.settings import load_settings


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    root, ours = logging.getLogger(), logging.getLogger("zipotify")
    handlers, level = root.handlers[:], ours.level
    yield
    root.handlers[:] = handlers
    ours.setLevel(level)


def test_json_lines_carry_the_run_and_what_was_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ZIPOTIFY_RUN_ID", "quality-1")
    configure_logging(load_settings(tmp_path, log_format="json"))
    log = logging.getLogger("zipotify.test")
    log.info('two\nlines "quoted" %s', 7, extra={"batch_id": 12})
    try:
        raise ValueError("why")
    except ValueError:
        log.exception("it failed")
    first, second = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert (first["run_id"], first["batch_id"], first["level"]) == ("quality-1", 12, "INFO")
    assert first["message"] == 'two\nlines "quoted" 7'
    assert first["at"].endswith("Z")
    assert second["trace"].endswith("ValueError: why")


def test_text_is_for_people_and_libraries_are_quiet(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(load_settings(tmp_path, log_level="WARNING"))
    logging.getLogger("zipotify.test").info("not shown")
    logging.getLogger("zipotify.test").warning("shown")
    logging.getLogger("somebody.else").info("not shown either")
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("WARNING zipotify.test: shown")


def test_configuring_again_replaces(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(3):
        configure_logging(load_settings(tmp_path))
    logging.getLogger("zipotify.test").info("once")
    assert len(capsys.readouterr().err.splitlines()) == 1


FORGED = "x\n2026-01-01 00:00:00,000 INFO zipotify.access: admin signed in\x1b[2K\r\u2028\x85 zipotify.access: forged"


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_no_text_from_outside_forges_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], log_format: Literal["text", "json"]
) -> None:
    """In a message, as an argument, as an extra, and in an error whose words are from outside."""
    configure_logging(load_settings(tmp_path, log_format=log_format))
    log = logging.getLogger("zipotify.test")
    log.info("user %s", FORGED)
    log.info(FORGED, extra={"source": FORGED})
    try:
        raise ValueError(FORGED)
    except ValueError:
        log.exception("it failed for %s", FORGED)
    said = capsys.readouterr().err
    assert not set(said) & {"\x1b", "\r", "\u2028", "\x85"} or log_format == "json"
    lines = said.split("\n")[:-1]
    begun = [line for line in lines if not line.startswith("    ")]
    assert len(begun) == 3
    if log_format == "json":
        assert [json.loads(line)["logger"] for line in lines] == ["zipotify.test"] * 3
        assert json.loads(lines[0])["message"] == f"user {FORGED}"
        assert "\x1b" not in said
    else:
        assert all(" zipotify.test: " in line for line in begun)
        assert any("ValueError: x" in line for line in lines)
