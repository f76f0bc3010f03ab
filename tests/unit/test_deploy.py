"""Images and compose as code: schema, linters, and the promises about ports, memory, secrets and versions."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from zipotify import __version__
from zipotify.cli import verbs
from zipotify.settings import Settings

PROJECT = Path(__file__).parents[2]
DEPLOY = PROJECT / "deploy"
BIN = Path(sys.executable).parent
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
EXAMPLE = dict(
    line.split("=", 1) for line in (DEPLOY / ".env.example").read_text().splitlines() if "=" in line and line[0] != "#"
)
LIMIT_MB = {"light": 8 * 1024 * 0.8, "full": 16 * 1024 * 0.8}
"""A fifth of the machine's memory is for everything else."""


def _run(*command: str, cwd: Path = PROJECT) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


def test_compose_fits_its_schema() -> None:
    _run(str(BIN / "check-jsonschema"), "--builtin-schema", "vendor.compose-spec", "deploy/compose.yaml")


def test_the_dockerfile_is_clean() -> None:
    _run(str(BIN / "hadolint"), "deploy/Dockerfile")


def test_shell_scripts_are_clean() -> None:
    scripts = [str(path) for path in sorted([*PROJECT.glob("scripts/*.sh"), *DEPLOY.glob("*.sh")])]
    _run(
        str(BIN / "shellcheck"),
        "--shell=sh",
        "--external-sources",
        "--source-path=SCRIPTDIR",
        "--exclude=SC2034",
        *scripts,
    )


def _of(profile: str) -> dict[str, dict[str, Any]]:
    return {name: service for name, service in SERVICES.items() if profile in service["profiles"]}


@pytest.mark.parametrize("profile", ["light", "full"])
def test_memory_limits_fit_the_machine(profile: str) -> None:
    limits = [int(service["mem_limit"].removesuffix("m")) for service in _of(profile).values()]
    assert sum(limits) <= LIMIT_MB[profile]


@pytest.mark.parametrize("name", SERVICES)
def test_ports_are_on_loopback_only_and_images_exact(name: str) -> None:
    service = SERVICES[name]
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))
    assert service["image"].startswith("${") or service["image"].endswith(f":{__version__}")
    assert service.get("networks") == ["inside"]
    assert set(service["profiles"]) <= {"light", "full"}
    assert not service.get("privileged")


@pytest.mark.parametrize("name", [name for name, service in SERVICES.items() if "build" in service])
def test_our_own_containers_have_no_rights_that_they_do_not_need(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    command = service.get("command")
    assert command is None or command[0] in verbs()


def test_images_have_exact_tags() -> None:
    images = {key: value for key, value in EXAMPLE.items() if key.endswith("_IMAGE")}
    assert len(images) >= 6
    for key, image in images.items():
        tag = image.rpartition("/")[2].partition(":")[2]
        assert re.search(r"\d+\.\d+", tag), f"{key}={image} has no exact tag"
        assert "latest" not in tag


def test_no_secret_has_a_default() -> None:
    secrets = {key for key in EXAMPLE if re.search("PASSWORD|SECRET|ACCESS_KEY", key)}
    assert secrets
    assert {EXAMPLE[key] for key in secrets} == {"generate"}
    text = (DEPLOY / "compose.yaml").read_text()
    used = set(re.findall(r"\$\{([A-Z0-9_]+)", text))
    assert used <= EXAMPLE.keys() | {"SERVING_URL"}
    for key in secrets:
        assert f"${{{key}:?" in text, f"{key} must be given, or nothing starts"


def test_settings_that_compose_gives_exist() -> None:
    for name, service in SERVICES.items():
        given = [key for key in service.get("environment", {}) if key.startswith("ZIPOTIFY_")]
        for key in given:
            field = key.removeprefix("ZIPOTIFY_").lower()
            assert field in Settings.model_fields or field == "airflow_host", f"{name}: {key}"


def test_first_start_makes_secrets_once(tmp_path: Path) -> None:
    for name in ("start.sh", ".env.example"):
        (tmp_path / name).write_text((DEPLOY / name).read_text())
    start = ["sh", str(tmp_path / "start.sh"), "light", "--env-only"]
    _run(*start)
    first = (tmp_path / ".env").read_text()
    values = dict(line.split("=", 1) for line in first.splitlines() if "=" in line and line[0] != "#")
    secrets = [value for key, value in values.items() if EXAMPLE[key] == "generate"]
    assert len(set(secrets)) == len(secrets) >= 4
    assert all(re.fullmatch("[0-9a-f]{48}", value) for value in secrets)
    assert (tmp_path / ".env").stat().st_mode & 0o077 == 0
    _run(*start)
    assert (tmp_path / ".env").read_text() == first
    assert subprocess.run(["sh", str(tmp_path / "start.sh"), "other"], capture_output=True).returncode == 2


def _fake_skopeo(folder: Path, answer: str) -> None:
    tool = folder / "skopeo"
    tool.write_text(f"#!/bin/sh\n{answer}\n")
    tool.chmod(0o755)


def _pin_images(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Any:
    monkeypatch.syspath_prepend(str(PROJECT / "scripts"))
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    import pin_images

    return pin_images


def test_images_are_pinned_all_or_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pin_images = _pin_images(monkeypatch, tmp_path)
    file = tmp_path / ".env.example"
    before = (DEPLOY / ".env.example").read_text()
    file.write_text(before)
    _fake_skopeo(tmp_path, 'case "$*" in *grafana*) echo "no such host" >&2; exit 1;; esac; echo sha256:' + "a" * 64)
    assert pin_images.main(file) == 1
    assert file.read_text() == before
    _fake_skopeo(tmp_path, "echo sha256:" + "b" * 64)
    assert pin_images.main(file) == 0
    lines = [line for line in file.read_text().splitlines() if "_IMAGE=" in line]
    assert all(line.endswith("@sha256:" + "b" * 64) for line in lines)
    once = file.read_text()
    assert pin_images.main(file) == 0
    assert file.read_text() == once, "a digest is replaced, not added to"
