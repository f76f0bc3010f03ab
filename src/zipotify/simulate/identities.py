"""Who did it and on what device, as it stands in lines: written once for all lines of a unit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import orjson

from zipotify.simulate.directory import Directory
from zipotify.simulate.draws import Bools, Ints
from zipotify.simulate.people import people
from zipotify.simulate.pieces import Book, Pieces, Slots


@dataclass
class Identities:
    """Pieces of some users, and the number of each row's pieces."""

    pieces: Pieces
    device: Ints
    user: Ints
    """An empty piece where the user is hidden."""


class IdentityWriter:
    """Puts devices and users into words."""

    def __init__(self, book: Book, directory: Directory) -> None:
        self._book = book
        self._directory = directory
        lists = people()
        self._head_at = book.add(lists.places.head)
        self._agent_at = book.add(lists.agent_json)
        self._tail_at = book.add(lists.places.tail)
        self._last_name_at = book.add(lists.last_name_json)
        self._first_name_at = book.add(lists.first_name_json)
        self._tag_at = book.add([_tag(plan.tag) for plan in directory.plans])

    def of(self, user_id: Ints, is_shown: Bools) -> Identities:
        """For one row each of these users."""
        who, which = self._directory.people_of(user_id)
        count = len(who.user_id)
        device = Slots(self._book, count)
        device.piece(self._head_at + who.place).piece(self._agent_at + who.agent).piece(self._tail_at + who.place)
        user = Slots(self._book, count)
        user.text(b',"userId":').number(who.user_id)
        user.piece(self._last_name_at + who.last_name).piece(self._first_name_at + who.first_name)
        user.text(b',"registration":').number(who.registered_s).piece(self._tag_at + who.variant)
        pieces = Pieces.joined([device.write(), user.write(), Pieces.of([b""])])
        return Identities(pieces, which, np.where(is_shown, which + count, 2 * count))


def _tag(tag: str | None) -> bytes:
    """The milliseconds of the time before it, and the variant's tag."""
    return b"000" + (b',"tag":' + orjson.dumps(tag) if tag else b"")
