"""Accounts: argon2id passwords, and a lock after too many wrong ones."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, insert, select, update
from sqlalchemy.engine import Engine, Row

from zipotify.access.roles import Role
from zipotify.access.store import accounts, sessions
from zipotify.errors import UsageError

FIRST_ACCOUNT = "admin"
FEWEST_PASSWORD_CHARS = 12
MOST_PASSWORD_CHARS = 256
"""Longer ones would make the server work for nothing."""
FAILURES_TO_LOCK = 5
LOCK_S = 15 * 60
_NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}")
_GENERATED_BYTES = 18


@dataclass(frozen=True)
class Account:
    """A person; `must_change` says that the password was made by the program."""

    name: str
    role: Role
    must_change: bool
    is_locked: bool


class Accounts:
    """The accounts of one home."""

    def __init__(
        self, engine: Engine, clock: Callable[[], float] = time.time, hasher: PasswordHasher | None = None
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._hasher = hasher or PasswordHasher()

    @cached_property
    def _nobody(self) -> str:
        """What a password is compared with when there is no such name."""
        return self._hasher.hash(secrets.token_urlsafe(_GENERATED_BYTES))

    def add(self, name: str, role: Role, password: str | None = None) -> str:
        """Add an account and return its password, generated unless given; raises UsageError."""
        if not _NAME.fullmatch(name):
            raise UsageError(f"{name!r} cannot name an account", "use up to 64 of a-z, 0-9, '.', '_', '@' and '-'")
        if self.find(name):
            raise UsageError(f"there is an account {name} already", "choose another name, or remove that one first")
        secret = _checked(password) if password else secrets.token_urlsafe(_GENERATED_BYTES)
        row = {
            "name": name,
            "role": role.name.lower(),
            "password_hash": self._hasher.hash(secret),
            "must_change": password is None,
            "created_at_s": int(self._clock()),
        }
        with self._engine.begin() as connection:
            connection.execute(insert(accounts).values(row))
        return secret

    def find(self, name: str) -> Account | None:
        """The account of that name."""
        row = self._row(name)
        return None if row is None else self._account(row)

    def all(self) -> list[Account]:
        """All accounts, by name."""
        with self._engine.connect() as connection:
            return [self._account(row) for row in connection.execute(select(accounts).order_by(accounts.c.name))]

    def check(self, name: str, password: str) -> Account | None:
        """The account when the password is right and it is not locked; takes as long when there is no such name."""
        row = self._row(name)
        is_right = self._verify(row.password_hash if row else self._nobody, password[:MOST_PASSWORD_CHARS])
        if row is None or row.locked_until_s > self._clock():
            return None
        if not is_right:
            self._count_failure(row)
            return None
        self._change(name, failure_count=0)
        return self._account(row)

    def set_password(self, name: str, password: str) -> None:
        """A new password ends the account's sessions; raises UsageError when it is too short."""
        self._known(name)
        self._change(name, password_hash=self._hasher.hash(_checked(password)), must_change=False)
        self._end_sessions(name)

    def unlock(self, name: str) -> None:
        """Take the lock away; raises UsageError for an unknown name."""
        self._known(name)
        self._change(name, failure_count=0, locked_until_s=0)

    def remove(self, name: str) -> None:
        """Remove an account and its sessions; raises UsageError for an unknown name."""
        self._known(name)
        with self._engine.begin() as connection:
            connection.execute(delete(accounts).where(accounts.c.name == name))
        self._end_sessions(name)

    def _row(self, name: str) -> Row | None:  # type: ignore[type-arg]
        with self._engine.connect() as connection:
            return connection.execute(select(accounts).where(accounts.c.name == name)).first()

    def _known(self, name: str) -> None:
        if self.find(name) is None:
            raise UsageError(f"there is no account {name!r}", "`zipotify access list` shows them")

    def _account(self, row: Row) -> Account:  # type: ignore[type-arg]
        return Account(row.name, Role.named(row.role), row.must_change, row.locked_until_s > self._clock())

    def _verify(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False

    def _count_failure(self, row: Row) -> None:  # type: ignore[type-arg]
        count = row.failure_count + 1
        if count < FAILURES_TO_LOCK:
            self._change(row.name, failure_count=count)
        else:
            self._change(row.name, failure_count=0, locked_until_s=int(self._clock()) + LOCK_S)

    def _change(self, name: str, **values: object) -> None:
        with self._engine.begin() as connection:
            connection.execute(update(accounts).where(accounts.c.name == name).values(values))

    def _end_sessions(self, name: str) -> None:
        with self._engine.begin() as connection:
            connection.execute(delete(sessions).where(sessions.c.name == name))


def _checked(password: str) -> str:
    if not FEWEST_PASSWORD_CHARS <= len(password) <= MOST_PASSWORD_CHARS:
        raise UsageError(
            "the password is too short or too long", f"use {FEWEST_PASSWORD_CHARS} to {MOST_PASSWORD_CHARS} characters"
        )
    return password
