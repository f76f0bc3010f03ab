"""Tracks for each user by ALS on implicit feedback, and a test of such lists on days that were held out.

A list has only tracks that its user has not listened to yet. The baseline of the test gives everybody the tracks with
the most listeners; a model that is not above it is not worth its cost, and the figures say so.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import reduce

from pyspark.ml.recommendation import ALS
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from zipotify.analyses.facts import Facts
from zipotify.analyses.results import empty_frame
from zipotify.contracts.analyses import RECOMMENDATION_QUALITY

LIST_LENGTH = 20
TESTED_LENGTHS = (5, 10, 20)
HELD_OUT_SHARE = 5
"""The last fifth of the days is held out for the test."""
_MOST_CONSIDERED = 1_000
"""Of so many of the best tracks at most, those not heard yet are taken."""
_SCORE_DIGITS = 4
_BLOCKS = 2


@dataclass(frozen=True)
class Split:
    """The listens of one source before a day, and from it on."""

    source: str
    cut_off: date
    before: DataFrame
    after: DataFrame


def recommendations(facts: Facts) -> DataFrame:
    """Grain: one row per source, user and rank."""
    parts = [als_lists(_of(facts.listens, source), None) for source in sources(facts.listens)]
    lists = reduce(DataFrame.unionByName, parts, _empty(facts.listens))
    return lists.join(facts.users, "user_number").join(facts.tracks.drop("source"), "track_number")


def quality(facts: Facts) -> DataFrame:
    """Grain: one row per source, method and length of the list; nothing for a source too short to hold days out."""
    tested = [_tested(split) for source in sources(facts.listens) if (split := split_of(facts.listens, source))]
    return reduce(DataFrame.unionByName, tested, empty_frame(facts.listens.sparkSession, RECOMMENDATION_QUALITY))


def sources(listens: DataFrame) -> list[str]:
    """The sources that have listens, sorted: each has a model of its own."""
    return sorted(row.source for row in listens.select("source").distinct().collect())


def split_of(listens: DataFrame, source: str) -> Split | None:
    """One source's listens, split by time; None when it has a single day."""
    own = _of(listens, source)
    first, last = own.agg(F.min("date_day"), F.max("date_day")).first()
    held_out = max(1, ((last - first).days + 1) // HELD_OUT_SHARE)
    cut_off = last - timedelta(days=held_out - 1)
    if cut_off <= first:
        return None
    return Split(source, cut_off, own.filter(F.col("date_day") < cut_off), own.filter(F.col("date_day") >= cut_off))


def held_out(split: Split) -> DataFrame:
    """Grain: one row per user known before the cut-off and track that they listened to for the first time after it."""
    known = split.before.select("user_number").distinct()
    later = split.after.select("user_number", "track_number").distinct().join(known, "user_number", "left_semi")
    return later.join(_pairs(split.before), ["user_number", "track_number"], "left_anti")


def als_lists(listens: DataFrame, users: DataFrame | None) -> DataFrame:
    """Grain: one row per user and rank. The model sees how often a user listened to a track, in a settled order."""
    counts = listens.groupBy("user_number", "track_number").agg(F.sum("listen_count").cast("float").alias("rating"))
    # One sorted partition: ALS starts from the seed and the order of its rows, and so do equal inputs to equal lists.
    ratings = counts.coalesce(1).sortWithinPartitions("user_number", "track_number").persist()
    model = ALS(
        rank=16,
        maxIter=10,
        regParam=0.1,
        alpha=10.0,
        implicitPrefs=True,
        numUserBlocks=_BLOCKS,
        numItemBlocks=_BLOCKS,
        userCol="user_number",
        itemCol="track_number",
        ratingCol="rating",
        seed=42,
    ).fit(ratings)
    wanted = _considered(listens)
    chosen = model.recommendForAllUsers(wanted) if users is None else model.recommendForUserSubset(users, wanted)
    rows = chosen.select("user_number", F.explode("recommendations").alias("r"))
    score = F.round(F.col("r.rating").cast("double"), _SCORE_DIGITS)
    return _best_unheard(rows.select("user_number", F.col("r.track_number"), score.alias("score")), listens)


def popular_lists(listens: DataFrame, users: DataFrame) -> DataFrame:
    """Grain: one row per user and rank: the tracks with the most listeners that the user has not listened to."""
    sizes = listens.groupBy("track_number").agg(F.countDistinct("user_number").cast("double").alias("score"))
    most = sizes.orderBy(F.desc("score"), "track_number").limit(_considered(listens))
    return _best_unheard(users.select("user_number").crossJoin(F.broadcast(most)), listens)


def recall(lists: DataFrame, later: DataFrame, length: int) -> DataFrame:
    """One row (user_count, recall): mean over users of the share of their later tracks within `length` ranks."""
    hits = lists.filter(F.col("rank_number") <= length).join(later, ["user_number", "track_number"], "left_semi")
    found = hits.groupBy("user_number").agg(F.count("*").alias("hit_count"))
    sizes = later.groupBy("user_number").agg(F.count("*").alias("later_count"))
    share = F.coalesce("hit_count", F.lit(0)) / F.col("later_count")
    means = sizes.join(found, "user_number", "left").agg(F.count("*").alias("user_count"), F.avg(share).alias("recall"))
    return means.select("user_count", F.round("recall", 6).alias("recall"))


def _tested(split: Split) -> DataFrame:
    later = held_out(split).persist()
    users = later.select("user_number").distinct().persist()
    methods = {"als": als_lists(split.before, users), "popularity": popular_lists(split.before, users)}
    rows = [
        recall(lists, later, length).select(
            F.lit(split.source).alias("source"),
            F.lit(method).alias("method"),
            F.lit(length).alias("list_length"),
            F.lit(split.cut_off).alias("cut_off_date"),
            "user_count",
            "recall",
        )
        for method, lists in ((method, lists.persist()) for method, lists in methods.items())
        for length in TESTED_LENGTHS
    ]
    return reduce(DataFrame.unionByName, rows).filter(F.col("user_count") > 0)


def _considered(listens: DataFrame) -> int:
    """Enough of the best tracks that each user finds a whole list among them, up to a limit."""
    heard = _pairs(listens).groupBy("user_number").count().agg(F.max("count")).first()
    return min(_MOST_CONSIDERED, LIST_LENGTH + int(heard[0] if heard and heard[0] else 0))


def _best_unheard(scored: DataFrame, listens: DataFrame) -> DataFrame:
    fresh = scored.join(_pairs(listens), ["user_number", "track_number"], "left_anti")
    order = Window.partitionBy("user_number").orderBy(F.desc("score"), "track_number")
    ranked = fresh.withColumn("rank_number", F.row_number().over(order))
    return ranked.filter(F.col("rank_number") <= LIST_LENGTH)


def _pairs(listens: DataFrame) -> DataFrame:
    return listens.select("user_number", "track_number").distinct()


def _of(listens: DataFrame, source: str) -> DataFrame:
    return listens.filter(F.col("source") == source)


def _empty(listens: DataFrame) -> DataFrame:
    columns = "user_number int, track_number int, score double, rank_number int"
    return listens.sparkSession.createDataFrame([], columns)
