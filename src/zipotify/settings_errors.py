"""What is said of settings that are wrong or misspelt: which one, where it came from, and what was probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable
from pathlib import Path

from pydantic import ValidationError

from zipotify.errors import ConfigError

_NEARNESS = 0.8
"""Share of letters in common from which on two names are taken for one; other programs' variables lie below."""


def require_spelled(variables: Iterable[str], prefix: str, known: Iterable[str], others: Iterable[str]) -> None:
    """Raise ConfigError for a variable with our prefix that is no setting and looks like one.

    `others` are variables of ours that are no settings. What is near to none of them is another program's.
    """
    names = [*known, *(name.lower() for name in others)]
    ours = (name.removeprefix(prefix).lower() for name in sorted(variables) if name.startswith(prefix))
    for name in ours:
        meant = None if name in names else _nearest(name, names)
        if meant is not None:
            raise ConfigError(
                f"there is no setting for the variable {prefix}{name.upper()}",
                f"did you mean {prefix}{meant.upper()}?",
            )


def explain(
    error: ValidationError, prefix: str, file: Path, flags: Collection[str], known: Iterable[str]
) -> tuple[str, str]:
    """First wrong key in words, and the keys or values that are allowed."""
    first = error.errors(include_url=False, include_input=False)[0]
    key = ".".join(str(part) for part in first["loc"])
    name = key.partition(".")[0]
    where = "given with the call" if name in flags else f"environment {prefix}{name.upper()} or {file}"
    if first["type"] == "extra_forbidden":
        names = sorted(known)
        meant = _nearest(key, names)
        to_do = f"did you mean {meant}?" if meant else f"known settings: {', '.join(names)}"
        return f"unknown setting '{key}' ({where})", to_do
    return f"setting '{key}' is wrong ({where})", first["msg"]


def _nearest(name: str, known: Iterable[str]) -> str | None:
    found = difflib.get_close_matches(name.lower(), list(known), 1, _NEARNESS)
    return found[0] if found else None
