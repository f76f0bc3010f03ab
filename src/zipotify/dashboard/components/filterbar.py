"""The filters above a page. Their values come from the address, and go back into it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import dash_mantine_components as dmc
from dash import html

from zipotify.dashboard.filters import GENDERS, LEVELS, PERIODS, Filters, custom_days

CUSTOM = "custom"
SELECTS = ("source", "level", "gender", "state", "device", "tag")
"""Filters that are chosen from a list, in the order of the bar."""
_PERIOD = {"type": "filter", "name": "period"}
_MOST_BUTTONS = 6
_LABELS = {"level": "Level", "gender": "Gender", "state": "State", "device": "Device", "tag": "Experiment"}


@dataclass(frozen=True)
class Choices:
    """What there is to choose from."""

    sources: Sequence[str] = ()
    states: Sequence[str] = ()
    devices: Sequence[str] = ()
    tags: Sequence[str] = ()


def filter_bar(filters: Filters, choices: Choices, said: str, years: Sequence[tuple[str, str]] = ()) -> Any:
    """Period, dates and people; `said` tells the period in words.

    `years` (period and name) are offered instead of periods where they are given.
    """
    is_custom = filters.period not in PERIODS
    return html.Div(
        [
            _years(filters, years) if years else _periods(CUSTOM if is_custom else filters.period),
            _dates(filters, is_custom and not years),
            *[_select(name, getattr(filters, name), data) for name, data in _options(filters, choices).items()],
            dmc.Text(said, size="sm", c="dimmed", className="zip-period-said"),
        ],
        className="zip-filters",
        role="group",
        **{"aria-label": "Filters"},
    )


def _periods(chosen: str) -> Any:
    return dmc.SegmentedControl(
        id=_PERIOD,
        data=[{"value": value, "label": label} for value, label in {**PERIODS, CUSTOM: "Custom"}.items()],
        value=chosen,
        size="sm",
        className="zip-periods",
    )


def _years(filters: Filters, years: Sequence[tuple[str, str]]) -> Any:
    """Buttons while they fit beside each other."""
    data = [{"value": period, "label": name} for period, name in years]
    if len(data) <= _MOST_BUTTONS:
        return dmc.SegmentedControl(id=_PERIOD, data=data, value=filters.period, size="sm")
    return dmc.Select(
        id=_PERIOD,
        data=data,
        value=filters.period,
        allowDeselect=False,
        size="sm",
        w=110,
        comboboxProps={"withinPortal": True},
        **{"aria-label": "Year"},
    )


def _dates(filters: Filters, is_custom: bool) -> Any:
    days: list[str | None] = [day.isoformat() for day in custom_days(filters.period)] if is_custom else [None, None]
    return html.Div(
        dmc.DatePickerInput(
            id={"type": "filter", "name": "dates"},
            type="range",
            value=days,
            valueFormat="D MMM YYYY",
            placeholder="from – to",  # noqa: RUF001
            size="sm",
            firstDayOfWeek=1,
            w=240,
            **{"aria-label": "Days of the custom period"},
        ),
        style={} if is_custom else {"display": "none"},
        id="custom-dates",
    )


def _options(filters: Filters, choices: Choices) -> dict[str, list[dict[str, str]]]:
    """The lists; a value of the address that is not in a list is added, so that it can be seen and taken away."""
    plain = {
        "source": list(choices.sources),
        "level": list(LEVELS),
        "gender": list(GENDERS),
        "state": list(choices.states),
        "device": list(choices.devices),
        "tag": list(choices.tags),
    }
    for name, values in plain.items():
        if getattr(filters, name) and getattr(filters, name) not in values:
            values.append(getattr(filters, name))
    return {name: [{"value": v, "label": GENDERS.get(v, v)} for v in values] for name, values in plain.items()}


def _select(name: str, value: str, data: list[dict[str, str]]) -> Any:
    is_useful = len(data) > 1 if name == "source" else bool(data)
    return dmc.Select(
        id={"type": "filter", "name": name},
        data=data,
        value=value or (data[0]["value"] if name == "source" and data else None),
        placeholder=_LABELS.get(name, "Source"),
        clearable=name != "source",
        allowDeselect=name != "source",
        searchable=len(data) > 8,
        size="sm",
        w=130,
        display="block" if is_useful else "none",
        comboboxProps={"withinPortal": True},
        **{"aria-label": _LABELS.get(name, "Source")},
    )
