"""Order and distinct values, in time that grows with their number alone."""

from __future__ import annotations

from typing import Any

import numpy as np

from zipotify.simulate.native.compiled import compiled

_DIGIT_BITS = 11
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


@compiled
def by_value(values: Any) -> Any:
    """Numbers of the values in ascending order, equal ones as they come."""
    order = np.arange(len(values))
    if len(values) == 0:
        return order
    low = values.min()
    span, shift, mask = values.max() - low, 0, (1 << _DIGIT_BITS) - 1
    while (span >> shift) > 0:
        starts = np.zeros(mask + 2, np.int64)
        for at in order:
            starts[(((values[at] - low) >> shift) & mask) + 1] += 1
        for digit in range(mask):
            starts[digit + 1] += starts[digit]
        following = np.empty_like(order)
        for at in order:
            digit = ((values[at] - low) >> shift) & mask
            following[starts[digit]] = at
            starts[digit] += 1
        order = following
        shift += _DIGIT_BITS
    return order


@compiled
def merged(time_a: Any, user_a: Any, time_b: Any, user_b: Any) -> Any:
    """Numbers, in (time, user) order, of the rows of two tables that are each in that order; b's count on from a's."""
    a, b, count = 0, 0, len(time_a) + len(time_b)
    order = np.empty(count, np.int64)
    for at in range(count):
        takes_a = b == len(time_b)
        if not takes_a and a < len(time_a):
            takes_a = time_a[a] < time_b[b] or (time_a[a] == time_b[b] and user_a[a] < user_b[b])
        if takes_a:
            order[at] = a
            a += 1
        else:
            order[at] = len(time_a) + b
            b += 1
    return order


@compiled
def distinct(values: Any) -> Any:
    """The distinct values in the order of their first appearance, and each value's number among them."""
    bits = 4
    while (1 << bits) < 2 * len(values):
        bits += 1
    slots, mask = np.full(1 << bits, -1, np.int32), (1 << bits) - 1
    found, which = np.empty(len(values), np.int64), np.empty(len(values), np.int32)
    count = 0
    for at in range(len(values)):
        value = values[at]
        slot = np.int64((np.uint64(value) * _GOLDEN) >> np.uint64(64 - bits))
        while slots[slot] >= 0 and found[slots[slot]] != value:
            slot = (slot + 1) & mask
        if slots[slot] < 0:
            slots[slot] = count
            found[count] = value
            count += 1
        which[at] = slots[slot]
    return found[:count].copy(), which
