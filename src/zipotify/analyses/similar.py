"""Which tracks (and artists) are heard by the same people: counts, cosine and lift of every pair, the nearest kept."""

from __future__ import annotations

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from zipotify.analyses.facts import Facts

LIST_LENGTH = 10
MOST_ITEMS = 300
"""A user counts with at most so many tracks, those listened to most: pairs grow with the square of a user's tracks."""
LEAST_BOTH = 2
"""Fewer common listeners say nothing of two tracks, and much of one person."""
_DIGITS = 6


def similar_tracks(facts: Facts) -> DataFrame:
    """Grain: one row per source, track and rank."""
    pairs = nearest(facts.listens, "track_number")
    return _named(pairs, facts.tracks, "track_number", ["track_key", "artist", "song"])


def similar_artists(facts: Facts) -> DataFrame:
    """Grain: one row per source, artist and rank."""
    pairs = nearest(facts.listens, "artist_number")
    return _named(pairs, facts.artists, "artist_number", ["artist_key", "artist"])


def nearest(listens: DataFrame, item: str) -> DataFrame:
    """Grain: one row per source, item and rank, with the other item's number; ties in the order of numbers."""
    heard = _heard(listens, item).persist()
    sizes = heard.groupBy("source", item).agg(F.count("*").alias("listener_count"))
    users = heard.groupBy("source").agg(F.countDistinct("user_number").alias("user_count"))
    others = sizes.select("source", F.col(item).alias("other"), F.col("listener_count").alias("other_listener_count"))
    pairs = _both_ways(_common(heard, item), item)
    counted = pairs.join(sizes, ["source", item]).join(others, ["source", "other"]).join(F.broadcast(users), "source")
    product = F.col("listener_count") * F.col("other_listener_count")
    measured = counted.select(
        "*",
        F.round(F.col("both_count") / F.sqrt(product), _DIGITS).alias("similarity"),
        F.round(F.col("both_count") * F.col("user_count") / product, _DIGITS).alias("lift"),
    )
    order = Window.partitionBy("source", item).orderBy(F.desc("similarity"), F.desc("both_count"), "other")
    ranked = measured.withColumn("rank_number", F.row_number().over(order))
    return ranked.filter(F.col("rank_number") <= LIST_LENGTH)


def _heard(listens: DataFrame, item: str) -> DataFrame:
    """Grain: one row per user and item that counts for them."""
    counted = listens.groupBy("source", "user_number", item).agg(F.sum("listen_count").alias("listen_count"))
    order = Window.partitionBy("source", "user_number").orderBy(F.desc("listen_count"), item)
    placed = counted.withColumn("place", F.row_number().over(order))
    return placed.filter(F.col("place") <= MOST_ITEMS).select("source", "user_number", item)


def _common(heard: DataFrame, item: str) -> DataFrame:
    """Grain: one row per source and pair of items that enough users have heard, the smaller number first."""
    other = heard.select("source", "user_number", F.col(item).alias("other"))
    pairs = heard.join(other, ["source", "user_number"]).filter(F.col(item) < F.col("other"))
    counted = pairs.groupBy("source", item, "other").agg(F.count("*").alias("both_count"))
    return counted.filter(F.col("both_count") >= LEAST_BOTH)


def _both_ways(pairs: DataFrame, item: str) -> DataFrame:
    turned = pairs.select("source", F.col("other").alias(item), F.col(item).alias("other"), "both_count")
    return pairs.unionByName(turned)


def _named(pairs: DataFrame, names: DataFrame, number: str, columns: list[str]) -> DataFrame:
    own = names.select(number, *columns)
    others = names.select(F.col(number).alias("other"), *(F.col(name).alias(f"other_{name}") for name in columns))
    return pairs.join(own, number).join(others, "other")
