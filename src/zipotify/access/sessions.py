"""Sessions: a random cookie, stored as its hash, renewed while in use, ended by time or by the person."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import delete, insert, or_, select, update
from sqlalchemy.engine import Engine, Row

from zipotify.access.identity import Identity
from zipotify.access.roles import Role
from zipotify.access.store import accounts, digest, sessions

LONGEST_S = 12 * 3600
IDLE_S = 3600
RENEW_S = 15 * 60
"""A cookie older than this is replaced by a new one."""
GRACE_S = 60
"""Requests that were on their way with the old cookie still count."""
_SEEN_STEP_S = 30


@dataclass(frozen=True)
class Found:
    """Whose session it is, and the cookie that replaces the one shown, when it is time."""

    identity: Identity
    new_cookie: str | None = None


class Sessions:
    """The sessions of one home."""

    def __init__(self, engine: Engine, clock: Callable[[], float] = time.time) -> None:
        self._engine = engine
        self._clock = clock

    def begin(self, name: str) -> str:
        """A new session's cookie."""
        now = int(self._clock())
        with self._engine.begin() as connection:
            too_old = (sessions.c.began_at_s < now - LONGEST_S) | (sessions.c.seen_at_s < now - IDLE_S)
            connection.execute(delete(sessions).where(or_(too_old, sessions.c.replaced_at_s < now - GRACE_S)))
        return self._insert(name, secrets.token_hex(16), now)

    def find(self, cookie: str) -> Found | None:
        """Whose it is; None when it is unknown, ended or too old, or the account is gone."""
        now = int(self._clock())
        with self._engine.connect() as connection:
            joined = select(sessions, accounts.c.role).join(accounts, accounts.c.name == sessions.c.name)
            row = connection.execute(joined.where(sessions.c.id_hash == digest(cookie))).first()
        if row is None or not _is_alive(row, now):
            return None
        identity = Identity(row.name, Role.named(row.role), csrf=row.csrf)
        if row.replaced_at_s is None and now - row.renewed_at_s >= RENEW_S:
            return Found(identity, self._renew(row, now))
        if now - row.seen_at_s >= _SEEN_STEP_S:
            self._change(row.id_hash, seen_at_s=now)
        return Found(identity)

    def end(self, cookie: str) -> None:
        """End it, and what replaced it or was replaced by it: they share their beginning."""
        with self._engine.begin() as connection:
            row = connection.execute(select(sessions).where(sessions.c.id_hash == digest(cookie))).first()
            if row is not None:
                connection.execute(delete(sessions).where(sessions.c.csrf == row.csrf))

    def _insert(self, name: str, csrf: str, began_at_s: int) -> str:
        cookie, now = secrets.token_urlsafe(32), int(self._clock())
        row = {"id_hash": digest(cookie), "name": name, "csrf": csrf, "began_at_s": began_at_s}
        with self._engine.begin() as connection:
            connection.execute(insert(sessions).values({**row, "seen_at_s": now, "renewed_at_s": now}))
        return cookie

    def _renew(self, row: Row, now: int) -> str:  # type: ignore[type-arg]
        self._change(row.id_hash, replaced_at_s=now)
        return self._insert(row.name, row.csrf, row.began_at_s)

    def _change(self, id_hash: str, **values: object) -> None:
        with self._engine.begin() as connection:
            connection.execute(update(sessions).where(sessions.c.id_hash == id_hash).values(values))


def _is_alive(row: Row, now: int) -> bool:  # type: ignore[type-arg]
    is_current = row.replaced_at_s is None or now - row.replaced_at_s <= GRACE_S
    return bool(is_current and now - row.began_at_s <= LONGEST_S and now - row.seen_at_s <= IDLE_S)
