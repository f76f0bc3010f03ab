"""What becomes of each event of a batch: bronze, repeat or refused, against bronze as it was before.

Nearly always every event is new. So a cheap pass over 8-byte hashes of the identities finds the few that may have been
seen, in this batch or before; only those are judged in full. Hashes that collide cost a closer look, never an event.
"""

from __future__ import annotations

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from zipotify.contracts.reasons import Reason
from zipotify.contracts.tables import ERASED

ORIGIN = ("kafka_partition", "kafka_offset")
CONFLICT_MESSAGE = "an event with the same identity and other content is there already"


def suspects(events: DataFrame, known: DataFrame) -> DataFrame:
    """Hashes (`suspect`) of identities that occur in `events` and also once more, there or in `known`."""
    mine = events.select(F.xxhash64("event_id").alias("suspect"), F.lit(1).alias("is_mine"))
    theirs = known.select(F.xxhash64("event_id").alias("suspect"), F.lit(0).alias("is_mine"))
    seen = mine.unionAll(theirs).groupBy("suspect").agg(F.sum("is_mine").alias("mine"), F.count("*").alias("all"))
    return seen.where("mine > 0 AND all > 1").select("suspect")


def among(events: DataFrame, suspected: DataFrame, wanted: bool) -> DataFrame:
    """Events whose identity is suspected, or (`wanted` false) is not."""
    how = "left_semi" if wanted else "left_anti"
    return events.join(F.broadcast(suspected), F.xxhash64("event_id") == F.col("suspect"), how)


def with_outcome(good: DataFrame, known: DataFrame) -> DataFrame:
    """Sound events with `outcome` (bronze, repeat or refused); the first of an identity counts, in order of offset."""
    same_origin = [F.col(name).eqNullSafe(F.col(f"known_{name}")) for name in ORIGIN]
    own = F.col("may_be_own") & same_origin[0] & same_origin[1]
    joined = good.join(known, "event_id", "left").withColumn("known_hash", F.when(~own, F.col("known_hash")))
    by_identity = Window.partitionBy("event_id").orderBy(*ORIGIN)
    ranked = joined.withColumns(
        {
            "place": F.row_number().over(by_identity),
            "first_hash": F.coalesce("known_hash", F.first("content_hash").over(by_identity)),
        }
    )
    is_new = (F.col("place") == 1) & F.col("known_hash").isNull()
    is_same = F.col("content_hash") == F.col("first_hash")
    outcome = F.when(is_new, "bronze").when(is_same, "repeat").otherwise("refused")
    conflict = outcome == "refused"
    decided = {
        "outcome": outcome,
        "reason": F.when(conflict, str(Reason.CONFLICT)),
        "message": F.when(conflict, CONFLICT_MESSAGE),
    }
    return ranked.withColumns(decided).select(*good.columns, "outcome")


def refused(bad: DataFrame) -> DataFrame:
    """Records that have a reason already, with their `outcome`."""
    return bad.withColumn("outcome", F.when(F.col("reason") == ERASED, ERASED).otherwise("refused"))
