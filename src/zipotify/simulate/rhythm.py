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
_HOLIDAY_YEARS = range(2000, 2061)
_EPOCH = date(1970, 1, 1)
_CALENDAR_DAYS = (date(2100, 1, 1) - _EPOCH).days


class Rhythm:
    """When sessions start, beyond chance. Times are whole seconds since 1970, UTC."""

    def __init__(self, config: EventsimConfig) -> None:
        self._shift_s = _warp_table(config.damping)
        self._free = free_days().astype(np.float64)
        self._damping = config.weekend_damping
        self._offset_s = config.weekend_damping_offset * 60
        self._scale_s = config.weekend_damping_scale * 60

    def warp(self, t: Ints) -> Ints:
        """Push a moment away from the night."""
        return np.asarray(t + self._shift_s[t % DAY_S])

    def damping(self, t: Ints) -> Floats:
        """Probability that a session at `t` doesn't take place: full on free days, with ramps at their edges."""
        day = np.clip(t // DAY_S, 1, _CALENDAR_DAYS - 2)
        into = t - day * DAY_S
        before, today, after = self._free[day - 1], self._free[day], self._free[day + 1]
        share = before + (today - before) * self._ramp(into) + (after - today) * self._ramp(into - DAY_S)
        return np.asarray(self._damping * share)

    def _ramp(self, since_midnight_s: Ints) -> Floats:
        moved = since_midnight_s + self._offset_s
        if self._scale_s == 0:
            return np.asarray(moved >= 0, np.float64)
        return np.clip(moved / self._scale_s, 0.0, 1.0)


def _warp_table(damping: float) -> Ints:
    """Shift in seconds for each second of the day, cut toward zero."""
    seconds = range(DAY_S)
    shifts = [int(damping * DAY_S * math.sin(2 * math.pi * (s - _TROUGH_S) / DAY_S)) for s in seconds]
    return np.array(shifts, np.int64)


def free_days() -> Bools:
    """For each day since 1970-01-01: is it a Saturday, a Sunday or a US public holiday?"""
    import holidays

    days = np.arange(_CALENDAR_DAYS)
    free = (days + 3) % 7 >= 5  # 1970-01-01 was a Thursday
    for day in holidays.country_holidays("US", years=_HOLIDAY_YEARS):
        free[(day - _EPOCH) // timedelta(days=1)] = True
    return np.asarray(free)
