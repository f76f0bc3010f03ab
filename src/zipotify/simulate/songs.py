"""The songs that can be played: each already JSON, with its share of plays, week by week when popularity drifts."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cached_property

import numpy as np
import orjson

from zipotify.simulate import draws
from zipotify.simulate.draws import Draws, Floats, Ints, cumulative, normal_pair

_GUIDE_PARTS = 16_384
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
        self.artist = list(artists)
        self.title = list(titles)
        self.track_id = list(track_ids) or [""] * len(lengths)
        self.duration_s = np.asarray(lengths, np.float32)
        self.shares: Floats = cumulative(weights)
        self.guide: Ints = guide_to(self.shares)
        self.whole_s: Ints = np.asarray(lengths, np.float64).astype(np.int64)
        self.length_ms: Ints = np.round(self.duration_s.astype(np.float64) * 1000).astype(np.int64)

    def __len__(self) -> int:
        return len(self.whole_s)

    @cached_property
    def json(self) -> list[bytes]:
        """Fields artist, song and duration of each track."""
        rows = zip(self.artist, self.title, self.duration_s, strict=True)
        return [
            b'"artist":%b,"song":%b,"duration":%b' % (_json(artist), _json(title), _json(duration))
            for artist, title, duration in rows
        ]

    def fingerprint(self) -> str:
        """Hash (hex) over everything that draws and events follow from."""
        digest = hashlib.sha256(b"\n".join(self.json))
        digest.update(self.shares.tobytes())
        return digest.hexdigest()


def guide_to(shares: Floats) -> Ints:
    """Where each of the equal parts of 0 to 1 begins among cumulative shares, so that a draw is found at once."""
    return np.searchsorted(shares, np.arange(_GUIDE_PARTS + 1) / _GUIDE_PARTS, side="right")


class Drift:
    """How the shares move from week to week: releases start strong and fade, older tracks become hits for a while.

    A week's shares are a function of the seed and the week alone.
    """

    def __init__(self, songs: Songs, numbers: Draws) -> None:
        self._weights = np.diff(songs.shares, prepend=0.0)
        self._numbers = numbers
        self._shares: dict[int, Floats] = {}

    def weeks(self, first: int, end: int) -> tuple[Floats, Ints]:
        """Cumulative shares and their guides, a row for each week from the first on."""
        rows = [self.shares_at(week) for week in range(first, end)]
        return np.stack(rows), np.stack([guide_to(row) for row in rows])

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


def _json(value: object) -> bytes:
    """JSON of a text; of a 32-bit float, the shortest decimal that reads back as it."""
    return orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY)
