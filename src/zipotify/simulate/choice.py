"""Options that are written as text, read into values; what can't be read is refused with what is allowed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

from zipotify.errors import UsageError
from zipotify.simulate.experiment import Variant, parse_variant
from zipotify.simulate.faults import parse_faults as faults
from zipotify.simulate.live_options import LiveOptions
from zipotify.simulate.pace import parse_speed as pace
from zipotify.simulate.plan import Extras

__all__ = ["extras", "faults", "live", "pace", "shard", "variants"]


def extras(text: str, bots: float = 0.0) -> Extras:
    """`played,origin` and so on, or `all`; raises UsageError."""
    names = [field.name for field in fields(Extras) if isinstance(field.default, bool)]
    wanted = [name.strip().replace("-", "_") for name in text.split(",") if name.strip()]
    unknown = [name for name in wanted if name not in (*names, "all")]
    if unknown:
        raise UsageError(f"--with: there is no '{unknown[0]}'", f"choose from all, {', '.join(names)}")
    return Extras(**{name: name in wanted or "all" in wanted for name in names}, bots=bots)


def shard(text: str | None) -> tuple[int, int]:
    """`2/4`, counted from 1; raises UsageError."""
    if text is None:
        return 0, 1
    which, _, count = text.partition("/")
    if not (which.isdigit() and count.isdigit() and 1 <= int(which) <= int(count)):
        raise UsageError(f"--shard: '{text}' is no K/N", "write it like 1/4, from 1/4 to 4/4")
    return int(which) - 1, int(count)


def live(is_wanted: bool, source: str, launch_users: int | None, history_rate: int | None) -> LiveOptions | None:
    """How a live run goes about it, if one is wanted; raises UsageError for options that only such a run has."""
    wishes = {"launch_users": launch_users, "history_rate": history_rate}
    given = {name: value for name, value in wishes.items() if value is not None}
    if is_wanted:
        return LiveOptions(source, **given)
    if given:
        raise UsageError(f"--{next(iter(given)).replace('_', '-')} needs --continuous", "add it, or leave both out")
    return None


def variants(texts: Sequence[str]) -> tuple[Variant, ...]:
    """One for each text; raises UsageError."""
    return tuple(parse_variant(text) for text in texts)
