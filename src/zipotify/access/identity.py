"""Who asks: set by the middleware for each request, read by whoever answers, also in threads that answer for it."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass

from zipotify.access.roles import Role, Scope
from zipotify.errors import ForbiddenError


@dataclass(frozen=True)
class Identity:
    """Somebody who may ask; `scopes` is None for people, who may use all that their role may."""

    name: str
    role: Role
    scopes: frozenset[Scope] | None = None
    csrf: str = ""

    def may(self, role: Role, scope: Scope) -> bool:
        """Whether the role and, of a token, the scope are enough."""
        return self.role >= role and (self.scopes is None or scope in self.scopes)


LOCAL = Identity("local", Role.ADMIN)
"""Whoever sits at the machine, while the dashboard serves loopback only."""
_CURRENT: ContextVar[Identity] = ContextVar("zipotify_identity", default=LOCAL)


def current() -> Identity:
    """Who asks now; outside of any request the machine's own user."""
    return _CURRENT.get()


def set_current(identity: Identity) -> None:
    """For the middleware: who asks in this task from now on."""
    _CURRENT.set(identity)


def require(role: Role, scope: Scope = "pages") -> Identity:
    """Who asks; raises ForbiddenError when that is not enough."""
    identity = current()
    if not identity.may(role, scope):
        raise ForbiddenError(f"this needs the role {role.name.lower()}", "ask an admin of this Zipotify for it")
    return identity
