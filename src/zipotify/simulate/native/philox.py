"""Philox4x32-10: four uniform numbers for each counter and key."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from zipotify.simulate.native.compiled import compiled, inlined

Uniforms = tuple[float, float, float, float]

_M0, _M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_LOW, _HALF, _PURPOSE_BITS = np.uint64(0xFFFFFFFF), np.uint64(32), np.uint64(24)
_SCALE = 2.0**-32


@inlined
def four(keys: npt.NDArray[np.uint64], purpose: int, user: int, first: int, second: int) -> Uniforms:
    """Four uniforms in (0, 1) for these counters; `keys` are the rounds' two words."""
    x0 = np.uint64(user) & _LOW
    x1 = (np.uint64(user) >> _HALF) | (np.uint64(purpose) << _PURPOSE_BITS)
    x2, x3 = np.uint64(first), np.uint64(second)
    for number in range(len(keys)):
        left, right = x0 * _M0, x2 * _M1
        x0, x1, x2, x3 = (
            (right >> _HALF) ^ x1 ^ keys[number, 0],
            right & _LOW,
            (left >> _HALF) ^ x3 ^ keys[number, 1],
            left & _LOW,
        )
    return (
        (float(x0) + 0.5) * _SCALE,
        (float(x1) + 0.5) * _SCALE,
        (float(x2) + 0.5) * _SCALE,
        (float(x3) + 0.5) * _SCALE,
    )


@compiled
def fill(keys: npt.NDArray[np.uint64], purpose: int, user: Any, first: Any, second: Any, out: Any) -> None:
    """Four uniforms, a row each of `out`, for every element of the counters."""
    for at in range(out.shape[1]):
        out[0, at], out[1, at], out[2, at], out[3, at] = four(keys, purpose, user[at], first[at], second[at])
