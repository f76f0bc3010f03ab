"""What one run is: configuration, options on top of it, and the songs that can be played."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TypeVar

from zipotify.errors import ConfigError, UsageError
from zipotify.simulate.config import EventsimConfig
from zipotify.simulate.machine import Machine, compile_machine
from zipotify.simulate.songs import Songs

_T = TypeVar("_T")
DAY_S = 86_400
MAX_USER_ID = 2**32 - 1


@dataclass(frozen=True)
class Extras:
    """What Eventsim doesn't have; all off, so that output stays the same as Eventsim's."""

    played: bool = False
    """Listeners skip songs, and plays say how much was heard (`played_ms`)."""
    origin: bool = False
    """Plays say where they came from (`playSource`)."""
    device: bool = False
    """Events name the device class (`deviceType`)."""
    track_id: bool = False
    """Plays carry the catalogue's `track_id`."""
    drift: bool = False
    """Popularity moves from week to week: hits come and go, and new tracks are released."""
    bots: float = 0.0
    """Share of users that are machines: they loop a few tracks, cut off after half a minute, around the clock."""
    bot_haste: float = 0.1
    """A bot's gap between sessions, relative to a person's."""


@dataclass(frozen=True)
class Faults:
    """Shares of events that are spoiled on purpose; all 0 unless asked for."""

    duplicates: float = 0.0
    conflicts: float = 0.0
    """A second record of the same identity with other content."""
    late: float = 0.0
    """Ten minutes to days after it happened."""
    out_of_order: float = 0.0
    """Up to two minutes after it happened."""
    malformed: float = 0.0
    clock_skew: float = 0.0
    """Share of users whose clock is wrong by up to twelve hours."""
    schema_drift: float = 0.0
    """Share of users whose client changes half-way through the run."""

    def __bool__(self) -> bool:
        return any(vars(self).values())


@dataclass(frozen=True)
class Options:
    """What the command line says; None leaves it to the configuration. Times are ISO date-times, UTC."""

    n_users: int | None = None
    growth_rate: float | None = None
    attrition_rate: float | None = None
    first_user_id: int | None = None
    seed: int | None = None
    tag: str | None = None
    start: str | None = None
    end: str | None = None
    from_days: float = 15
    to_days: float = 1
    extras: Extras = Extras()
    faults: Faults = Faults()
    shard: tuple[int, int] = (0, 1)


@dataclass(frozen=True)
class Plan:
    """Everything that the events of a run follow from. Events are written for start_s < ts <= end_s."""

    config: EventsimConfig
    machine: Machine
    songs: Songs
    seed: int
    n_users: int
    growth_rate: float
    attrition_rate: float
    first_user_id: int
    tag: str | None
    start_s: int
    end_s: int
    extras: Extras = Extras()
    faults: Faults = Faults()
    shard: tuple[int, int] = (0, 1)
    """Only every n-th user: (which, n)."""
    cohort: tuple[float, float] = (0.0, 1.0)
    """Only users whose draw falls here: one variant of an experiment."""
    first_state: int = 0
    """Number of the machine's first state among the states of all variants."""


def make_plan(config: EventsimConfig, name: str, songs: Songs, options: Options, now_s: int) -> Plan:
    """Options over configuration over Eventsim's defaults; raises ConfigError or UsageError."""
    growth = _first(options.growth_rate, config.growth_rate, 0.0)
    config = config.model_copy(update={"growth_rate": growth})
    given = _option_s(options.start, "--start-time"), _option_s(options.end, "--end-time")
    start = _first(given[0], _date_s(config.start_date, "start-date", name), now_s - _days(options.from_days))
    end = _first(given[1], _date_s(config.end_date, "end-date", name), now_s - _days(options.to_days))
    if end <= start:
        raise UsageError(
            f"the run ends ({_text(end)}) before it starts ({_text(start)})", "set --start-time before --end-time"
        )
    plan = Plan(
        config=config,
        machine=compile_machine(config, name),
        songs=songs,
        seed=_first(options.seed, config.seed, 0),
        n_users=_first(options.n_users, config.n_users, 1),
        growth_rate=growth,
        attrition_rate=_first(options.attrition_rate, config.attrition_rate, 0.0),
        first_user_id=_first(options.first_user_id, config.first_user_id, 1),
        tag=_first(options.tag, config.tag, "") or None,
        start_s=start,
        end_s=end,
        extras=options.extras,
        faults=options.faults,
        shard=options.shard,
    )
    if plan.first_user_id + plan.n_users > MAX_USER_ID:
        raise UsageError("user ids would pass 4,294,967,295", "lower --userid or --nusers")
    return plan


def _first(given: _T | None, configured: _T | None, default: _T) -> _T:
    return next((value for value in (given, configured) if value is not None), default)


def with_users(plan: Plan, first_user_id: int, n_users: int, start_s: int) -> Plan:
    """The same run for other users."""
    return replace(plan, first_user_id=first_user_id, n_users=n_users, start_s=start_s)


def parse_time(text: str, what: str) -> int:
    """Seconds since 1970 of an ISO date or date-time (UTC unless it says otherwise); raises UsageError."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{what}: '{text}' is no ISO date-time", "write it like 2024-01-31T18:30:00 (UTC)") from None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def _date_s(text: str | None, key: str, name: str) -> int | None:
    try:
        return None if text is None else parse_time(text, f"{name}: '{key}'")
    except UsageError as error:
        raise ConfigError(error.what, error.to_do) from None


def _option_s(text: str | None, option: str) -> int | None:
    return None if text is None else parse_time(text, option)


def _days(days: float) -> int:
    return int(days * DAY_S)


def _text(moment_s: int) -> str:
    return datetime.fromtimestamp(moment_s, UTC).isoformat()
