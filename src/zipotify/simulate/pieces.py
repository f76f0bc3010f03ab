"""Texts from pieces: what is written again and again is kept once, in a book, and each row names its pieces."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np

from zipotify.simulate.draws import Ints
from zipotify.simulate.native import text

_CHUNK_BYTES = 1 << 20
"""Lines are put together and handed on in chunks of about this size: few calls, and still in the processor's cache."""


class Pieces:
    """Texts one after the other, as bytes."""

    def __init__(self, content: Any, at: Ints) -> None:
        self.content = content
        self.at = at

    @classmethod
    def of(cls, texts: Sequence[bytes]) -> Pieces:
        """Those texts."""
        at = np.zeros(len(texts) + 1, np.int64)
        np.cumsum([len(piece) for piece in texts], out=at[1:])
        return cls(np.frombuffer(bytearray(b"".join(texts) or b"\0"), np.uint8), at)

    @classmethod
    def joined(cls, parts: Sequence[Pieces]) -> Pieces:
        """The pieces of all parts, one after the other."""
        begins = np.cumsum([0, *(part.size for part in parts)])
        content = np.empty(begins[-1], np.uint8)
        for begin, end, part in zip(begins[:-1], begins[1:], parts, strict=True):
            part.put(content[begin:end])
        at = [part.at[:-1] + begin for part, begin in zip(parts, begins[:-1], strict=True)]
        return cls(content, np.concatenate([*at, begins[-1:]]))

    def put(self, room: Any) -> None:
        """All bytes into an array of that size."""
        room[:] = self.content[: self.size]

    def __len__(self) -> int:
        return len(self.at) - 1

    @property
    def size(self) -> int:
        """Bytes of all."""
        return int(self.at[-1])

    def chunks(self) -> Iterator[memoryview]:
        """All bytes in order; each chunk is valid until the next is asked for."""
        yield memoryview(self.content)[: self.size]

    def __iter__(self) -> Iterator[bytes]:
        content, ends = self.content.tobytes(), self.at.tolist()
        return (content[begin:end] for begin, end in pairwise(ends))


class Book:
    """Pieces by number."""

    def __init__(self) -> None:
        self._texts: list[bytes] = []
        self._single: dict[bytes, int] = {}
        self._pieces: Pieces | None = None

    def add(self, texts: Sequence[bytes]) -> int:
        """Take them in; returns the number of the first."""
        self._texts += texts
        self._pieces = None
        return len(self._texts) - len(texts)

    def number_of(self, piece: bytes) -> int:
        """Number of a single piece, which is taken in when it is new."""
        if piece not in self._single:
            self._single[piece] = self.add([piece])
        return self._single[piece]

    @property
    def pieces(self) -> Pieces:
        """All of them."""
        if self._pieces is None:
            self._pieces = Pieces.of(self._texts)
        return self._pieces


_NOTHING = Pieces.of([])


class Slots:
    """What rows consist of, in order; `write` puts them together."""

    def __init__(self, book: Book, row_count: int, own: Pieces = _NOTHING) -> None:
        self._book = book
        self._own = own
        self._row_count = row_count
        self._slots: list[tuple[int, Any, int]] = []

    def text(self, piece: bytes) -> Slots:
        """The same text in every row."""
        return self._with(text.SAME, self._book.number_of(piece))

    def piece(self, first: int, which: Any) -> Slots:
        """Per row, a piece of the book, counted from that one on."""
        return self._with(text.PIECE, which, first)

    def own(self, which: Any) -> Slots:
        """Per row, one of the rows' own pieces."""
        return self._with(text.OWN, which)

    def number(self, values: Any) -> Slots:
        """Per row, a number, 0 or more."""
        return self._with(text.NUMBER, values)

    def _with(self, kind: int, values: Any, first: int = 0) -> Slots:
        self._slots.append((kind, values, first))
        return self

    def write(self) -> Rows:
        """One text a row."""
        kinds = np.array([kind for kind, _, _ in self._slots])
        same = np.array([values if kind == text.SAME else 0 for kind, values, _ in self._slots])
        values = np.empty((len(kinds), self._row_count), np.int64)
        for row, (kind, given, first) in zip(values, self._slots, strict=True):
            if kind != text.SAME:
                np.add(given, first, out=row)
        return Rows(kinds, values, same, self._book.pieces, self._own)


class Rows(Pieces):
    """Texts whose lengths are known, and which are put together when they are wanted: whole, or chunk by chunk."""

    def __init__(self, kinds: Any, values: Any, same: Any, book: Pieces, own: Pieces) -> None:
        self._parts = (kinds, values, same, book.content, book.at, own.content, own.at)
        self.at = np.zeros(values.shape[1] + 1, np.int64)
        text.ends(kinds, values, same, book.at, own.at, self.at)

    @cached_property
    def content(self) -> Any:
        """All bytes."""
        whole = np.empty(self.size, np.uint8)
        self.put(whole)
        return whole

    def put(self, room: Any) -> None:
        """All bytes into an array of that size, put together right there."""
        text.write(*self._parts, 0, len(self), room)

    def chunks(self) -> Iterator[memoryview]:
        """All bytes in order, in the same small piece of memory."""
        longest = int(np.diff(self.at).max(initial=0))
        room, first = bytearray(max(_CHUNK_BYTES, longest)), 0
        out = np.frombuffer(room, np.uint8)
        while first < len(self):
            end = int(np.searchsorted(self.at, self.at[first] + len(room), side="right")) - 1
            yield memoryview(room)[: text.write(*self._parts, first, end, out)]
            first = end
