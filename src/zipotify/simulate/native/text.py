"""Texts put together from pieces: for each row, one piece or number after the other."""

from __future__ import annotations

from typing import Any

from zipotify.simulate.native.compiled import compiled, copy_bytes, inlined

SAME, PIECE, OWN, NUMBER = range(4)
"""Kinds of a slot: the same piece in all rows, a piece of the book, one of the rows' own pieces, a number from 0 up."""


@inlined
def _digits(number: int) -> int:
    count, limit = 1, 10
    while number >= limit:
        limit *= 10
        count += 1
    return count


@compiled
def ends(kinds: Any, values: Any, same: Any, book_at: Any, own_at: Any, at: Any) -> None:
    """Where each row's text begins, and where the last ends, into `at`, which is 0 throughout."""
    count = values.shape[1]
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


@compiled
def write(
    kinds: Any,
    values: Any,
    same: Any,
    book: Any,
    book_at: Any,
    own: Any,
    own_at: Any,
    first: int,
    end: int,
    out: Any,
) -> int:
    """Write the rows from `first` up to `end` into `out`; returns the number of bytes."""
    at = 0
    for number in range(first, end):
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
    return at


@inlined
def _copy(source: Any, begin: int, end: int, out: Any, at: int) -> int:
    copy_bytes(out, at, source, begin, end - begin)
    return at + end - begin


@inlined
def _write_number(number: int, out: Any, at: int) -> int:
    end = at + _digits(number)
    last = end - 1
    while number >= 10:
        rest = number // 10
        out[last] = 48 + number - 10 * rest
        number = rest
        last -= 1
    out[last] = 48 + number
    return end
