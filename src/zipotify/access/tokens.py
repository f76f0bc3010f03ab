"""API tokens for programs: shown once, stored as a hash, with a role, scopes and an end, and revocable."""

from __future__ import annotations

import hmac
import re
import secrets
import time
from collections.abc import Callable, Sequence
from typing import Any, cast

from sqlalchemy import insert, select, update
from sqlalchemy.engine import Engine

from zipotify.access.identity import Identity
from zipotify.access.roles import TOKEN_SCOPES, Role, Scope
from zipotify.access.store import digest, tokens
from zipotify.errors import UsageError

PREFIX = "zip"
"""Begins every token, so that scanners of secrets know one when they see it."""
_FORM = re.compile(rf"{PREFIX}_([0-9a-f]{{12}})_([A-Za-z0-9_-]{{43}})")
_DAY_S = 86_400


class Tokens:
    """The tokens of one home."""

    def __init__(self, engine: Engine, clock: Callable[[], float] = time.time) -> None:
        self._engine = engine
        self._clock = clock

    def add(self, label: str, role: Role, scopes: Sequence[str], days: int) -> str:
        """A new token, which can't be shown again; raises UsageError for unknown scopes."""
        unknown = sorted(set(scopes) - set(TOKEN_SCOPES))
        if unknown or not scopes:
            raise UsageError(
                f"no such scope: {', '.join(unknown) or 'none given'}", f"scopes: {', '.join(TOKEN_SCOPES)}"
            )
        token_id, secret, now = secrets.token_hex(6), secrets.token_urlsafe(32), int(self._clock())
        row = {"token_id": token_id, "label": label[:64], "secret_hash": digest(secret), "role": role.name.lower()}
        row |= {"scopes": " ".join(sorted(set(scopes)))}
        times = {"created_at_s": now, "expires_at_s": now + days * _DAY_S}
        with self._engine.begin() as connection:
            connection.execute(insert(tokens).values({**row, **times}))
        return f"{PREFIX}_{token_id}_{secret}"

    def find(self, token: str) -> Identity | None:
        """Whose it is; None when it is unknown, revoked or too old."""
        match = _FORM.fullmatch(token)
        if match is None:
            return None
        with self._engine.connect() as connection:
            row = connection.execute(select(tokens).where(tokens.c.token_id == match[1])).first()
        is_right = row is not None and hmac.compare_digest(row.secret_hash, digest(match[2]))
        if row is None or not is_right or row.revoked_at_s is not None or row.expires_at_s <= self._clock():
            return None
        scopes = frozenset(cast("Scope", scope) for scope in row.scopes.split())
        return Identity(f"token:{row.label}", Role.named(row.role), scopes)

    def all(self) -> list[dict[str, Any]]:
        """All tokens without their secrets, newest first."""
        shown = [column for column in tokens.columns if column.name != "secret_hash"]
        with self._engine.connect() as connection:
            rows = connection.execute(select(*shown).order_by(tokens.c.created_at_s.desc())).mappings()
            return [dict(row) for row in rows]

    def revoke(self, token_id: str) -> None:
        """End a token at once; raises UsageError for an unknown id."""
        with self._engine.begin() as connection:
            changed = update(tokens).where(tokens.c.token_id == token_id).values(revoked_at_s=int(self._clock()))
            if not connection.execute(changed).rowcount:
                raise UsageError(f"there is no token {token_id!r}", "`zipotify access tokens` shows them")
