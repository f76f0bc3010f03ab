"""How numbers, times and shares are written: rounded to what can be read, with units, in UTC."""

from __future__ import annotations

from datetime import UTC, datetime

_STEPS = ((1e9, "bn"), (1e6, "m"), (1e3, "k"))
_EXACT_BELOW = 10_000
NOTHING = "–"  # noqa: RUF001 - an en dash stands for no value


def count(value: float | None) -> str:
    """A count: exact up to four digits, then three figures and a unit."""
    if value is None:
        return NOTHING
    if abs(value) < _EXACT_BELOW:
        return f"{value:,.0f}"
    size, unit = next(step for step in _STEPS if abs(value) >= step[0])
    scaled = value / size
    return f"{scaled:.{0 if abs(scaled) >= 100 else 1}f} {unit}"


def exact(value: float | None) -> str:
    """All digits, in groups of three."""
    return NOTHING if value is None else f"{value:,.0f}"


def rate(value: float | None) -> str:
    """Something per something: a decimal while it is small."""
    if value is None:
        return NOTHING
    return f"{value:.1f}" if abs(value) < 100 else count(value)


def share(value: float | None) -> str:
    """A part of a whole as per cent."""
    if value is None:
        return NOTHING
    percent = value * 100
    return f"{percent:.1f} %" if abs(percent) < 10 else f"{percent:.0f} %"


def change(now: float | None, before: float | None) -> str:
    """The relative change with its sign; no sense without something before."""
    if now is None or not before:
        return NOTHING
    percent = (now - before) / before * 100
    return f"{percent:+.1f} %" if abs(percent) < 10 else f"{percent:+,.0f} %"


def duration(milliseconds: float | None) -> str:
    """A length of time in its two largest units."""
    if milliseconds is None:
        return NOTHING
    seconds = milliseconds / 1000
    if seconds < 1:
        return f"{milliseconds:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if minutes < 10 and rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{hours // 24} d {hours % 24} h"


def size(count_bytes: float) -> str:
    """Bytes in the unit that fits."""
    if count_bytes < 2**20:
        return f"{count_bytes / 2**10:.0f} kB"
    return f"{count_bytes / 2**30:.1f} GB" if count_bytes >= 2**30 else f"{count_bytes / 2**20:.1f} MB"


def clock(seconds: float) -> str:
    """Time of day."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%H:%M:%S")


def date_time(seconds: float) -> str:
    """An instant as charts take it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def day(text: str | None) -> str:
    """An ISO day for people."""
    return datetime.fromisoformat(text).strftime("%-d %b") if text else NOTHING
