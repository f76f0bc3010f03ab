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

import numpy as np
import orjson
import polars as pl

from zipotify.contracts.device import device_class
from zipotify.simulate.draws import Floats, Ints, cumulative

_PLACE_COLUMNS = ("city", "zip", "state", "lon", "lat")
_ZIPS_PER_100_000 = 8
_MOST_ZIPS = 60
_ZIP_SPREAD_DEGREES = 0.09


@dataclass(frozen=True)
class People:
    """The lists to draw from, as columns and as JSON, with cumulative shares."""

    places: pl.DataFrame
    """city, zip, state, lon, lat, and the JSON `head` before and `tail` after the user agent."""
    place_shares: Floats
    agents: pl.DataFrame
    """user_agent, device and `json`."""
    agent_shares: Floats
    last_names: pl.Series
    """JSON field of each, with its comma; the plain names are in `last_name`."""
    last_name: pl.Series
    last_name_shares: Floats
    first_names: pl.Series
    first_name: pl.DataFrame
    """first_name and gender."""
    first_name_shares: Floats

    def device_json(self, place: Ints, agent: Ints) -> pl.Series:
        """Fields city to lat of events of users there with that agent."""
        frame = pl.DataFrame(
            {
                "head": self.places["head"].gather(place),
                "agent": self.agents["json"].gather(agent),
                "tail": self.places["tail"].gather(place),
            }
        )
        return frame.select(pl.concat_str("head", "agent", "tail")).to_series()


@cache
def people() -> People:
    """The built-in lists."""
    places = list(_places())
    agents, last_names, first_names = (list(_rows(n)) for n in ("user_agents", "surnames", "first_names"))
    agent_names = [row["user_agent"] for row in agents]
    return People(
        places=pl.DataFrame(
            places, schema=["city", "zip", "state", "lon", "lat", "head", "tail", "share"], orient="row"
        ),
        place_shares=cumulative([place[-1] for place in places]),
        agents=pl.DataFrame(
            {
                "user_agent": agent_names,
                "device": [device_class(name) for name in agent_names],
                "json": [_json(name) for name in agent_names],
            }
        ),
        agent_shares=cumulative([float(row["weight"]) for row in agents]),
        last_names=pl.Series([f',"lastName":{_json(row["last_name"])}' for row in last_names]),
        last_name=pl.Series([row["last_name"] for row in last_names]),
        last_name_shares=cumulative([float(row["weight"]) for row in last_names]),
        first_names=pl.Series(
            [f',"firstName":{_json(row["first_name"])},"gender":{_json(row["gender"])}' for row in first_names]
        ),
        first_name=pl.DataFrame(first_names, schema=["first_name", "gender"]),
        first_name_shares=cumulative([float(row["weight"]) for row in first_names]),
    )


def _json(value: object) -> str:
    return orjson.dumps(value).decode()


def _places() -> Iterator[tuple[str, str, str, float, float, str, str, float]]:
    """Postal codes: the columns of `People.places` and the population. More codes in larger cities."""
    for row in _rows("us_places"):
        population = float(row["population"])
        count = int(min(_MOST_ZIPS, max(2, population / 100 * _ZIPS_PER_100_000)))
        for number in range(count):
            city, state, code = row["city"], row["state"], f"{row['zip_prefix']}{number + 1:02d}"
            east, north = _offset(number)
            lon, lat = round(float(row["lon"]) + east, 6), round(float(row["lat"]) + north, 6)
            head = f',{_json({"city": city, "zip": code, "state": state})[1:-1]},"userAgent":'
            tail = f",{_json({'lon': lon, 'lat': lat})[1:-1]}"
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
