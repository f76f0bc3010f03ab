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
def merge(a: Any, b: Any, into: Any) -> None:
    """Rows of two tables (`steps.Rows`), each in (ts_s, user_id) order, into one with room for both, in one pass."""
    at_a, at_b, count_a, count_b = 0, 0, len(a.ts_s), len(b.ts_s)
    for at in range(count_a + count_b):
        takes_a = at_b == count_b
        if not takes_a and at_a < count_a:
            time_a, time_b = a.ts_s[at_a], b.ts_s[at_b]
            takes_a = time_a < time_b or (time_a == time_b and a.user_id[at_a] < b.user_id[at_b])
        if takes_a:
            _put(a, at_a, into, at)
            at_a += 1
        else:
            _put(b, at_b, into, at)
            at_b += 1


@inlined
def _put(rows: Any, row: int, into: Any, at: int) -> None:
    into.user_id[at] = rows.user_id[row]
    into.ts_s[at] = rows.ts_s[row]
    into.state[at] = rows.state[row]
    into.session[at] = rows.session[row]
    into.item[at] = rows.item[row]
    into.track[at] = rows.track[row]
    into.after_login[at] = rows.after_login[row]
    into.played_ms[at] = rows.played_ms[row]


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
