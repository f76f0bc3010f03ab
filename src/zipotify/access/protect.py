"""Put the middleware around the dashboard, as its settings ask: a login unless only this machine can reach it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path

from zipotify.access.accounts import FIRST_ACCOUNT, Accounts
from zipotify.access.audit import AuditLog
from zipotify.access.login import LoginForms
from zipotify.access.middleware import Gate
from zipotify.access.request import is_loopback
from zipotify.access.roles import Role
from zipotify.access.sessions import Sessions
from zipotify.access.store import open_store
from zipotify.access.tokens import Tokens
from zipotify.settings import Settings

_FIRST_PASSWORD = "first-password"  # noqa: S105  # pragma: allowlist secret - the name of a file


def gate_of(settings: Settings, script_hashes: Iterable[str] = ()) -> Gate:
    """The gate of this home's dashboard; makes the first account when a login is required and there is none."""
    engine = open_store(settings.home)
    gate = Gate(
        requires_login=not is_loopback(settings.dashboard_host),
        accounts=Accounts(engine),
        sessions=Sessions(engine),
        tokens=Tokens(engine),
        forms=LoginForms(settings.home.secret("form.key")),
        audit=AuditLog(settings.home),
        script_hashes=tuple(script_hashes),
    )
    if gate.requires_login and not gate.accounts.all():
        path = _first_account(settings, gate)
        # Its standard error may be a log: the password itself is in a file that only the owner reads.
        print(f"zipotify: first account `{FIRST_ACCOUNT}`, its password is in {path}", file=sys.stderr, flush=True)
    return gate


def _first_account(settings: Settings, gate: Gate) -> Path:
    password = gate.accounts.add(FIRST_ACCOUNT, Role.ADMIN)
    path = settings.home.root / "secrets" / _FIRST_PASSWORD
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(password + "\n")
    gate.audit.append("zipotify", "first account", name=FIRST_ACCOUNT)
    return path


def forget_first_password(settings: Settings) -> None:
    """Remove the file with the first password, which was changed."""
    (settings.home.root / "secrets" / _FIRST_PASSWORD).unlink(missing_ok=True)
