"""Order and distinct values, in time that grows with their number alone."""

from __future__ import annotations

from typing import Any

import numpy as np

from zipotify.simulate.native.compiled import compiled, inlined

_DIGIT_BITS = 11
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


_DIGITS = 1 << _DIGIT_BITS


def by_value(values: Any) -> Any:
    """Numbers of the values in ascending order, equal ones as they come."""
    order, other = np.empty((2, len(values)), np.int64)
    return other if _sort(values, order, other, np.empty(_DIGITS, np.int64)) else order


def merged(time_a: Any, user_a: Any, time_b: Any, user_b: Any) -> Any:
    """Numbers, in (time, user) order, of the rows of two tables that are each in that order; b's count on from a's."""
    order = np.empty(len(time_a) + len(time_b), np.int64)
    _merge(time_a, user_a, time_b, user_b, order)
    return order


def taken(order: Any, values_a: Any, values_b: Any) -> Any:
    """A column of two tables in such an order."""
    column = np.empty(len(order), np.result_type(values_a, values_b))
    _take(order, values_a, values_b, column)
    return column


def distinct(values: Any) -> Any:
    """The distinct values in the order of their first appearance, and each value's number among them."""
    bits = max(4, (2 * len(values)).bit_length())
    found, which = np.empty(len(values), np.int64), np.empty(len(values), np.int32)
    count = _number(values, np.full(1 << bits, -1, np.int32), bits, found, which)
    return found[:count].copy(), which


@compiled
def _sort(values: Any, order: Any, other: Any, starts: Any) -> int:
    """By one digit after the other, to and fro between the two; returns whether the result is in `other`."""
    low = high = values[0] if len(values) else 0
    for at in range(len(values)):
        order[at] = at
        low, high = min(low, values[at]), max(high, values[at])
    shift, swapped = 0, 0
    while ((high - low) >> shift) > 0:
        if swapped:
            _by_digit(values, low, shift, other, order, starts)
        else:
            _by_digit(values, low, shift, order, other, starts)
        shift += _DIGIT_BITS
        swapped = 1 - swapped
    return swapped


@inlined
def _by_digit(values: Any, low: int, shift: int, order: Any, following: Any, starts: Any) -> None:
    starts[:] = 0
    for at in order:
        digit = ((values[at] - low) >> shift) & (_DIGITS - 1)
        starts[digit] += 1
    begin = 0
    for digit in range(_DIGITS):
        count = starts[digit]
        starts[digit] = begin
        begin += count
    for at in order:
        digit = ((values[at] - low) >> shift) & (_DIGITS - 1)
        following[starts[digit]] = at
        starts[digit] += 1


@compiled
def _merge(time_a: Any, user_a: Any, time_b: Any, user_b: Any, order: Any) -> None:
    a, b = 0, 0
    for at in range(len(order)):
        takes_a = b == len(time_b)
        if not takes_a and a < len(time_a):
            takes_a = time_a[a] < time_b[b] or (time_a[a] == time_b[b] and user_a[a] < user_b[b])
        if takes_a:
            order[at] = a
            a += 1
        else:
            order[at] = len(time_a) + b
            b += 1


@compiled
def _take(order: Any, values_a: Any, values_b: Any, column: Any) -> None:
    for at in range(len(order)):
        row = order[at]
        column[at] = values_a[row] if row < len(values_a) else values_b[row - len(values_a)]


@compiled
def _number(values: Any, slots: Any, bits: int, found: Any, which: Any) -> int:
    """Numbers of the values by a table of 2**bits slots; returns how many are distinct."""
    count, mask = 0, (1 << bits) - 1
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
    return count
