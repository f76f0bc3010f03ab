"""Words that artist names and titles are made of, and the genres. All our own."""

from __future__ import annotations

import tomllib
from importlib import resources

GENRES: dict[str, tuple[float, float, int]] = {
    "Pop": (16, 212, 2006),
    "Rock": (15, 241, 1994),
    "Indie": (10, 228, 2009),
    "Hip-Hop": (11, 224, 2007),
    "Electronic": (9, 301, 2008),
    "R&B": (6, 236, 2003),
    "Country": (6, 214, 2000),
    "Folk": (5, 222, 1998),
    "Metal": (5, 271, 2002),
    "Jazz": (4, 318, 1982),
    "Soul": (3, 219, 1978),
    "Punk": (3, 162, 1996),
    "Latin": (3, 229, 2004),
    "Reggae": (2, 238, 1990),
    "Blues": (1.5, 247, 1979),
    "Classical": (1.5, 334, 1988),
}
"""Genre: (share of the artists, typical length in seconds, typical year)."""

_LISTS = tomllib.loads((resources.files("zipotify") / "data" / "music_words.toml").read_text("utf-8"))

ADJECTIVES: list[str] = _LISTS["adjectives"].split()
NOUNS: list[str] = _LISTS["nouns"].split()
VERBS: list[str] = _LISTS["verbs"].split()
TAILS: list[str] = _LISTS["tails"].split()
PLURAL_TITLES: list[str] = _LISTS["plural_titles"].split()
PLACE_WORDS: list[str] = _LISTS["place_words"].split()
HANDLES: list[str] = _LISTS["handles"].split()
ENSEMBLES = ("Quartet", "Trio", "Orchestra", "Ensemble", "Quintet", "Collective", "Sextet")
VERSIONS = ("Live", "Acoustic", "Remastered", "Radio Edit", "Demo", "Album Version", "Reprise")
