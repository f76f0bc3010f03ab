"""The list of jobs, once, as data: what Airflow schedules, and what `zipotify up` does where there is no Airflow.

Only the standard library is imported here: Airflow reads this file in an environment of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

Pool = Literal["spark", "duckdb", "lake", "light"]
Owner = Literal["data-platform", "data-quality", "analytics"]

POOL_SLOTS: dict[Pool, int] = {"spark": 1, "duckdb": 1, "lake": 1, "light": 4}
"""How many steps of a kind may run at once, whoever starts them: Spark and DuckDB each want the machine's memory."""

SKIPPED = 99
"""Exit code of a step that found nothing to do: what comes after it is skipped, and that is no failure."""

BRONZE = "bronze"
"""The data set that is announced when the lake has something new to build from: events, or results of analyses."""


@dataclass(frozen=True)
class Parameter:
    """A value that whoever starts the job may give; `{name}` in a step's arguments stands for it."""

    name: str
    default: str
    doc: str


@dataclass(frozen=True)
class Step:
    """One verb of the command line, idempotent, so that it may be tried again."""

    name: str
    arguments: tuple[str, ...]
    doc: str
    pool: Pool = "light"
    timeout_s: int = 600
    announces: str | None = None
    """Data set that is new when this step succeeds."""
    shows_models: bool = False
    """Whether each dbt model of it is shown as a task of its own."""


@dataclass(frozen=True)
class Job:
    """Steps that run one after the other on a schedule."""

    name: str
    doc: str
    steps: tuple[Step, ...]
    cron: str | None
    """When it runs, UTC; None is on demand."""
    owner: Owner
    deadline_s: int
    """Longer than this from its start to its end is worth an alert."""
    after_news_of: str | None = None
    """Data set that starts it where the scheduler knows data sets (Airflow); elsewhere `cron` does."""
    part: str | None = None
    """Long-running part of `zipotify up` that does the same and keeps dbt loaded; while it runs, this job rests."""
    parameters: tuple[Parameter, ...] = ()
    retry_count: int = 2
    retry_delay_s: int = 30
    """Before the first retry; it doubles with each further one."""

    def step(self, name: str) -> Step:
        """The step of that name; raises KeyError."""
        return {step.name: step for step in self.steps}[name]

    def filled(self, values: dict[str, str]) -> tuple[Step, ...]:
        """The steps with their parameters in place; raises KeyError for one that the job does not have."""
        known = {parameter.name: parameter.default for parameter in self.parameters}
        unknown = sorted(values.keys() - known.keys())
        if unknown:
            raise KeyError(unknown[0])
        chosen = {**known, **values}
        return tuple(
            replace(step, arguments=tuple(_fill(argument, chosen) for argument in step.arguments))
            for step in self.steps
        )


def _fill(argument: str, values: dict[str, str]) -> str:
    """Whole arguments only, so that a value can never become a second argument or a flag."""
    is_place = argument.startswith("{") and argument.endswith("}")
    return values[argument[1:-1]] if is_place else argument


CATALOG = Job(
    "catalog",
    "Puts another catalogue in the place of the one that is used; the next build works with it.",
    (Step("import", ("catalog", "import", "{path}"), "Read Million Song data into the lake.", "spark", 6 * 3600),),
    cron=None,
    owner="analytics",
    deadline_s=6 * 3600,
    parameters=(Parameter("path", "", "File or folder of Million Song data, on the machine that runs the job."),),
)
BACKFILL = Job(
    "backfill",
    "Takes a range of days of recorded logs into the lake, one backfill at a time; what is there counts as a repeat.",
    (
        Step(
            "load",
            ("load", "{path}", "--source", "{source}", "--first-day", "{first_day}", "--last-day", "{last_day}", "-q"),
            "Straight into the lake, and then the warehouse hears of it.",
            "lake",
            6 * 3600,
            announces=BRONZE,
        ),
    ),
    cron=None,
    owner="data-platform",
    deadline_s=8 * 3600,
    parameters=(
        Parameter("path", "", "File or folder of recorded logs."),
        Parameter("source", "recorded", "Source that the events belong to."),
        Parameter("first_day", "2000-01-01", "Events from the start of this day on, UTC."),
        Parameter("last_day", "9999-12-31", "Events to the end of this day."),
    ),
    retry_count=5,
    retry_delay_s=60,
)
STREAM_WATCH = Job(
    "stream_watch",
    "Sees that the streaming application lives, and tells the warehouse when the lake has new events.",
    (
        Step("stream", ("maintain", "stream"), "Restart one that hangs; where none runs, take in what waits.", "spark"),
        Step("news", ("maintain", "news"), "Compare the lake with what is published.", announces=BRONZE),
    ),
    cron="* * * * *",
    owner="data-platform",
    deadline_s=1800,
)
WAREHOUSE = Job(
    "warehouse",
    "Builds the warehouse from the lake, checks it, and publishes it: all of it, or nothing.",
    (Step("build", ("build",), "Run every model and check, then switch readers.", "duckdb", 3600, shows_models=True),),
    cron="*/5 * * * *",
    owner="data-platform",
    deadline_s=3600,
    after_news_of=BRONZE,
    part="warehouse",
)
ANALYSES = Job(
    "analyses",
    "Works out recommendations, music heard together and churn risk from what is published, where SQL ends.",
    (
        Step(
            "analyses",
            ("analyses",),
            "Run every analysis whose input has changed, by PySpark.",
            "spark",
            4 * 3600,
            announces=BRONZE,
        ),
    ),
    cron="15 4 * * *",
    owner="analytics",
    deadline_s=6 * 3600,
)
QUALITY = Job(
    "quality",
    "Accounts for every event, and holds freshness against its limits.",
    (
        Step("ledger", ("ledger",), "Every event produced is in bronze, refused, a repeat or in flight."),
        Step("freshness", ("maintain", "freshness"), "Produced to visible, per stage, against the settings' limits."),
    ),
    cron="*/15 * * * *",
    owner="data-quality",
    deadline_s=900,
)
MAINTENANCE = Job(
    "maintenance",
    "Keeps the home small and safe: old rows go, and a verified copy is made where one is wanted.",
    (
        Step("retention", ("maintain", "retention"), "Remove records of work older than the settings keep."),
        Step(
            "lake",
            ("maintain", "lake"),
            "Apply retention to the lake, merge small files, remove old ones.",
            "lake",
            3600,
        ),
        Step("backup", ("maintain", "backup"), "Copy the home to `backup_to` and verify it; else skip.", "lake", 3600),
    ),
    cron="30 3 * * *",
    owner="data-platform",
    deadline_s=7200,
)

JOBS: dict[str, Job] = {
    job.name: job for job in (CATALOG, BACKFILL, STREAM_WATCH, WAREHOUSE, ANALYSES, QUALITY, MAINTENANCE)
}
"""All jobs by name, in the order in which data takes them."""
