"""Who may leave: logistic regression on the 28 days before a cut-off, tested one horizon later than it was trained.

Leaving is having no event in the horizon after the cut-off, or closing the account in it. The model that is tested
learned from the cut-off two horizons before the end, and predicts for the one a horizon before it: from nothing that
lay in its future. The risk of today's users comes from the same method one horizon on.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import reduce

from pyspark.ml.classification import LogisticRegression
from pyspark.ml.evaluation import BinaryClassificationEvaluator
from pyspark.ml.feature import VectorAssembler
from pyspark.ml.functions import vector_to_array
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from zipotify.analyses.facts import Facts
from zipotify.analyses.results import empty_frame
from zipotify.contracts.analyses import CHURN_CALIBRATION, CHURN_MODEL, CHURN_RISK

WINDOW_DAYS = 28
_RECENT_DAYS = WINDOW_DAYS // 4
_HOUR_MS = 3_600_000
BIN_COUNT = 10
_DIGITS = 4
FEATURES = (
    "quiet_days",
    "active_days",
    "recent_active_days",
    "listens",
    "recent_listens",
    "heard_hours",
    "sessions",
    "thumbs_down",
    "adverts",
    "errors",
    "is_new",
    "is_paid",
)


@dataclass(frozen=True)
class Days:
    """The cut-offs of one source; `last` is its last whole day."""

    source: str
    first: date
    last: date
    horizon: timedelta

    @property
    def tested(self) -> date:
        """What was known when the prediction that is tested was made."""
        return self.last - self.horizon

    @property
    def trained(self) -> date:
        """What was known to the users that the tested model learned from."""
        return self.tested - self.horizon

    @property
    def is_enough(self) -> bool:
        """Whether there is a horizon of days to learn from before two to look ahead."""
        return self.trained >= self.first + self.horizon - timedelta(days=1)


@dataclass(frozen=True)
class Trial:
    """A prediction whose outcome is known; `rows` has user_key, risk and is_churned (0 or 1)."""

    days: Days
    rows: DataFrame
    trained_user_count: int
    trained_rate: float


def churn(facts: Facts, horizon_days: int) -> dict[str, DataFrame]:
    """The three tables by name; a source that is too short, or where nobody or everybody leaves, is in none."""
    trials = [trial for days in days_of(facts.user_days, horizon_days) if (trial := trial_of(facts.user_days, days))]
    spark = facts.user_days.sparkSession
    tables = {
        CHURN_RISK: [risks(facts.user_days, trial.days) for trial in trials],
        CHURN_CALIBRATION: [calibration(trial) for trial in trials],
        CHURN_MODEL: [judged(trial) for trial in trials],
    }
    return {
        table.name: reduce(DataFrame.unionByName, parts, empty_frame(spark, table)) for table, parts in tables.items()
    }


def days_of(user_days: DataFrame, horizon_days: int) -> list[Days]:
    """The days of every source that has enough; the running day is not judged."""
    bounds = user_days.groupBy("source").agg(F.min("date_day").alias("first"), F.max("date_day").alias("last"))
    horizon, day = timedelta(days=horizon_days), timedelta(days=1)
    found = [Days(row.source, row.first, row.last - day, horizon) for row in bounds.orderBy("source").collect()]
    return [days for days in found if days.is_enough]


def trial_of(user_days: DataFrame, days: Days) -> Trial | None:
    """Learn one horizon back and predict what has come since; None when there is nothing to tell apart."""
    learned = labelled(user_days, days, days.trained).persist()
    count, rate = learned.agg(F.count("*"), F.avg("is_churned")).first()
    if not count or rate in (0, 1):
        return None
    rows = predicted(learned, labelled(user_days, days, days.tested)).select("user_key", "risk", "is_churned")
    return Trial(days, rows.persist(), count, rate)


def risks(user_days: DataFrame, days: Days) -> DataFrame:
    """Grain: one row per user: the risk of leaving in the horizon to come."""
    rows = predicted(labelled(user_days, days, days.tested), features(user_days, days, days.last))
    return rows.select(
        F.lit(days.source).alias("source"),
        "user_key",
        F.lit(days.last).alias("as_of_date"),
        F.lit(days.horizon.days).alias("horizon_days"),
        "level",
        "risk",
    )


def calibration(trial: Trial) -> DataFrame:
    """Grain: one row per tenth of the scale that has users."""
    number = F.least(F.floor(F.col("risk") * BIN_COUNT) + 1, F.lit(BIN_COUNT)).cast("int")
    counted = trial.rows.groupBy(number.alias("bin_number")).agg(
        F.count("*").alias("user_count"),
        F.sum("is_churned").alias("churned_count"),
        F.round(F.avg("risk"), 6).alias("predicted_rate"),
        F.round(F.avg("is_churned"), 6).alias("observed_rate"),
    )
    return counted.select(
        F.lit(trial.days.source).alias("source"),
        "*",
        ((F.col("bin_number") - 1) / BIN_COUNT).alias("risk_from"),
        (F.col("bin_number") / BIN_COUNT).alias("risk_to"),
    )


def judged(trial: Trial) -> DataFrame:
    """One row: the test of the source's model."""
    label = F.col("is_churned")
    scores = trial.rows.agg(
        F.count("*").alias("tested_user_count"),
        F.sum(label).alias("churned_count"),
        F.round(F.avg(F.pow(F.col("risk") - label, 2)), 6).alias("brier_score"),
        F.round(F.avg(F.pow(F.lit(trial.trained_rate) - label, 2)), 6).alias("baseline_brier_score"),
    )
    evaluator = BinaryClassificationEvaluator(rawPredictionCol="risk", labelCol="is_churned", numBins=0)
    return scores.filter(F.col("tested_user_count") > 0).select(
        F.lit(trial.days.source).alias("source"),
        F.lit(trial.days.tested).alias("cut_off_date"),
        F.lit(trial.days.horizon.days).alias("horizon_days"),
        F.lit(trial.trained_user_count).alias("trained_user_count"),
        "*",
        F.lit(round(evaluator.evaluate(trial.rows), 6)).alias("auc"),
    )


def features(user_days: DataFrame, days: Days, cut_off: date) -> DataFrame:
    """Grain: one row per user with an event in the window up to the cut-off and no cancellation up to it.

    None grows with the history: a model meets days that are later than those it learned from.
    """
    known = user_days.filter((F.col("source") == days.source) & (F.col("date_day") <= cut_off))
    age = F.datediff(F.lit(cut_off), F.col("date_day"))
    is_near, is_recent = age < WINDOW_DAYS, age < _RECENT_DAYS

    def a_day(total: Column, window_days: int) -> Column:
        # Of the days that the user has been known: a history that is shorter than the window is not less of anything.
        return total / F.least(F.max(age) + 1, F.lit(window_days))

    def near(column: str, when: Column = is_near, window_days: int = WINDOW_DAYS) -> Column:
        return F.log1p(a_day(F.sum(F.when(when, F.col(column)).otherwise(0)), window_days))

    summed = known.groupBy("user_key").agg(
        F.min(age).cast("double").alias("quiet_days"),
        a_day(F.count(F.when(is_near, 1)), WINDOW_DAYS).alias("active_days"),
        a_day(F.count(F.when(is_recent, 1)), _RECENT_DAYS).alias("recent_active_days"),
        near("listen_count").alias("listens"),
        near("listen_count", is_recent, _RECENT_DAYS).alias("recent_listens"),
        F.log1p(a_day(F.sum(F.when(is_near, F.col("heard_ms")).otherwise(0)), WINDOW_DAYS) / _HOUR_MS).alias(
            "heard_hours"
        ),
        near("session_count").alias("sessions"),
        near("thumbs_down_count").alias("thumbs_down"),
        near("advert_count").alias("adverts"),
        near("error_count").alias("errors"),
        (F.max(age) < _RECENT_DAYS).cast("double").alias("is_new"),
        F.max_by("level", "date_day").alias("level"),
        F.sum("cancellation_count").alias("cancellations"),
    )
    staying = summed.filter((F.col("quiet_days") < WINDOW_DAYS) & (F.col("cancellations") == 0))
    return staying.withColumn("is_paid", (F.col("level") == "paid").cast("double"))


def labelled(user_days: DataFrame, days: Days, cut_off: date) -> DataFrame:
    """The features at the cut-off, and whether the user left in the horizon after it."""
    after = (F.col("date_day") > cut_off) & (F.col("date_day") <= cut_off + days.horizon)
    later = user_days.filter((F.col("source") == days.source) & after)
    seen = later.groupBy("user_key").agg(F.sum("cancellation_count").alias("later_cancellations"))
    stayed = F.coalesce(F.col("later_cancellations") == 0, F.lit(False))
    joined = features(user_days, days, cut_off).join(seen, "user_key", "left")
    return joined.withColumn("is_churned", (~stayed).cast("double"))


def predicted(learned: DataFrame, rows: DataFrame) -> DataFrame:
    """`rows` with their risk, by a model of `learned`: in one sorted partition, so that sums are of one order."""
    vectors = VectorAssembler(inputCols=list(FEATURES), outputCol="features")
    settled = vectors.transform(learned.coalesce(1).sortWithinPartitions("user_key"))
    model = LogisticRegression(labelCol="is_churned", regParam=0.01, maxIter=100, tol=1e-8).fit(settled)
    probability = vector_to_array("probability").getItem(1)
    return model.transform(vectors.transform(rows)).withColumn("risk", F.round(probability, _DIGITS))
