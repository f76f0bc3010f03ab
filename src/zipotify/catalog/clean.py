"""Raw rows -> the lake's tracks and artists: missing values, repaired names, one artist an id.

Missing by rule: NaN everywhere; empty texts; 0 for a year, length, tempo, hotness and listen count, which the data uses
for "not known"; a place at latitude and longitude 0.
"""

from __future__ import annotations

import polars as pl

from zipotify.catalog.names import repair_column

_ZERO_IS_MISSING = ("duration_s", "year", "tempo_bpm", "song_hotness", "artist_hotness", "listen_count")
_PLACE = r"^(?<city>[^,]+), (?<state>[A-Z]{2})$"
_GENERATED = "ZG"
"""Artist ids that are made from a name, for sources that have none."""


def cleaned(raw: pl.DataFrame) -> pl.DataFrame:
    """Missing values as null, names repaired with the original kept."""
    texts = [name for name, kind in raw.schema.items() if kind == pl.String]
    floats = [name for name, kind in raw.schema.items() if kind == pl.Float64]
    frame = raw.with_columns(
        *(_not_empty(pl.col(name)) for name in texts), *(pl.col(name).fill_nan(None) for name in floats)
    )
    frame = frame.with_columns(pl.when(pl.col(name) > 0).then(pl.col(name)).alias(name) for name in _ZERO_IS_MISSING)
    nowhere = (pl.col("artist_lat") == 0) & (pl.col("artist_lon") == 0)
    lost = nowhere | pl.col("artist_lat").is_null() | pl.col("artist_lon").is_null()
    frame = frame.with_columns(pl.when(~lost).then(pl.col(name)).alias(name) for name in ("artist_lat", "artist_lon"))
    for name in ("title", "artist_name", "release"):
        frame = repair_column(frame, name)
    return frame


def merged(frames: list[pl.DataFrame]) -> pl.DataFrame:
    """One row a track: of several sources, the first that knows a value has it (in the order of the frames)."""
    frame = pl.concat(frames)
    values = [pl.col(name).drop_nulls().first() for name in frame.columns if name != "track_id"]
    return frame.drop_nulls("track_id").group_by("track_id", maintain_order=True).agg(values).sort("track_id")


def with_artist_ids(tracks: pl.DataFrame) -> pl.DataFrame:
    """Tracks without an artist id get that of the only known artist of the same name, else one made from the name."""
    named = tracks.with_columns(pl.col("artist_name").str.to_lowercase().str.strip_chars().alias("_name"))
    known = named.drop_nulls(["artist_id", "_name"]).group_by("_name").agg(pl.col("artist_id").unique().alias("_ids"))
    only = known.filter(pl.col("_ids").list.len() == 1).select("_name", pl.col("_ids").list.first().alias("_known"))
    made = pl.lit(_GENERATED) + pl.col("_name").map_elements(_digest, pl.String, skip_nulls=True)
    joined = named.join(only, on="_name", how="left", maintain_order="left")
    return joined.with_columns(pl.coalesce("artist_id", "_known", made).alias("artist_id")).drop("_name", "_known")


def with_popularity(tracks: pl.DataFrame, plays: pl.DataFrame) -> pl.DataFrame:
    """`play_weight`: plays of the taste profiles where there are any, else listen counts."""
    joined = tracks.join(plays.select("song_id", "plays"), on="song_id", how="left", maintain_order="left")
    weight = pl.col("plays") if joined["plays"].is_not_null().any() else pl.col("listen_count")
    return joined.with_columns(weight.cast(pl.Float64).alias("play_weight")).drop("plays")


def artists_of(tracks: pl.DataFrame) -> pl.DataFrame:
    """One row an artist id: its most frequent spelling (then the first in the alphabet), and where it comes from."""
    known = tracks.drop_nulls("artist_id")
    spellings = known.drop_nulls("artist_name").group_by("artist_id", "artist_name").len()
    ranked = spellings.sort(["artist_id", "len", "artist_name"], descending=[False, True, False])
    names = ranked.group_by("artist_id", maintain_order=True).agg(
        pl.col("artist_name").first().alias("name"), pl.len().alias("spelling_count")
    )
    rest = ["artist_location", "artist_lat", "artist_lon", "artist_hotness", "genre"]
    values = known.group_by("artist_id").agg(pl.col(name).drop_nulls().first() for name in rest)
    place = pl.col("artist_location").str.extract_groups(_PLACE)
    joined = names.join(values, on="artist_id", how="left").sort("artist_id")
    return joined.with_columns(place.struct.field("city"), place.struct.field("state")).select(
        "artist_id",
        "name",
        "city",
        "state",
        pl.col("artist_lat").alias("lat"),
        pl.col("artist_lon").alias("lon"),
        "genre",
        pl.col("artist_location").alias("location"),
        pl.col("artist_hotness").alias("hotness"),
        pl.col("spelling_count").cast(pl.Int32),
    )


def tracks_of(tracks: pl.DataFrame, artists: pl.DataFrame) -> pl.DataFrame:
    """The lake's columns; every track carries its artist's one name, and the credited one where that differs."""
    one = artists.select("artist_id", "name")
    joined = tracks.join(one, on="artist_id", how="left", maintain_order="left")
    credited = pl.coalesce("artist_name_original", "artist_name")
    return joined.with_columns(
        pl.when(credited != pl.col("name")).then(credited).alias("artist_name_original"),
        pl.col("name").alias("artist_name"),
    ).select(
        "track_id", "title", "artist_id", "artist_name", "duration_s", "year", "genre", "play_weight", "song_id",
        "release", "tempo_bpm", "loudness_db", pl.col("song_hotness").alias("hotness"), "title_original",
        "artist_name_original",
    )  # fmt: skip


def _not_empty(text: pl.Expr) -> pl.Expr:
    stripped = text.str.strip_chars()
    return pl.when(stripped != "").then(stripped)


def _digest(name: str) -> str:
    import hashlib

    return hashlib.sha256(name.encode()).hexdigest()[:16].upper()
