"""Profiles: one file, one place that decides, and a doctor that looks beyond this machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from zipotify.errors import ConfigError
from zipotify.ops import profiles
from zipotify.ops.profiles import examine_profile
from zipotify.settings import load_settings

EXAMPLE = Path(__file__).parents[2] / "deploy" / "profiles" / "zipotify.toml"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("ZIPOTIFY_PROFILE", raising=False)
    (tmp_path / "zipotify.toml").write_text(EXAMPLE.read_text())
    return tmp_path


@pytest.mark.parametrize(
    ("profile", "security", "backup_to"),
    [
        ("local", "PLAINTEXT", None),
        ("compose", "PLAINTEXT", None),
        ("gcp", "SASL_SSL", "gs://example-zipotify/backups"),
        ("aws", "SASL_SSL", "s3://example-zipotify/backups"),
    ],
)
def test_the_example_has_four_profiles(home: Path, profile: str, security: str, backup_to: str | None) -> None:
    settings = load_settings(home, profile=profile)
    assert (settings.profile, settings.kafka_security, settings.backup_to) == (profile, security, backup_to)


def test_flag_then_environment_then_file(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings(home).profile == "local"
    monkeypatch.setenv("ZIPOTIFY_PROFILE", "aws")
    assert load_settings(home).kafka_security == "SASL_SSL"
    assert load_settings(home, profile="compose").bootstrap_servers == "kafka:19092"
    monkeypatch.setenv("ZIPOTIFY_BOOTSTRAP_SERVERS", "other:1")
    assert load_settings(home).bootstrap_servers == "other:1", "the environment wins over the profile"


def test_a_profile_wins_over_the_rest_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "zipotify.toml").write_text(
        "kafka_partitions = 4\nk_anonymity = 7\n[profiles.big]\nkafka_partitions = 64\n"
    )
    assert (load_settings(tmp_path).kafka_partitions, load_settings(tmp_path).k_anonymity) == (4, 7)
    big = load_settings(tmp_path, profile="big")
    assert (big.kafka_partitions, big.k_anonymity) == (64, 7)


def test_a_profile_that_is_not_there_is_named(home: Path) -> None:
    with pytest.raises(ConfigError, match=r"no table \[profiles.azure\]") as caught:
        load_settings(home, profile="azure")
    assert "aws, compose, gcp" in caught.value.to_do


def test_a_wrong_key_in_a_profile_is_named(tmp_path: Path) -> None:
    (tmp_path / "zipotify.toml").write_text('[profiles.gcp]\nkafka_secruity = "SSL"\n')
    with pytest.raises(ConfigError, match="kafka_secruity"):
        load_settings(tmp_path, profile="gcp")


def test_doctor_names_what_can_not_be_reached_and_shows_no_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(profiles, "_CONNECT_LIMIT_S", 1)
    settings = load_settings(
        tmp_path,
        bootstrap_servers="127.0.0.1:9",
        kafka_security="SASL_SSL",
        kafka_username="u",
        kafka_password="canary-1",
        serving_url="postgresql+psycopg://u:canary-2@127.0.0.1:9/db",
        backup_to=str(tmp_path / "absent"),
    )
    findings = {finding.name: finding for finding in examine_profile(settings)}
    assert not any(findings[name].good for name in ("Kafka account", "serving database", "backups"))
    assert all(finding.to_do for finding in findings.values() if not finding.good)
    shown = "".join(finding.as_line() for finding in findings.values())
    assert "canary" not in shown
    assert "127.0.0.1:9" in shown


def test_doctor_says_nothing_of_what_is_not_used(tmp_path: Path) -> None:
    assert [finding.name for finding in examine_profile(load_settings(tmp_path))] == ["profile"]
