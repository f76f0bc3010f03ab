"""Events of people who were erased, recognised by Spark's own functions: they are counted, and go no further."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from zipotify.contracts.erasure import SESSION, USER, ErasureList
from zipotify.contracts.identity import SEPARATOR
from zipotify.contracts.tables import ERASED
from zipotify.stream.derive import hmac_of


def marked(events: DataFrame, erased: ErasureList) -> DataFrame:
    """Typed events plus `is_erased`; costs nothing while the list is empty."""
    if not erased:
        return events.withColumn("is_erased", F.lit(False))
    listed = events.sparkSession.createDataFrame([(h,) for h in sorted(erased.hashes)], "hash STRING")
    marks: dict[str, Column] = {}
    for kind, column in ((USER, "userId"), (SESSION, "sessionId")):
        name = f"erased_{kind}"
        known = F.broadcast(listed.select(F.col("hash").alias(name)))
        text = F.concat_ws(SEPARATOR, F.lit(kind), "source", F.col(column).cast("string"))
        mine = F.when(F.col(column).isNotNull(), hmac_of(erased.key, text))
        events = events.join(known, mine == F.col(name), "left")
        marks[name] = F.col(name).isNotNull()
    return events.withColumn("is_erased", marks[f"erased_{USER}"] | marks[f"erased_{SESSION}"]).drop(*marks)


def refused_as_erased(typed: DataFrame, erased: ErasureList) -> DataFrame:
    """Judged records, with `erased` as the reason of those that must go no further."""
    if not erased:
        return typed
    reason = F.when(F.col("is_erased"), ERASED).otherwise(F.col("reason"))
    return marked(typed, erased).withColumn("reason", reason).drop("is_erased")
