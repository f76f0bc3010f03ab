"""Day, week and holidays: how the hour warps the start of sessions, and how free days damp them."""

from __future__ import annotations

import math
from datetime import date, timedelta

import numpy as np

from zipotify.simulate.config import EventsimConfig
from zipotify.simulate.draws import Bools, Floats, Ints

DAY_S = 86_400
_TROUGH_S = 3 * 3600
"""Activity is lowest at 03:00 and, half a day later, highest at 15:00 (UTC)."""
_YEARS_AROUND = 2
_LAST_YEAR = 2199
_EPOCH = date(1970, 1, 1)
_LAST_DAY = (date(_LAST_YEAR, 12, 30) - _EPOCH).days


class Rhythm:
    """When sessions start, beyond chance. Times are whole seconds since 1970, UTC."""

    def __init__(self, config: EventsimConfig) -> None:
        self._shift_s = _warp_table(config.damping)
        self._free = np.empty(0)
        self._first_day = 0
        self._damping = config.weekend_damping
        self._offset_s = config.weekend_damping_offset * 60
        self._scale_s = config.weekend_damping_scale * 60

    def warp(self, t: Ints) -> Ints:
        """Push a moment away from the night."""
        return np.asarray(t + self._shift_s[t % DAY_S])

    def damping(self, t: Ints) -> Floats:
        """Probability that a session at `t` doesn't take place: full on free days, with ramps at their edges."""
        day = np.clip(t // DAY_S, 1, _LAST_DAY)
        self._know(day)
        into = t - day * DAY_S
        before, today, after = self._free[day - 1], self._free[day], self._free[day + 1]
        share = before + (today - before) * self._ramp(into) + (after - today) * self._ramp(into - DAY_S)
        return np.asarray(self._damping * share)

    def _know(self, day: Ints) -> None:
        """Look holidays up for the years around those days; all years there are would take half a second."""
        if not day.size or (day.min() - 1 >= self._first_day and day.max() + 1 < len(self._free)):
            return
        first, last = _year(int(day.min())) - _YEARS_AROUND, _year(int(day.max())) + _YEARS_AROUND
        if len(self._free):
            first, last = min(first, _year(self._first_day)), max(last, _year(len(self._free) - 1))
        self._free = free_days(first, last).astype(np.float64)
        self._first_day = max(0, (date(max(1970, first), 1, 1) - _EPOCH).days)

    def _ramp(self, since_midnight_s: Ints) -> Floats:
        moved = since_midnight_s + self._offset_s
        if self._scale_s == 0:
            return np.asarray(moved >= 0, np.float64)
        return np.clip(moved / self._scale_s, 0.0, 1.0)


def _year(day: int) -> int:
    return min(max(1970 + int(day / 365.2425), 1970), _LAST_YEAR)


def _warp_table(damping: float) -> Ints:
    """Shift in seconds for each second of the day, cut toward zero."""
    seconds = range(DAY_S)
    shifts = [int(damping * DAY_S * math.sin(2 * math.pi * (s - _TROUGH_S) / DAY_S)) for s in seconds]
    return np.array(shifts, np.int64)


def free_days(first_year: int, last_year: int) -> Bools:
    """For each day since 1970-01-01 up to the last year: is it a Saturday, a Sunday or a US public holiday?

    Holidays are looked up from the first year on.
    """
    import holidays

    days = np.arange((date(last_year + 1, 1, 1) - _EPOCH).days)
    free = (days + 3) % 7 >= 5  # 1970-01-01 was a Thursday
    years = range(max(1970, first_year), last_year + 1)
    for day in holidays.country_holidays("US", years=years):
        if day.year <= last_year:
            free[(day - _EPOCH) // timedelta(days=1)] = True
    return np.asarray(free)
