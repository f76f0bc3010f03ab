"""Day, week and holidays: how the hour warps the start of sessions, and how free days damp them.

Holidays come from a list that was made with the `holidays` package once (a test holds it to the package): looking up
all years that a run may reach takes longer than many a run.
"""

from __future__ import annotations

import math
from functools import cache
from importlib import resources

import numpy as np
import numpy.typing as npt

from zipotify.simulate.config import EventsimConfig
from zipotify.simulate.draws import Ints
from zipotify.simulate.native.steps import DAY_S

_TROUGH_S = 3 * 3600
"""Activity is lowest at 03:00 and, half a day later, highest at 15:00 (UTC)."""
LAST_YEAR = 2199


class Rhythm:
    """When sessions start, beyond chance. Times are whole seconds since 1970, UTC."""

    def __init__(self, config: EventsimConfig) -> None:
        self.shift_s = _warp_table(config.damping)
        """For each second of the day, how far a moment is pushed away from the night."""
        self.free = free_days()


def _warp_table(damping: float) -> Ints:
    """Shift in seconds for each second of the day, cut toward zero."""
    angles = 2 * math.pi * (np.arange(DAY_S) - _TROUGH_S) / DAY_S
    # Not NumPy's sine, whose last digit depends on the processor.
    sines = np.fromiter(map(math.sin, angles.tolist()), np.float64, DAY_S)
    return (damping * DAY_S * sines).astype(np.int64)


@cache
def free_days() -> npt.NDArray[np.uint8]:
    """For each day from 1970-01-01 to the end of the last year: 1 for a Saturday, a Sunday or a US public holiday."""
    holidays = (resources.files("zipotify") / "data" / "us_holidays.txt").read_text("ascii").split()
    count = (np.datetime64(f"{LAST_YEAR + 1}-01-01") - np.datetime64("1970-01-01")).astype(int)
    free = ((np.arange(count) + 3) % 7 >= 5).astype(np.uint8)  # 1970-01-01 was a Thursday
    free[np.array(holidays, "datetime64[D]").astype(np.int64)] = 1
    return free
