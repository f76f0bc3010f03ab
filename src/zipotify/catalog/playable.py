"""What can be played, as plain columns: all that the simulator needs of a catalogue, read without tables.

The built-in catalogue takes a third of a second to make, and as long again for the packages that hold it as a table;
so its columns are kept in the cache folder.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import orjson

from zipotify.places import Folder
from zipotify.runtime.kept import keep, kept_folder

COLUMNS = ("artist_name", "title", "duration_s", "play_weight", "track_id")
_DATA = ("us_places.tsv", "first_names.tsv", "surnames.tsv", "music_words.toml")
_CODE = ("builtin.py", "naming.py", "words.py", "playable.py")


@dataclass(frozen=True)
class Playable:
    """Tracks that have an artist and a title, column by column in the order of their ids; a length may be None."""

    description: str
    """Which catalogue it is and how large, in one line."""
    artist_name: list[str]
    title: list[str]
    duration_s: list[float | None]
    play_weight: list[float]
    track_id: list[str]

    @property
    def columns(self) -> tuple[list[Any], ...]:
        """All columns, in this order."""
        return self.artist_name, self.title, self.duration_s, self.play_weight, self.track_id


def playable(lake: Folder, only_builtin: bool = False) -> Playable:
    """The imported catalogue as soon as there is one, else the built-in one."""
    if only_builtin or not (lake / "catalog" / "tracks").is_dir():
        return builtin_playable()
    return _of_tables(lake)


def builtin_playable() -> Playable:
    """The built-in catalogue, from the cache once it was made."""
    folder = kept_folder("catalogue", _sources())
    path = folder / "builtin.json" if folder else None
    if path and path.exists():
        return Playable(**orjson.loads(path.read_bytes()))
    made = _of_tables(None)
    if path:
        keep(path, orjson.dumps(made))
    return made


def _of_tables(lake: Folder | None) -> Playable:
    from zipotify.catalog.choose import choose_catalog

    chosen = choose_catalog(lake or Path(), only_builtin=lake is None)
    return Playable(chosen.describe(), *(chosen.tracks[column].to_list() for column in COLUMNS))


def _sources() -> list[Path]:
    """Everything that the built-in catalogue follows from."""
    data = resources.files("zipotify") / "data"
    return [Path(__file__).with_name(name) for name in _CODE] + [Path(str(data / name)) for name in _DATA]
