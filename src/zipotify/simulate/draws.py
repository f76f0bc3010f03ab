"""Random numbers by counter, not by order: Philox4x32-10.

Every number is a function of (seed, user, purpose, two counters). Nothing is shared between users and nothing is used
up, so shards, window sizes and restarts can't change a single draw.
"""

from __future__ import annotations

import hashlib
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from zipotify.simulate.native import philox
from zipotify.simulate.native.steps import ARRIVAL, BOT, DRIFT, FAULT, FIRST_GAP, GAP, ORIGIN, PERSON, SESSION, STEP

Ints: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.float64]
Bools: TypeAlias = npt.NDArray[np.bool_]

__all__ = [
    "ARRIVAL",
    "BOT",
    "DRIFT",
    "FAULT",
    "FIRST_GAP",
    "GAP",
    "ORIGIN",
    "PERSON",
    "SESSION",
    "STEP",
    "Bools",
    "Draws",
    "Floats",
    "Ints",
    "cumulative",
    "exponential",
    "normal_pair",
    "pick",
]

_WEYL0, _WEYL1 = 0x9E3779B9, 0xBB67AE85
_ROUNDS = 10


class Draws:
    """Uniform numbers in (0, 1) for one seed."""

    def __init__(self, seed: int) -> None:
        digest = hashlib.sha256(str(seed).encode()).digest()
        first, second = (int.from_bytes(digest[at : at + 4], "little") for at in (0, 4))
        rounds = [(first + i * _WEYL0, second + i * _WEYL1) for i in range(_ROUNDS)]
        self.keys = np.array(rounds, np.uint64) & np.uint64(0xFFFFFFFF)

    def uniform(self, purpose: int, user: Any, first: Any, second: Any = 0) -> Floats:
        """Four uniforms (shape 4 x n) for each element of the broadcast counters (each below 2^32)."""
        shape = np.broadcast_shapes(np.shape(user), np.shape(first), np.shape(second), (1,))
        user, first, second = (
            np.broadcast_to(counter, shape).astype(np.int64, order="C") for counter in (user, first, second)
        )
        out = np.empty((4, user.size))
        philox.fill(self.keys, purpose, user, first, second, out)
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
