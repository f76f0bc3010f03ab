"""Public holidays as a table: generated, so that it neither ends nor needs keeping."""

from __future__ import annotations

from datetime import UTC, datetime

import holidays
import pyarrow as pa

FIRST_YEAR = 1999
"""The year before the earliest time that an event may have."""
_YEARS_AHEAD = 3


def holidays_table() -> pa.Table:
    """US public holidays, one row a day (holiday_date, holiday_name), for every year that dim_dates can reach."""
    last_year = datetime.now(UTC).year + _YEARS_AHEAD
    calendar = holidays.country_holidays("US", years=range(FIRST_YEAR, last_year + 1))
    days = sorted(calendar.items())
    return pa.table(
        {
            "holiday_date": pa.array([day for day, _ in days], pa.date32()),
            "holiday_name": pa.array([name for _, name in days], pa.string()),
        }
    )
