"""What one run is: configuration, options on top of it, and the songs that can be played."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TypeVar

import numpy as np
import orjson

from zipotify.errors import ConfigError, UsageError
from zipotify.simulate.config import EventsimConfig
from zipotify.simulate.draws import Floats, Ints, cumulative
from zipotify.simulate.machine import Machine, compile_machine

_T = TypeVar("_T")
DAY_S = 86_400
MAX_USER_ID = 2**32 - 1


class Songs:
    """All tracks, each already JSON, with cumulative shares of plays."""

    def __init__(
        self,
        artists: Sequence[str],
        titles: Sequence[str],
        durations_s: Sequence[float],
        weights: Sequence[float],
    ) -> None:
        self.shares: Floats = cumulative(weights)
        self.whole_s: Ints = np.asarray(durations_s, np.float64).astype(np.int64)
        self.json = [
            b'"artist":%b,"song":%b,"duration":%b' % (orjson.dumps(artist), orjson.dumps(title), _float32(duration))
            for artist, title, duration in zip(artists, titles, durations_s, strict=True)
        ]


def _float32(value: float) -> bytes:
    """The shortest decimal that a 32-bit float reads back as."""
    return orjson.dumps(np.float32(value), option=orjson.OPT_SERIALIZE_NUMPY)


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
