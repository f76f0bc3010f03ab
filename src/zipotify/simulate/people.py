"""Who the users are: places, names and devices, each list entry written as JSON once.

The lists are our own (`zipotify/data/*.tsv`): real US cities with rounded coordinates and population, common names,
and made-up but plausible browser versions.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
import orjson

from zipotify.contracts.device import device_class
from zipotify.simulate.draws import Floats, cumulative

_ZIPS_PER_100_000 = 8
_MOST_ZIPS = 60
_ZIP_SPREAD_DEGREES = 0.09


@dataclass(frozen=True)
class Places:
    """Postal codes, as columns and as JSON."""

    city: list[str]
    zip: list[str]
    state: list[str]
    lon: Floats
    lat: Floats
    head: list[bytes]
    """Fields before the user agent."""
    tail: list[bytes]
    """Fields after it."""


@dataclass(frozen=True)
class People:
    """The lists to draw from, as texts and as JSON fields with their commas, and cumulative shares."""

    places: Places
    place_shares: Floats
    agent: list[str]
    agent_json: list[bytes]
    agent_device: list[str]
    agent_shares: Floats
    last_name: list[str]
    last_name_json: list[bytes]
    last_name_shares: Floats
    first_name: list[str]
    gender: list[str]
    first_name_json: list[bytes]
    first_name_shares: Floats


@cache
def people() -> People:
    """The built-in lists."""
    columns = list(zip(*_places(), strict=True))
    city, code, state, lon, lat, head, tail, share = (list(column) for column in columns)
    agents, last_names, first_names = (list(_rows(n)) for n in ("user_agents", "surnames", "first_names"))
    agent = [row["user_agent"] for row in agents]
    return People(
        places=Places(city, code, state, np.array(lon), np.array(lat), head, tail),
        place_shares=cumulative(share),
        agent=agent,
        agent_json=[_json(name) for name in agent],
        agent_device=[str(device_class(name)) for name in agent],
        agent_shares=cumulative([float(row["weight"]) for row in agents]),
        last_name=[row["last_name"] for row in last_names],
        last_name_json=[b',"lastName":' + _json(row["last_name"]) for row in last_names],
        last_name_shares=cumulative([float(row["weight"]) for row in last_names]),
        first_name=[row["first_name"] for row in first_names],
        gender=[row["gender"] for row in first_names],
        first_name_json=[
            b',"firstName":' + _json(row["first_name"]) + b',"gender":' + _json(row["gender"]) for row in first_names
        ],
        first_name_shares=cumulative([float(row["weight"]) for row in first_names]),
    )


def _json(value: object) -> bytes:
    return orjson.dumps(value)


def _places() -> Iterator[tuple[Any, ...]]:
    """Postal codes: the columns of `Places` and the population. More codes in larger cities."""
    for row in _rows("us_places"):
        population = float(row["population"])
        count = int(min(_MOST_ZIPS, max(2, population / 100 * _ZIPS_PER_100_000)))
        for number in range(count):
            city, state, code = row["city"], row["state"], f"{row['zip_prefix']}{number + 1:02d}"
            east, north = _offset(number)
            lon, lat = round(float(row["lon"]) + east, 6), round(float(row["lat"]) + north, 6)
            head = b"," + _json({"city": city, "zip": code, "state": state})[1:-1] + b',"userAgent":'
            tail = b"," + _json({"lon": lon, "lat": lat})[1:-1]
            yield city, code, state, lon, lat, head, tail, population / count


def _offset(number: int) -> tuple[float, float]:
    """Where a city's n-th postal code lies from its centre: on a sunflower spiral."""
    radius = _ZIP_SPREAD_DEGREES * float(np.sqrt((number + 0.5) / _MOST_ZIPS))
    angle = 2.399963 * number
    return radius * float(np.cos(angle)), radius * float(np.sin(angle))


def _rows(name: str) -> Iterator[dict[str, str]]:
    path = resources.files("zipotify") / "data" / f"{name}.tsv"
    with path.open("r", encoding="utf-8") as file:
        yield from csv.DictReader(file, delimiter="\t")
