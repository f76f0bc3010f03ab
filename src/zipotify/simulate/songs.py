"""The songs that can be played: each already JSON, with its share of plays, week by week when popularity drifts."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cached_property

import numpy as np
import orjson
import polars as pl

from zipotify.simulate import draws
from zipotify.simulate.draws import Draws, Floats, Ints, cumulative, normal_pair, pick

WEEK_S = 7 * 86_400
DEFAULT_DURATION_S = 180.0
"""Length of a track whose length isn't known."""
_RELEASED_PER_WEEK = 0.001
_RELEASE_BOOST = 400.0
_HIT_CHANCE = 0.0005
_HIT_BOOST = 60.0
_HALF_LIFE_WEEKS = 3.0
_MEMORY_WEEKS = 16


class Songs:
    """All tracks, in the catalogue's order."""

    def __init__(
        self,
        artists: Sequence[str],
        titles: Sequence[str],
        durations_s: Sequence[float | None],
        weights: Sequence[float],
        track_ids: Sequence[str] = (),
    ) -> None:
        lengths = [DEFAULT_DURATION_S if value is None else value for value in durations_s]
        self.artist = pl.Series(artists, dtype=pl.String)
        self.title = pl.Series(titles, dtype=pl.String)
        self.track_id = pl.Series(track_ids or [""] * len(lengths), dtype=pl.String)
        self.duration_s = np.asarray(lengths, np.float32)
        self.shares: Floats = cumulative(weights)
        self.whole_s: Ints = np.asarray(lengths, np.float64).astype(np.int64)
        self.length_ms: Ints = np.round(self.duration_s.astype(np.float64) * 1000).astype(np.int64)

    def __len__(self) -> int:
        return len(self.whole_s)

    @cached_property
    def json(self) -> pl.Series:
        """Fields artist, song and duration of each track; the last entry, empty, stands for no track."""
        rows = zip(self.artist, self.title, self.duration_s, strict=True)
        parts = [
            f'"artist":{_json(artist)},"song":{_json(title)},"duration":{_json(duration)}'
            for artist, title, duration in rows
        ]
        return pl.Series([*parts, ""], dtype=pl.String)

    @cached_property
    def json_after(self) -> pl.Series:
        """The same after other fields: with a comma in front; still empty for no track."""
        return pl.select(pl.when(self.json == "").then(self.json).otherwise("," + self.json)).to_series()

    def fingerprint(self) -> str:
        """Hash (hex) over everything that draws and events follow from."""
        digest = hashlib.sha256("\n".join(self.json).encode())
        digest.update(self.shares.tobytes())
        return digest.hexdigest()

    def pick(self, u: Floats) -> Ints:
        """Tracks drawn by their shares of plays."""
        return pick(self.shares, u)


class Drift:
    """How the shares move from week to week: releases start strong and fade, older tracks become hits for a while.

    A week's shares are a function of the seed and the week alone.
    """

    def __init__(self, songs: Songs, numbers: Draws) -> None:
        self._weights = np.diff(songs.shares, prepend=0.0)
        self._numbers = numbers
        self._shares: dict[int, Floats] = {}

    def pick(self, u: Floats, t: Ints) -> Ints:
        """Tracks drawn by the shares of the week of `t`."""
        week, chosen = t // WEEK_S, np.empty(len(t), np.int64)
        for number in np.unique(week).tolist():
            at = np.flatnonzero(week == number)
            chosen[at] = pick(self.shares_at(number), u[at])
        return chosen

    def shares_at(self, week: int) -> Floats:
        """Cumulative shares in that week (since 1970)."""
        if week not in self._shares:
            if len(self._shares) > _MEMORY_WEEKS:
                self._shares.clear()
            self._shares[week] = cumulative(self._weights * self.boosts(week))
        return self._shares[week]

    def boosts(self, week: int) -> Floats:
        """What each track's usual share is multiplied with."""
        track = np.arange(len(self._weights))
        boost = np.ones(len(track))
        for age in range(_MEMORY_WEEKS):
            u = self._numbers.uniform(draws.DRIFT, track, week - age)
            fade = 0.5 ** (age / _HALF_LIFE_WEEKS)
            boost += fade * np.where(u[0] < _RELEASED_PER_WEEK, _RELEASE_BOOST * u[2], 0.0)
            boost += fade * np.where(u[1] < _HIT_CHANCE, _HIT_BOOST * u[3], 0.0)
        u = self._numbers.uniform(draws.DRIFT, track, week, 1)
        return np.asarray(boost * np.exp(0.15 * normal_pair(u[0], u[1])[0]))


def _json(value: object) -> str:
    """JSON of a text; of a 32-bit float, the shortest decimal that reads back as it."""
    return orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY).decode()
