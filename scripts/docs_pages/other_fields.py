"""Fields that no contract spells: the catalogue, models between staging and marts, the published manifest.

Types come from what runs: the importer's own steps over no rows, a built warehouse (`scripts/record_models.py`), the
manifest's class. Meanings of a model's column are those of the contract or mart that has a column of the same name.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import cache

import polars as pl

from docs_pages.markdown import code, join, table
from docs_pages.models import Model, models
from docs_pages.recorded import recorded
from docs_pages.settings_reference import docs as class_docs
from zipotify.catalog.clean import artists_of, cleaned, merged, tracks_of, with_artist_ids, with_popularity
from zipotify.catalog.raw import RAW_SCHEMA
from zipotify.contracts.snapshot import MANIFEST, Manifest
from zipotify.contracts.tables import BRONZE, TABLES

_HEAD = ("field", "type", "null?", "meaning")
_HEAD_INNER = ("field", "type", "unit", "null?", "meaning", "example", "personal", "origin")
_CATALOGUE = {
    "track_id": "catalogue id; those of the built-in catalogue begin with ZT",
    "title": "title, repaired where it was encoded twice",
    "title_original": "the title as found, where that differs",
    "artist_id": "the artist; one id is one artist",
    "artist_name": "the artist's most frequent spelling",
    "artist_name_original": "the artist as credited, where that differs",
    "name": "the artist's most frequent spelling",
    "duration_s": "length in seconds",
    "year": "year of release",
    "genre": "the artist's strongest term",
    "play_weight": "share of plays, up to a constant",
    "song_id": "song of the data set, of which a track is one recording",
    "release": "album or single",
    "tempo_bpm": "beats per minute",
    "loudness_db": "loudness in dB",
    "hotness": "familiarity by the data set, 0 to 1",
    "location": "place of the artist as found",
    "city": "city, where the place reads like `City, ST`",
    "state": "state, likewise",
    "lat": "latitude in degrees",
    "lon": "longitude in degrees",
    "spelling_count": "how many spellings of the name were found",
}
_INNER = {
    "has_events": "whether anybody at that level had an event on that day",
    "first_day": "first day of the source with any event",
    "last_day": "last day of the source with any event",
    "first_week": "Monday of the user's first ISO week with any event",
    "previous_week": "Monday of the ISO week with any event before this one; null for the first",
    "next_week": "Monday of the next ISO week with any event; null for the newest",
    "paid_from": "first instant of the spell at the level paid, UTC",
    "paid_to": "first instant after it, UTC; null while it lasts",
    "previous_level": "level of the version before; null for the first",
    "track_artist": "the artist by the catalogue; the name on the event where it knows none",
    "track_reference": "the track as the event names it: its id, else artist, title and duration",
}
_MANIFEST = {
    "publish_id": "time of publication and a random end; also the file's name",
    "file": "the snapshot beside the manifest",
    "built_at": "when it was built, ISO-8601, UTC",
    "lake_versions": "lake table to the Delta version that was read",
    "row_counts": "mart to its number of rows",
}
_KINDS = {"String": "string", "Float64": "double", "Int32": "int", "Int64": "long"}


def catalogue() -> str:
    """The two tables under lake/catalog, as an import writes them; none of their fields is personal."""
    raw = with_artist_ids(merged([cleaned(pl.DataFrame(schema=RAW_SCHEMA))]))
    tracks = with_popularity(raw, pl.DataFrame(schema={"song_id": pl.String, "plays": pl.Int64}))
    artists = artists_of(tracks)
    return join(
        _catalogue("tracks", "one row per track", tracks_of(tracks, artists), "track_id"),
        _catalogue("artists", "one row per artist", artists, "artist_id"),
    ).rstrip()


def _catalogue(name: str, grain: str, frame: pl.DataFrame, key: str) -> str:
    rows = [
        (code(column), _KINDS[str(kind)], "no" if column == key else "yes", _CATALOGUE[column])
        for column, kind in frame.schema.items()
    ]
    note = (
        "Written by `zipotify catalog import`; until then the built-in one is used, which leaves out what only "
        "imported data have. Not partitioned, kept until the next import. Nothing in it is personal."
    )
    return f"### catalog {name}\n\nGrain: {grain}. `lake/catalog/{name}`. {note}\n\n{table(_HEAD, rows)}"


def inner_model(model: Model, unit_of: Callable[[str], str], personal: Callable[[str], str]) -> str:
    """A model that has no contract: its columns as a built warehouse has them; dbt does not hold them against null."""
    columns = recorded("models")["models"].get(model.name, {})
    origin = ", ".join(model.parents)
    rows = [
        (code(name), kind, unit_of(name), "yes", known_meanings().get(name, ""), "", personal(name), origin)
        for name, kind in columns.items()
    ]
    return f"### {model.name}\n\nGrain: {model.grain} ({model.layer}, silver)\n\n{table(_HEAD_INNER, rows)}"


@cache
def known_meanings() -> dict[str, str]:
    """Column -> what a contract or a mart says of it; the contract first."""
    found: dict[str, str] = {}
    for lake_table in (*(TABLES[name] for name in BRONZE), *TABLES.values()):
        for column in lake_table.columns:
            found.setdefault(column.name, column.doc)
    for model in models().values():
        for described in model.columns:
            found.setdefault(described["name"], str(described.get("description", "")))
    return {**_CATALOGUE, **_INNER, **found}


def manifest() -> str:
    """The file by which readers find the newest snapshot."""
    docs = {**_MANIFEST, **class_docs(Manifest)}
    rows = [
        (
            code(field.name),
            str(field.type).removesuffix(" | None"),
            "yes" if "None" in str(field.type) else "no",
            docs[field.name].rstrip("."),
        )
        for field in dataclasses.fields(Manifest)
    ]
    about = (
        f"JSON, `published/{MANIFEST}` in the home, replaced by one rename. The snapshot that it names is a DuckDB "
        "file with all marts, each by its time or key, with what came late at the end, and the table `publication` "
        "(`publish_id`, `built_at`). Nothing in it is personal."
    )
    return f"### {MANIFEST}\n\nGrain: one object, the newest snapshot. {about}\n\n{table(_HEAD, rows)}"
