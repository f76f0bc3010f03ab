"""The short TOML form of a configuration, written out to Eventsim's long one.

    levels = {free = 5, paid = 1}              levels and auths: name = weight
    show-user-details = ["Logged In"]          auths whose events carry the user
    [pages]
    Home = "GET 200"                           each page's method and status, once
    [new-session."Logged In/free"]             auth/level; `*` for every level
    Home = 10                                  page = weight
    [transitions."Logged In/*".Home]           auth/level, then the page left
    NextSong = 0.6                             page = probability, auth and level as before
    "Home @ Logged Out/*" = 0.01               page @ auth/level: both may change (`*`: level as before)

A section that names a level wins over the same page's section with `*`.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Any

from zipotify.errors import ConfigError

_ANY = "*"
Row = dict[str, Any]
Places = dict[str, str]
"""Entry of the long form, such as `transitions[7]`, -> where it stands in the short one."""


def expand(short: Row, name: str) -> tuple[Row, Places]:
    """The long form, and where its entries stand; raises ConfigError with the place of what can't be understood."""
    expander = _Expander(short, name)
    return expander.long_form(), expander.places


def as_written(text: str, places: Places) -> str:
    """A message about the long form, with the places of the short one: `transitions[7]` is no place in that."""
    return re.sub(
        r"(levels|auths|show-user-details|new-session|transitions)\[\d+\]", lambda m: places.get(m[0], m[0]), text
    )


class _Expander:
    def __init__(self, short: Row, name: str) -> None:
        self._short = short
        self._name = name
        self._levels = list(self._table("levels"))
        self.places: Places = {}

    def long_form(self) -> Row:
        """All keys as Eventsim spells them."""
        shorter = {"pages", "levels", "auths", "show-user-details", "new-session", "transitions"}
        long = {key: value for key, value in self._short.items() if key not in shorter}
        auths = self._table("auths")
        shown = self._short.get("show-user-details", [])
        long["levels"] = [{"level": key, "weight": value} for key, value in self._table("levels").items()]
        long["auths"] = [{"auth": key, "weight": value} for key, value in auths.items()]
        for kind in ("levels", "auths"):
            self.places |= {f"{kind}[{at}]": f"{kind}.{key}" for at, key in enumerate(self._table(kind))}
        long["show-user-details"] = [{"auth": auth, "show": auth in shown} for auth in dict.fromkeys([*auths, *shown])]
        long["new-session"] = list(self._new_sessions())
        long["transitions"] = list(self._transitions())
        return long

    def _new_sessions(self) -> Iterator[Row]:
        number = itertools.count()
        for auth, level, weights, place in self._sections("new-session"):
            for page, weight in weights.items():
                self.places[f"new-session[{next(number)}]"] = f"{place}.{page}"
                yield {**self._state(page, auth, level, place), "weight": weight}

    def _transitions(self) -> Iterator[Row]:
        chosen: dict[tuple[str, str, str], tuple[Row, str]] = {}
        for auth, level, pages, place in self._sections("transitions"):
            for page, dests in pages.items():
                chosen[auth, level, page] = (self._as_table(dests, f"{place}.{page}"), f"{place}.{page}")
        number = itertools.count()
        for (auth, level, page), (dests, place) in chosen.items():
            source = self._state(page, auth, level, place)
            for dest, p in dests.items():
                self.places[f"transitions[{next(number)}]"] = f"{place}.{dest}"
                yield {"source": source, "dest": self._dest(dest, auth, level, place), "p": p}

    def _sections(self, key: str) -> Iterator[tuple[str, str, Row, str]]:
        """(auth, level, content, place) with `*` written out, sections for every level first."""
        sections = sorted(self._table(key).items(), key=lambda item: not item[0].endswith(f"/{_ANY}"))
        for title, content in sections:
            place = f"{key}.{title}"
            auth, level = self._split(title, place)
            for each in self._levels if level == _ANY else [level]:
                yield auth, each, self._as_table(content, place), place

    def _dest(self, text: str, auth: str, level: str, place: str) -> Row:
        page, at, where = text.partition(" @ ")
        if at:
            auth, given = self._split(where, f"{place}.{text}")
            level = level if given == _ANY else given
        return self._state(page, auth, level, f"{place}.{text}")

    def _state(self, page: str, auth: str, level: str, place: str) -> Row:
        answer = self._table("pages").get(page)
        method, _, status = str(answer).partition(" ")
        if answer is None or not status.isdigit():
            self._refuse(place, f"page '{page}' has no method and status", f'add `{page} = "GET 200"` under [pages]')
        return {"page": page, "auth": auth, "status": int(status), "method": method, "level": level}

    def _split(self, title: str, place: str) -> tuple[str, str]:
        auth, slash, level = title.rpartition("/")
        if not slash or (level != _ANY and level not in self._levels):
            allowed = ", ".join([*self._levels, _ANY])
            self._refuse(place, f"'{title}' is no auth/level", f"write auth/level, with one of the levels {allowed}")
        return auth, level

    def _table(self, key: str) -> Row:
        return self._as_table(self._short.get(key, {}), key)

    def _as_table(self, value: Any, place: str) -> Row:
        if not isinstance(value, dict):
            self._refuse(place, "a table is expected", "write `name = value` lines under it")
        return dict(value)

    def _refuse(self, place: str, what: str, to_do: str) -> None:
        raise ConfigError(f"{self._name}: '{place}': {what}", to_do)
