"""Made-up names of artists and titles of tracks."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from zipotify.catalog import words

_MOST_TRIES = 200
Pattern = tuple[float, Callable[[Random], str]]


class Namer:
    """Gives out names that it has not given before in the same scope."""

    def __init__(self, rng: Random, first_names: list[str], last_names: list[str]) -> None:
        self._rng = rng
        self._first_names = first_names
        self._last_names = last_names

    def artist(self, genre: str, taken: set[str]) -> str:
        """A name in the manner of the genre, that nobody has."""
        return self._fresh(lambda: self._artist(genre), taken)

    def title(self, genre: str, taken: set[str]) -> str:
        """A title that the artist hasn't used."""
        return self._fresh(lambda: self._title(genre), taken)

    def _fresh(self, make: Callable[[], str], taken: set[str]) -> str:
        for _ in range(_MOST_TRIES):
            name = make()
            if name not in taken:
                taken.add(name)
                return name
        raise AssertionError("the word lists are too short for this many names")

    def _artist(self, genre: str) -> str:
        pick, chance = self._rng.choice, self._rng.random()
        person = f"{pick(self._first_names)} {pick(self._last_names)}"
        adjective, noun = pick(words.ADJECTIVES), pick(words.NOUNS)
        if genre in ("Jazz", "Classical") and chance < 0.45:
            return f"{pick(self._last_names)} {pick(words.ENSEMBLES)}"
        if genre in ("Hip-Hop", "Electronic") and chance < 0.4:
            return pick([f"DJ {pick(words.HANDLES)} {noun}", f"{pick(words.HANDLES)} {noun}", f"MC {adjective} {noun}"])
        if genre in ("Country", "Folk", "Blues", "Soul", "R&B", "Jazz", "Classical", "Latin", "Pop") and chance < 0.72:
            return person
        forms = [
            f"The {adjective} {_plural(noun)}",
            f"{adjective} {noun}",
            f"{noun} & the {_plural(pick(words.NOUNS))}",
            f"The {_plural(noun)}",
            f"{pick(words.PLACE_WORDS)} {noun}",
            f"{person} & the {_plural(noun)}",
            f"{noun} {pick(words.NOUNS)}",
            person,
        ]
        return pick(forms)

    def _title(self, genre: str) -> str:
        pick, rng = self._rng.choice, self._rng
        if genre == "Classical":
            form = pick(["Sonata", "Prelude", "Nocturne", "Etude", "Concerto", "Suite"])
            return f"{form} No. {rng.randint(1, 24)} in {pick('ABCDEFG')} {pick(['major', 'minor'])}"
        verb, noun, adjective = pick(words.VERBS), pick(words.NOUNS), pick(words.ADJECTIVES)
        forms = [
            f"{adjective} {noun}",
            f"{verb} {pick(words.TAILS)}",
            f"{adjective} {pick(words.PLURAL_TITLES)}",
            f"{verb} the {noun}",
            f"{noun} of {pick(words.PLURAL_TITLES)}",
            f"Don't {verb} {pick(words.TAILS)}",
            f"{pick(words.PLACE_WORDS)}",
            f"{noun}",
            f"{verb} Me {pick(words.TAILS)}",
            f"The {noun} and the {pick(words.NOUNS)}",
            f"{pick(self._first_names)}'s {noun}",
            f"My {adjective} {noun}",
        ]
        title = pick(forms)
        return f"{title} ({pick(words.VERSIONS)})" if rng.random() < 0.06 else title


def _plural(noun: str) -> str:
    if noun.endswith(("s", "x", "ch", "sh")):
        return f"{noun}es"
    if noun == "Wolf":
        return "Wolves"
    if noun == "Thief":
        return "Thieves"
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return f"{noun[:-1]}ies"
    return f"{noun}s"
