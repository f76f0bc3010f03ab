"""Random numbers by counter, not by order: Philox4x32-10 over whole arrays of users.

Every number is a function of (seed, user, purpose, two counters). Nothing is shared between users and nothing is used
up, so shards, window sizes and restarts can't change a single draw.
"""

from __future__ import annotations

import hashlib
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Ints: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.float64]
Bools: TypeAlias = npt.NDArray[np.bool_]

_M0, _M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_WEYL0, _WEYL1 = 0x9E3779B9, 0xBB67AE85
_LOW, _HALF = np.uint64(0xFFFFFFFF), np.uint64(32)
_ROUNDS = 10
_MOST_AT_ONCE = 131_072
"""Counters taken at once: the steps between need several times their memory."""

STEP, SESSION, GAP, FIRST_GAP, PERSON, ARRIVAL, DRIFT, BOT, ORIGIN, FAULT = range(10)
"""What a draw is for; part of the counter, so that purposes never share numbers."""


class Draws:
    """Uniform numbers in (0, 1) for one seed."""

    def __init__(self, seed: int) -> None:
        digest = hashlib.sha256(str(seed).encode()).digest()
        first, second = (int.from_bytes(digest[at : at + 4], "little") for at in (0, 4))
        self._keys = [
            (np.uint64((first + i * _WEYL0) & 0xFFFFFFFF), np.uint64((second + i * _WEYL1) & 0xFFFFFFFF))
            for i in range(_ROUNDS)
        ]

    def uniform(self, purpose: int, user: Any, first: Any, second: Any = 0) -> Floats:
        """Four uniforms (shape 4 x ...) for each element of the broadcast counters (each below 2^32)."""
        user, first, second = np.broadcast_arrays(user, first, second)
        if user.ndim != 1 or user.size <= _MOST_AT_ONCE:
            return self._uniform(purpose, user, first, second)
        out = np.empty((4, user.size))
        for at in range(0, user.size, _MOST_AT_ONCE):
            some = slice(at, at + _MOST_AT_ONCE)
            out[:, some] = self._uniform(purpose, user[some], first[some], second[some])
        return out

    def _uniform(self, purpose: int, user: Any, first: Any, second: Any) -> Floats:
        word = np.uint64
        x0 = np.asarray(user, word) & _LOW
        x1 = (np.asarray(user, word) >> _HALF) | word(purpose << 24)
        x2, x3 = np.asarray(first, word), np.asarray(second, word)
        for key0, key1 in self._keys:
            left, right = x0 * _M0, x2 * _M1
            x0, x1, x2, x3 = (
                (right >> _HALF) ^ x1 ^ key0,
                right & _LOW,
                (left >> _HALF) ^ x3 ^ key1,
                left & _LOW,
            )
        out = np.empty((4, *x0.shape))
        for row, value in enumerate((x0, x1, x2, x3)):
            np.multiply(np.add(value, 0.5, dtype=np.float64), 2.0**-32, out=out[row])
        return out


def exponential(u: Floats, mean: Any) -> Floats:
    """Exponentially distributed values of that mean from uniforms."""
    return np.asarray(-np.log(u) * mean)


def normal_pair(u: Floats, v: Floats) -> tuple[Floats, Floats]:
    """Two independent standard normals from two uniforms (Box-Muller)."""
    radius = np.sqrt(-2.0 * np.log(u))
    return np.asarray(radius * np.cos(2 * np.pi * v)), np.asarray(radius * np.sin(2 * np.pi * v))


def cumulative(weights: Any) -> Floats:
    """Cumulative shares of the weights, ending in exactly 1."""
    sums = np.cumsum(np.asarray(weights, np.float64))
    return np.asarray(sums / sums[-1])


def pick(shares: Floats, u: Floats) -> Ints:
    """Index drawn from cumulative shares for each uniform."""
    return np.minimum(np.searchsorted(shares, u, side="right"), len(shares) - 1)
