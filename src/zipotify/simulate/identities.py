"""Who did it and on what device, as it stands in lines: written once for all lines of a unit."""

from __future__ import annotations

from dataclasses import dataclass

import orjson

from zipotify.simulate.directory import Directory, Profiles
from zipotify.simulate.draws import Bools, Ints
from zipotify.simulate.people import people
from zipotify.simulate.pieces import Book, Pieces, Slots


@dataclass
class Identities:
    """Pieces of some users, and for each row the number of its own."""

    pieces: Pieces
    which: Ints


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
        """For one row each of these users: the device alone, or with the user where that is shown."""
        who, which = self._directory.people_of(user_id)
        shown = self._device(who).text(b',"userId":').number(who.user_id)
        shown.piece(self._last_name_at, who.last_name).piece(self._first_name_at, who.first_name)
        shown.text(b',"registration":').number(who.registered_s).piece(self._tag_at, who.variant)
        pieces = Pieces.joined([self._device(who).write(), shown.write()])
        return Identities(pieces, which + len(who.user_id) * is_shown)

    def _device(self, who: Profiles) -> Slots:
        slots = Slots(self._book, len(who.user_id)).piece(self._head_at, who.place)
        return slots.piece(self._agent_at, who.agent).piece(self._tail_at, who.place)


def _tag(tag: str | None) -> bytes:
    """The milliseconds of the time before it, and the variant's tag."""
    return b"000" + (b',"tag":' + orjson.dumps(tag) if tag else b"")
