"""Roles, scopes of tokens, and what each path needs; what is not listed needs an admin."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Literal


class Role(IntEnum):
    """Each may do what those before it may."""

    VIEWER = 1
    """Published, k-anonymous figures."""
    ANALYST = 2
    """Explore: SQL on row-level, pseudonymous tables."""
    ADMIN = 3
    """Health actions and erasure."""

    @classmethod
    def named(cls, name: str) -> Role:
        """The role of that name; raises KeyError."""
        return cls[name.upper()]


Scope = Literal["pages", "api", "metrics", "sql", "admin"]
"""What a token may be for. Tokens never open pages; those are for people."""
TOKEN_SCOPES: tuple[Scope, ...] = ("api", "metrics", "sql", "admin")


@dataclass(frozen=True)
class Need:
    """What a request needs; a role of None is open to everybody."""

    role: Role | None
    scope: Scope


_ANYBODY, _NOBODY_ELSE = Need(None, "pages"), Need(Role.ADMIN, "admin")
_PAGE, _API = Need(Role.VIEWER, "pages"), Need(Role.VIEWER, "api")

EXACT: dict[str, Need] = {
    "/login": _ANYBODY,
    "/login.css": _ANYBODY,
    "/logout": _ANYBODY,
    **dict.fromkeys(("/", "/overview", "/music", "/audience", "/engagement", "/health", "/plan", "/year"), _PAGE),
    **dict.fromkeys(("/music/artist", "/music/track", "/health/quarantine"), _PAGE),
    "/music/listener": Need(Role.ANALYST, "pages"),
    "/explore": Need(Role.ANALYST, "pages"),
    "/dbt": Need(Role.ANALYST, "pages"),
    "/openapi.json": _API,
    "/_reload-hash": _NOBODY_ELSE,
    "/metrics": Need(Role.VIEWER, "metrics"),
    **dict.fromkeys(("/_dash-layout", "/_dash-dependencies", "/_dash-update-component", "/_favicon.ico"), _PAGE),
}
PREFIXES: tuple[tuple[str, Need], ...] = (
    ("/api/v1/admin/", _NOBODY_ELSE),
    ("/api/v1/sql", Need(Role.ANALYST, "sql")),
    ("/api/v1/query", Need(Role.ANALYST, "sql")),
    ("/api/v1/sample", Need(Role.ANALYST, "sql")),
    ("/api/v1/", _API),
    ("/assets/", _PAGE),
    ("/_dash-component-suites/", _PAGE),
    ("/_dash-ws", _PAGE),
    ("/_dash", _PAGE),
)
"""The first that fits counts."""


def need_of(path: str) -> Need:
    """What a path needs, as the server reads it: a trailing slash changes nothing."""
    plain = path.rstrip("/") or "/"
    if plain in EXACT:
        return EXACT[plain]
    return next((need for prefix, need in PREFIXES if f"{plain}/".startswith(prefix)), _NOBODY_ELSE)
