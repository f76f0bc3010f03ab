"""The built-in catalogue: large enough, believable, and the same on every machine."""

import hashlib

import numpy as np
import polars as pl

from zipotify.catalog.builtin import BUILTIN_PREFIX, builtin_artists, builtin_tracks
from zipotify.catalog.words import GENRES


def test_it_is_large_enough() -> None:
    assert len(builtin_tracks()) >= 20_000
    assert len(builtin_artists()) >= 3_000


def test_ids_and_names_are_unique_and_fit_together() -> None:
    tracks, artists = builtin_tracks(), builtin_artists()
    assert tracks["track_id"].is_unique().all()
    assert tracks["track_id"].str.starts_with(BUILTIN_PREFIX).all()
    assert tracks.select("artist_name", "title").is_unique().all()
    assert artists["artist_id"].is_unique().all()
    assert artists["name"].is_unique().all()
    joined = tracks.join(artists, on="artist_id", how="left")
    assert (joined["artist_name"] == joined["name"]).all()
    assert set(artists["artist_id"]) == set(tracks["artist_id"])


def test_nothing_is_missing() -> None:
    for frame in (builtin_tracks(), builtin_artists()):
        assert frame.null_count().sum_horizontal().item() == 0


def test_popularity_falls_like_zipf_over_ranks_10_to_1000() -> None:
    weights = builtin_tracks()["play_weight"].sort(descending=True).to_numpy()
    ranks = np.arange(10, 1001)
    slope = np.polyfit(np.log(ranks), np.log(weights[9:1000]), 1)[0]
    assert -1.1 < slope < -0.9
    assert weights[0] / weights.sum() < 0.06


def test_years_lengths_genres_and_places_are_believable() -> None:
    tracks, artists = builtin_tracks(), builtin_artists()
    assert tracks["year"].is_between(1955, 2025).all()
    assert 200 < float(tracks["duration_s"].median()) < 270  # type: ignore[arg-type]
    assert tracks["duration_s"].is_between(45, 1200).all()
    assert set(tracks["genre"]) == set(GENRES)
    assert artists["lat"].is_between(18, 72).all()
    assert artists["lon"].is_between(-180, -65).all()
    assert artists["state"].str.contains(r"^[A-Z]{2}$").all()
    assert artists["city"].n_unique() > 100


def test_names_are_plain_words() -> None:
    names = pl.concat([builtin_artists()["name"], builtin_tracks()["title"]])
    assert names.str.len_chars().is_between(2, 60).all()
    assert (names == names.str.strip_chars()).all()
    assert not names.str.contains("  ", literal=True).any()


def test_it_is_the_same_everywhere() -> None:
    text = "\n".join(f"{row}" for row in builtin_tracks().select("track_id", "artist_name", "title", "year").rows())
    assert (
        hashlib.sha256(text.encode()).hexdigest() == "89ea6ecc5b30ee25b254d342311c2f4ec3468003ae9f16ce393fa9ec10ae60af"
    )
