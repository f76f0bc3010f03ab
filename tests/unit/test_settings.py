"""Settings: which source wins, what is refused and in which words, and that secrets stay hidden."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from zipotify import settings as module
from zipotify.errors import ConfigError
from zipotify.settings import CONFIG_FILE, Settings, cache_folder, load_settings


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings of the machine's user."""
    import os

    for name in [name for name in os.environ if name.startswith("ZIPOTIFY_")]:
        monkeypatch.delenv(name)


def configured(folder: Path, text: str) -> Path:
    (folder / CONFIG_FILE).write_text(text)
    return folder


def test_flag_beats_environment_beats_file_beats_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings(tmp_path).kafka_port == 9092
    configured(tmp_path, "kafka_port = 1111\n")
    assert load_settings(tmp_path).kafka_port == 1111
    monkeypatch.setenv("ZIPOTIFY_KAFKA_PORT", "2222")
    assert load_settings(tmp_path).kafka_port == 2222
    assert load_settings(tmp_path, kafka_port=3333).kafka_port == 3333
    assert load_settings(tmp_path, kafka_port=None).kafka_port == 2222


def test_the_file_of_one_home_says_nothing_about_another(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.mkdir()
    configured(one, "kafka_port = 1111\n")
    assert load_settings(other).kafka_port == 9092


@pytest.mark.parametrize(("given", "expected"), [(None, ".zipotify"), ("", ".zipotify"), ("elsewhere", "elsewhere")])
def test_the_home_is_named_or_the_usual_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str | None, expected: str
) -> None:
    monkeypatch.chdir(tmp_path)
    if given is not None:
        monkeypatch.setenv("ZIPOTIFY_HOME", given)
    assert load_settings().home.root == tmp_path / expected
    assert load_settings(Path("flag")).home.root == tmp_path / "flag"


def test_an_empty_variable_is_no_value(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZIPOTIFY_BOOTSTRAP_SERVERS", "")
    monkeypatch.setenv("ZIPOTIFY_KAFKA_PORT", "")
    assert load_settings(tmp_path).bootstrap_servers is None
    assert load_settings(tmp_path).kafka_port == 9092


def test_an_unknown_key_is_named_with_those_that_exist(tmp_path: Path) -> None:
    configured(tmp_path, "kafka_prot = 1\n")
    with pytest.raises(ConfigError, match="unknown setting 'kafka_prot'") as raised:
        load_settings(tmp_path)
    assert str(tmp_path / CONFIG_FILE) in raised.value.what
    assert "kafka_port" in raised.value.to_do


@pytest.mark.parametrize("name", ["KAFKA_PROT", "SERVING_URLL", "K_ANONIMITY", "HOMES", "RETENTION_DAY"])
def test_a_misspelt_variable_is_refused_with_what_was_meant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(f"ZIPOTIFY_{name}", "secret value")
    with pytest.raises(ConfigError, match=f"ZIPOTIFY_{name}") as raised:
        load_settings(tmp_path)
    meant = raised.value.to_do.removeprefix("did you mean ZIPOTIFY_").removesuffix("?")
    assert meant in {*map(str.upper, Settings.model_fields), "HOME"}
    assert "secret value" not in str(raised.value)


@pytest.mark.parametrize("name", ["HOME", "CACHE", "RUN_ID", "VENV", "PYTHON", "LAKE", "AIRFLOW_PORT"])
def test_variables_of_our_scripts_are_let_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(f"ZIPOTIFY_{name}", str(tmp_path))
    load_settings(tmp_path)


def test_a_value_given_with_the_call_is_said_to_be(tmp_path: Path) -> None:
    """Not every setting has a flag, and flags have names of their own: none is made up."""
    with pytest.raises(ConfigError, match=r"setting 'build_interval_s' is wrong \(given with the call\)"):
        load_settings(tmp_path, build_interval_s=0)


@pytest.mark.parametrize(
    ("text", "key", "allowed"),
    [
        ('kafka_port = "high"', "kafka_port", "integer"),
        ("kafka_port = 0", "kafka_port", "greater than or equal to 1"),
        ("kafka_port = 65536", "kafka_port", "less than or equal to 65535"),
        ('log_level = "LOUD"', "log_level", "'DEBUG', 'INFO', 'WARNING' or 'ERROR'"),
        ("published_keep_count = 1", "published_keep_count", "greater than or equal to 2"),
        ('user_key_secret = "abc"', "user_key_secret", "at least 32 hexadecimal digits"),
        ('user_key_secret = "not hexadecimal, but long enough"', "user_key_secret", "hexadecimal digits"),
    ],
)
def test_a_wrong_value_names_key_source_and_what_is_allowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, key: str, allowed: str
) -> None:
    with pytest.raises(ConfigError) as raised:
        load_settings(configured(tmp_path, text))
    assert f"setting '{key}' is wrong" in raised.value.what
    assert f"ZIPOTIFY_{key.upper()}" in raised.value.what
    assert allowed in raised.value.to_do
    (tmp_path / CONFIG_FILE).unlink()
    monkeypatch.setenv(f"ZIPOTIFY_{key.upper()}", text.partition(" = ")[2].strip('"'))
    with pytest.raises(ConfigError, match=key):
        load_settings(tmp_path)


@pytest.mark.parametrize("text", ["kafka_port = ", "[[[", 'a = "\\q"'])
def test_a_file_that_is_no_toml_is_named_with_the_place(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match=r"zipotify\.toml: .*\(at (line 1|end of)") as raised:
        load_settings(configured(tmp_path, text))
    assert raised.value.exit_code == 2


def test_a_home_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="is a file"):
        load_settings(tmp_path / "file")


def test_settings_do_not_change(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        load_settings(tmp_path).kafka_port = 1


def test_secrets_show_in_no_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZIPOTIFY_SERVING_URL", "postgresql://u:hunter2@db/x")
    monkeypatch.setenv("ZIPOTIFY_USER_KEY_SECRET", "ab" * 16)
    settings = load_settings(tmp_path)
    shown = f"{settings!r} {settings} {settings.model_dump_json()}"
    assert "hunter2" not in shown
    assert "abab" not in shown
    assert settings.serving_address().endswith("hunter2@db/x")
    assert settings.user_key() == bytes.fromhex("ab" * 16)
    assert not (tmp_path / "secrets").exists()


def test_wrong_secrets_are_not_repeated_in_the_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZIPOTIFY_USER_KEY_SECRET", "hunter2hunter2")
    with pytest.raises(ConfigError) as raised:
        load_settings(tmp_path)
    assert "hunter2" not in str(raised.value)


def test_the_serving_database_is_in_the_home_by_default(tmp_path: Path) -> None:
    assert load_settings(tmp_path).serving_address() == f"sqlite:///{tmp_path}/serving.db"


def test_the_cache_is_named_or_that_of_the_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cache_folder() == Path(module.__file__).parents[2] / ".cache"
    monkeypatch.setenv("ZIPOTIFY_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path


def test_numbers_with_a_unit_say_it_in_their_name() -> None:
    """Every number is a count, a port or says its unit, so that nobody has to guess."""
    unit = re.compile(r"_(ms|s|minutes|hours|days|bytes|mb|port|count|partitions|per_trigger|anonymity|month)$")
    numbers = [name for name, field in Settings.model_fields.items() if field.annotation in (int, float)]
    assert [name for name in numbers if not unit.search(name)] == []


def test_only_settings_read_our_environment() -> None:
    """Elsewhere, os.environ is only handed on to children or asked for names that are not ours."""
    package = Path(inspect.getfile(module)).parent
    reading = re.compile(r"environ(\.get\(|\[)[\"'f]*ZIPOTIFY|getenv\([\"'f]*ZIPOTIFY")
    found = [str(file.relative_to(package)) for file in package.rglob("*.py") if reading.search(file.read_text())]
    assert found == []
