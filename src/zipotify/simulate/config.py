"""Eventsim's configuration as typed values; what is wrong is refused with its exact place."""

from __future__ import annotations

import json
import tomllib
from importlib import resources
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError

from zipotify.errors import ConfigError, MissingInputError
from zipotify.simulate.short_form import Places, as_written, expand

Weight = Annotated[float, Field(ge=0)]
Rate = Annotated[float, Field(ge=0)]
Minutes = Annotated[float, Field(ge=0, le=1440)]
Status = Annotated[int, Field(ge=100, le=599)]
BUILTIN = "the built-in configuration"


class _Part(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        allow_inf_nan=False,
        alias_generator=lambda name: name.replace("_", "-"),
    )


class LevelWeight(_Part):
    """How many start at a subscription level, relative to the others."""

    level: str
    weight: Weight


class AuthWeight(_Part):
    """How many start in a login state, relative to the others."""

    auth: str
    weight: Weight


class ShowUser(_Part):
    """Whether events in a login state carry the user."""

    auth: str
    show: bool


class State(_Part):
    """One state of the machine: a page as answered to a kind of user."""

    page: str
    auth: str
    status: Status
    method: str
    level: str

    def __str__(self) -> str:
        return f"{self.page} ({self.method} {self.status}, {self.auth}, {self.level})"


class NewSession(State):
    """A state that sessions start in, with its weight among those of the same auth and level."""

    weight: Weight

    @property
    def state(self) -> State:
        """The state without its weight."""
        return State(page=self.page, auth=self.auth, status=self.status, method=self.method, level=self.level)


class Transition(_Part):
    """Probability `p` that `dest` follows `source`."""

    source: State
    dest: State
    p: Annotated[float, Field(ge=0, le=1)]


class EventsimConfig(_Part):
    """A whole configuration. Seconds, unless the name or the comment says otherwise."""

    seed: int = 0
    alpha: Annotated[float, Field(gt=0)] = 60.0
    """Mean gap between events of a session."""
    beta: Annotated[float, Field(gt=0)] = 259_200.0
    """Mean gap between sessions."""
    damping: Annotated[float, Field(ge=0, le=0.15)] = 0.0625
    """Depth of the daily rhythm; above 1/2π, time would run backwards."""
    weekend_damping: Annotated[float, Field(ge=0, lt=1)] = 0.5
    weekend_damping_offset: Minutes = 6
    weekend_damping_scale: Minutes = 6
    session_gap: Annotated[int, Field(ge=1)] = 1800
    churned_state: str | None = None
    new_user_auth: str = "Guest"
    new_user_level: str = "Free"
    start_date: str | None = None
    end_date: str | None = None
    n_users: Annotated[int, Field(ge=0)] | None = None
    first_user_id: Annotated[int, Field(ge=0)] | None = None
    growth_rate: Rate | None = None
    attrition_rate: Rate | None = None
    tag: str | None = None
    levels: Annotated[tuple[LevelWeight, ...], Field(min_length=1, strict=False)]
    auths: Annotated[tuple[AuthWeight, ...], Field(min_length=1, strict=False)]
    show_user_details: Annotated[tuple[ShowUser, ...], Field(strict=False)] = ()
    new_session: Annotated[tuple[NewSession, ...], Field(min_length=1, strict=False)]
    transitions: Annotated[tuple[Transition, ...], Field(min_length=1, strict=False)]
    upgrades: Annotated[tuple[Any, ...], Field(strict=False)] = ()
    downgrades: Annotated[tuple[Any, ...], Field(strict=False)] = ()
    _places: Places = PrivateAttr(default_factory=dict)

    def as_written(self, text: str) -> str:
        """A message about entries by number, with their places in the file that it came from."""
        return as_written(text, self._places)


def load_config(path: Path | None) -> tuple[EventsimConfig, str]:
    """Read a configuration (Eventsim's JSON, or our short TOML form), or the built-in one; and how to call it.

    Raises ConfigError with the key's path and what is allowed.
    """
    name = str(path) if path else BUILTIN
    text = _read(path)
    try:
        raw, places = (json.loads(text), {}) if _is_json(path, text) else expand(tomllib.loads(text), name)
    except ValueError as error:
        raise ConfigError(f"{name}: {error}", "correct the file; it must be valid JSON or TOML") from None
    return parse_config(raw, name, places), name


def parse_config(raw: Any, name: str, places: Places | None = None) -> EventsimConfig:
    """Check a configuration that was read already; `name`, and the short form's places, are used in messages."""
    try:
        config = EventsimConfig.model_validate(raw)
    except ValidationError as error:
        what, to_do = _explain(error, name)
        raise ConfigError(as_written(what, places or {}), to_do) from None
    config._places = places or {}
    return config


def _read(path: Path | None) -> str:
    if path is None:
        return (resources.files("zipotify.simulate") / "default.toml").read_text("utf-8")
    try:
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: byte {error.start} is not valid UTF-8", "save the file as UTF-8") from None
    except OSError as error:
        raise MissingInputError(f"cannot read the configuration {path}: {error.strerror}", "check the path") from None


def _is_json(path: Path | None, text: str) -> bool:
    return path is not None and (path.suffix == ".json" or text.lstrip().startswith("{"))


def _explain(error: ValidationError, name: str) -> tuple[str, str]:
    first = error.errors(include_url=False)[0]
    place = key_path(first["loc"])
    if first["type"] == "extra_forbidden":
        return f"{name}: unknown key '{place}'", f"allowed there: {', '.join(_known_keys(first['loc']))}"
    if first["type"] == "missing":
        return f"{name}: '{place}' is missing", f"allowed there: {', '.join(_known_keys(first['loc']))}"
    return f"{name}: '{place}' is {json.dumps(first['input'], default=str)[:60]}", first["msg"]


def key_path(location: tuple[int | str, ...]) -> str:
    """`transitions[3].dest.page` for ("transitions", 3, "dest", "page")."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return text.removeprefix(".")


def _known_keys(location: tuple[int | str, ...]) -> list[str]:
    names = [part for part in location[:-1] if isinstance(part, str)]
    within: dict[str, type[_Part]] = {
        "levels": LevelWeight,
        "auths": AuthWeight,
        "show-user-details": ShowUser,
        "new-session": NewSession,
        "transitions": Transition,
        "source": State,
        "dest": State,
    }
    model = within[names[-1]] if names else EventsimConfig
    return sorted(str(field.alias) for field in model.model_fields.values())
