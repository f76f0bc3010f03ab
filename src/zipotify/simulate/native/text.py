"""Texts put together from pieces: for each row, one piece or number after the other."""

from __future__ import annotations

from typing import Any

import numpy as np

from zipotify.simulate.native.compiled import compiled, copy_bytes, inlined

SAME, PIECE, OWN, NUMBER = range(4)
"""Kinds of a slot: the same piece in all rows, a piece of the book, one of the rows' own pieces, a number from 0 up."""


@inlined
def _digits(number: int) -> int:
    count = 1
    while number >= 10:
        number //= 10
        count += 1
    return count


@compiled
def ends(kinds: Any, values: Any, same: Any, book_at: Any, own_at: Any) -> Any:
    """Where each row's text begins, and where the last ends."""
    count = values.shape[1]
    at = np.zeros(count + 1, np.int64)
    for slot in range(len(kinds)):
        kind, row = kinds[slot], values[slot]
        if kind == SAME:
            length = book_at[same[slot] + 1] - book_at[same[slot]]
            for number in range(count):
                at[number + 1] += length
        elif kind == NUMBER:
            for number in range(count):
                at[number + 1] += _digits(row[number])
        else:
            where = book_at if kind == PIECE else own_at
            for number in range(count):
                at[number + 1] += where[row[number] + 1] - where[row[number]]
    for number in range(count):
        at[number + 1] += at[number]
    return at


@compiled
def write(
    kinds: Any, values: Any, same: Any, book: Any, book_at: Any, own: Any, own_at: Any, begins: Any, out: Any
) -> None:
    """Write all rows into `out`."""
    for number in range(values.shape[1]):
        at = begins[number]
        for slot in range(len(kinds)):
            kind = kinds[slot]
            if kind == NUMBER:
                at = _write_number(values[slot, number], out, at)
            elif kind == OWN:
                piece = values[slot, number]
                at = _copy(own, own_at[piece], own_at[piece + 1], out, at)
            else:
                piece = same[slot] if kind == SAME else values[slot, number]
                at = _copy(book, book_at[piece], book_at[piece + 1], out, at)


@inlined
def _copy(source: Any, begin: int, end: int, out: Any, at: int) -> int:
    copy_bytes(out, at, source, begin, end - begin)
    return at + end - begin


@inlined
def _write_number(number: int, out: Any, at: int) -> int:
    end = at + _digits(number)
    last = end - 1
    while last >= at:
        out[last] = 48 + number % 10
        number //= 10
        last -= 1
    return end
