"""The settings that `zipotify.toml` of a home holds, with those of one profile on top."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from zipotify.errors import ConfigError


def configured(file: Path, profile: str | None) -> dict[str, Any]:
    """The file's settings, those of the profile on top; `local` needs no table."""
    try:
        given = tomllib.loads(file.read_text())
    except FileNotFoundError:
        given = {}
    profiles = given.pop("profiles", {})
    name = profile or given.get("profile", "local")
    if not (
        isinstance(name, str) and isinstance(profiles, dict) and all(isinstance(t, dict) for t in profiles.values())
    ):
        raise ConfigError(f"{file}: 'profile' or 'profiles' is wrong", "name one profile; each is a table of settings")
    if name not in profiles and name != "local":
        known = ", ".join(["local", *sorted(profiles)])
        raise ConfigError(f"{file} has no table [profiles.{name}]", f"profiles there: {known}")
    return {**given, **profiles.get(name, {}), "profile": name}
