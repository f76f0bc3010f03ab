"""Secrets as canaries: given by environment or made by the home, they are in no output, error, argument or log."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support.command import zipotify
from zipotify.access.protect import gate_of
from zipotify.ops.parts import PARTS
from zipotify.privacy.scan import scan
from zipotify.settings import load_settings

USER_KEY = "c0ffee" * 8
PASSWORD = "Kanarienpasswort83Q7"
GIVEN = {
    "ZIPOTIFY_USER_KEY_SECRET": USER_KEY,
    "ZIPOTIFY_SERVING_URL": f"postgresql+psycopg://canary:{PASSWORD}@127.0.0.1:1/nothing",
    "ZIPOTIFY_WEBHOOK_URL": f"http://127.0.0.1:1/{PASSWORD}",
    "ZIPOTIFY_BOOTSTRAP_SERVERS": "127.0.0.1:1",
    "ZIPOTIFY_KAFKA_SECURITY": "SASL_PLAINTEXT",
    "ZIPOTIFY_KAFKA_USERNAME": "canary",
    "ZIPOTIFY_KAFKA_PASSWORD": PASSWORD,
}


@pytest.mark.parametrize(
    "arguments",
    [
        ("doctor", "--format", "json"),
        ("status",),
        ("ledger",),
        ("build",),
        ("privacy", "export", "46"),
        ("access", "kafka", "--stream", "spark"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_no_verb_says_a_secret_that_it_was_given(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """With a serving database that does not answer, so that most of them fail."""
    done = zipotify(tmp_path / "home", *arguments, code=None, **GIVEN)
    said = done.stdout + done.stderr
    assert said
    assert PASSWORD not in said
    assert USER_KEY not in said
    assert scan([tmp_path], [PASSWORD, USER_KEY]).findings == []


def test_a_wrong_secret_is_not_repeated(tmp_path: Path) -> None:
    done = zipotify(tmp_path / "home", "doctor", code=2, ZIPOTIFY_USER_KEY_SECRET=PASSWORD)
    assert "user_key_secret" in done.stderr
    assert PASSWORD not in done.stdout + done.stderr


def test_settings_hide_their_secrets(tmp_path: Path) -> None:
    settings = load_settings(
        tmp_path / "home",
        user_key_secret=USER_KEY,
        serving_url=GIVEN["ZIPOTIFY_SERVING_URL"],
        webhook_url="http://" + PASSWORD,
    )
    shown = f"{settings!r} {settings} {settings.model_dump_json()} {json.dumps(settings.model_dump(), default=str)}"
    assert PASSWORD not in shown
    assert USER_KEY not in shown


def test_a_home_keeps_its_secrets_in_one_place(tmp_path: Path) -> None:
    """Readable by their owner only; nothing else in the home has one, and no part is started with one."""
    settings = load_settings(tmp_path / "home", dashboard_host="0.0.0.0")
    gate_of(settings)
    names = ("user.key", "erasure.key", "signing.key", "form.key")
    secrets = [settings.home.secret(name).hex() for name in names]
    zipotify(settings.home.root, "doctor", "--format", "json", code=None)
    folder = settings.home.root / "secrets"
    first = (folder / "first-password").read_text().strip()
    assert {path.name for path in folder.iterdir()} == {*names, "first-password"}
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert folder.stat().st_mode & 0o777 == 0o700
    assert scan([settings.home.root], [*secrets, first], [folder]).findings == []
    assert not any(word in argument for part in PARTS for argument in part.arguments for word in ("secret", "password"))
