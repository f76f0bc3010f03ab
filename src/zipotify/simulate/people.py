"""Who the users are: places, names and devices, drawn once a user and written as JSON once a user.

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

from zipotify.simulate.draws import Floats, Ints, cumulative, pick

_ZIPS_PER_100_000 = 8
_MOST_ZIPS = 60
_ZIP_SPREAD_DEGREES = 0.09


@dataclass(frozen=True)
class People:
    """The lists to draw from, each entry already JSON, with cumulative shares."""

    place_heads: list[bytes]
    place_tails: list[bytes]
    place_shares: Floats
    agents: list[bytes]
    agent_shares: Floats
    last_names: list[bytes]
    last_name_shares: Floats
    first_names: list[bytes]
    first_name_shares: Floats

    def device(self, place: int, agent: int) -> bytes:
        """Fields city to lat of an event."""
        return b"".join((self.place_heads[place], self.agents[agent], self.place_tails[place]))


@dataclass
class Identities:
    """Numbers of the list entries of some users, one array a list."""

    place: Ints
    agent: Ints
    last_name: Ints
    first_name: Ints

    @classmethod
    def draw(cls, u: Floats) -> Identities:
        """From four uniforms a user."""
        lists = people()
        return cls(
            pick(lists.place_shares, u[0]),
            pick(lists.agent_shares, u[1]),
            pick(lists.last_name_shares, u[2]),
            pick(lists.first_name_shares, u[3]),
        )

    def extend(self, other: Identities) -> None:
        """Append the users of `other`."""
        for name, values in vars(other).items():
            setattr(self, name, np.concatenate([getattr(self, name), values]))


@cache
def people() -> People:
    """The built-in lists."""
    places = list(_places())
    agents, last_names, first_names = (list(_rows(n)) for n in ("user_agents", "surnames", "first_names"))
    return People(
        place_heads=[head for head, _, _ in places],
        place_tails=[tail for _, tail, _ in places],
        place_shares=cumulative([share for _, _, share in places]),
        agents=[orjson.dumps(row["user_agent"]) for row in agents],
        agent_shares=cumulative([float(row["weight"]) for row in agents]),
        last_names=[b'"lastName":' + orjson.dumps(row["last_name"]) for row in last_names],
        last_name_shares=cumulative([float(row["weight"]) for row in last_names]),
        first_names=[
            b'"firstName":%b,"gender":%b' % (orjson.dumps(row["first_name"]), orjson.dumps(row["gender"]))
            for row in first_names
        ],
        first_name_shares=cumulative([float(row["weight"]) for row in first_names]),
    )


def _places() -> Iterator[tuple[bytes, bytes, float]]:
    """Postal codes: (JSON before the user agent, JSON after it, population). More codes in larger cities."""
    for row in _rows("us_places"):
        population = float(row["population"])
        count = int(min(_MOST_ZIPS, max(2, population / 100 * _ZIPS_PER_100_000)))
        for number in range(count):
            head = {"city": row["city"], "zip": f"{row['zip_prefix']}{number + 1:02d}", "state": row["state"]}
            east, north = _offset(number)
            where = {"lon": round(float(row["lon"]) + east, 6), "lat": round(float(row["lat"]) + north, 6)}
            yield orjson.dumps(head)[1:-1] + b',"userAgent":', b"," + orjson.dumps(where)[1:-1], population / count


def _offset(number: int) -> tuple[float, float]:
    """Where a city's n-th postal code lies from its centre: on a sunflower spiral."""
    radius = _ZIP_SPREAD_DEGREES * float(np.sqrt((number + 0.5) / _MOST_ZIPS))
    angle = 2.399963 * number
    return radius * float(np.cos(angle)), radius * float(np.sin(angle))


def _rows(name: str) -> Iterator[dict[str, str]]:
    path = resources.files("zipotify") / "data" / f"{name}.tsv"
    with path.open("r", encoding="utf-8") as file:
        yield from csv.DictReader(file, delimiter="\t")
