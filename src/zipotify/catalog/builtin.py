"""The catalogue that comes with Zipotify: synthetic artists and tracks with a long-tailed popularity.

Python's own generator, seeded, makes it, so that it is the same everywhere.
"""

from __future__ import annotations

import csv
import math
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from importlib import resources
from random import Random

import numpy as np
import polars as pl

from zipotify.catalog.naming import Namer
from zipotify.catalog.words import GENRES

ARTIST_COUNT = 3_000
TRACK_COUNT = 24_000
BUILTIN_PREFIX = "ZT"
"""Track ids of the built-in catalogue begin like this; Million Song ids with TR."""
_SEED = 20_140_601
_ZIPF_SHIFT = 2.0
"""Plays of rank r go like 1 / (r + shift): slope near -1, without one track that swallows everything."""
_NEWEST_YEAR = 2025


@cache
def builtin_artists() -> pl.DataFrame:
    """One row per artist: artist_id, name, city, state, lat, lon, genre."""
    return pl.DataFrame(
        list(_artists(Random(_SEED))),  # noqa: S311 - names, not secrets
        schema=["artist_id", "name", "city", "state", "lat", "lon", "genre"],
        orient="row",
    )


@cache
def builtin_tracks() -> pl.DataFrame:
    """One row per track; (artist_name, title) is unique, play_weight is its share of plays times a constant."""
    return pl.DataFrame(
        list(_tracks(Random(_SEED + 1))),  # noqa: S311 - names, not secrets
        schema={
            "track_id": pl.String,
            "title": pl.String,
            "artist_id": pl.String,
            "artist_name": pl.String,
            "duration_s": pl.Float64,
            "year": pl.Int32,
            "genre": pl.String,
            "play_weight": pl.Float64,
        },
        orient="row",
    )


def _artists(rng: Random) -> Iterator[tuple[str, str, str, str, float, float, str]]:
    namer, places = _namer(rng), _rows("us_places")
    sizes = [math.sqrt(float(place["population"])) for place in places]
    homes = rng.choices(places, sizes, k=ARTIST_COUNT)
    genres = rng.choices(list(GENRES), [share for share, _, _ in GENRES.values()], k=ARTIST_COUNT)
    taken: set[str] = set()
    for number, (home, genre) in enumerate(zip(homes, genres, strict=True), start=1):
        name = namer.artist(genre, taken)
        where = home["city"], home["state"], float(home["lat"]), float(home["lon"])
        yield f"ZA{number:06d}", name, *where, genre


def _tracks(rng: Random) -> Iterator[tuple[str, str, str, str, float, int, str, float]]:
    artists = builtin_artists().select("artist_id", "name", "genre").rows()
    namer = _namer(rng)
    taken: dict[str, set[str]] = defaultdict(set)
    for rank, artist in enumerate(_artist_of_rank(rng), start=1):
        artist_id, name, genre = artists[artist]
        title = namer.title(genre, taken[artist_id])
        duration_s, year = _length(rng, genre), _year(rng, genre)
        yield f"{BUILTIN_PREFIX}{rank:07d}", title, artist_id, name, duration_s, year, genre, 1e6 / (rank + _ZIPF_SHIFT)


def _artist_of_rank(rng: Random) -> list[int]:
    """Whose track is at each rank of popularity: well-known artists have more tracks; everybody has one."""
    fame = [1 / (number + 30) ** 0.75 for number in range(ARTIST_COUNT)]
    more = rng.choices(range(ARTIST_COUNT), fame, k=TRACK_COUNT - ARTIST_COUNT)
    first = list(range(ARTIST_COUNT))
    rng.shuffle(first)
    # Everybody's one track lies anywhere in the lower ranks; hits belong to those with many tracks.
    hits, rest = more[:500], more[500:] + first
    rng.shuffle(rest)
    return hits + rest


def _length(rng: Random, genre: str) -> float:
    typical = GENRES[genre][1]
    seconds = min(1200.0, max(45.0, rng.lognormvariate(math.log(typical), 0.26)))
    return float(str(np.float32(seconds)))  # events carry 32-bit floats: the two must be equal as printed


def _year(rng: Random, genre: str) -> int:
    return round(min(float(_NEWEST_YEAR), max(1955.0, rng.gauss(GENRES[genre][2] + 4, 11))))


def _namer(rng: Random) -> Namer:
    first_names = [row["first_name"] for row in _rows("first_names")]
    return Namer(rng, first_names, [row["last_name"] for row in _rows("surnames")])


def _rows(name: str) -> list[dict[str, str]]:
    path = resources.files("zipotify") / "data" / f"{name}.tsv"
    with path.open("r", encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t"))
