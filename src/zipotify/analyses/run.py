"""All analyses, one after the other: each writes its tables whole, and what the same input made is left as it is.

A run that was killed leaves every table old or new. The next one skips those that are new already.
"""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pyspark.sql import DataFrame, SparkSession

from zipotify.analyses import facts as published
from zipotify.analyses.churn import churn
from zipotify.analyses.facts import Facts
from zipotify.analyses.recommend import quality, recommendations
from zipotify.analyses.results import is_done, write
from zipotify.analyses.similar import similar_artists, similar_tracks
from zipotify.contracts.analyses import (
    ANALYSES,
    CHURN_CALIBRATION,
    CHURN_MODEL,
    CHURN_RISK,
    RECOMMENDATION_QUALITY,
    RECOMMENDATIONS,
    SIMILAR_ARTISTS,
    SIMILAR_TRACKS,
)
from zipotify.contracts.erasure import require_applied
from zipotify.contracts.snapshot import Manifest, open_current
from zipotify.contracts.tables import Table
from zipotify.home import Home
from zipotify.settings import Settings


@dataclass(frozen=True)
class Analysis:
    """One piece of work: what it is called, and the tables that it makes together."""

    name: str
    tables: tuple[Table, ...]
    compute: Callable[[Facts, Settings], dict[str, DataFrame]]


@dataclass(frozen=True)
class Outcome:
    """How one analysis went."""

    name: str
    state: Literal["done", "unchanged"]
    row_counts: dict[str, int]
    duration_s: float


WORK = (
    Analysis("similar_tracks", (SIMILAR_TRACKS,), lambda f, _: {SIMILAR_TRACKS.name: similar_tracks(f)}),
    Analysis("similar_artists", (SIMILAR_ARTISTS,), lambda f, _: {SIMILAR_ARTISTS.name: similar_artists(f)}),
    Analysis("recommendations", (RECOMMENDATIONS,), lambda f, _: {RECOMMENDATIONS.name: recommendations(f)}),
    Analysis("quality", (RECOMMENDATION_QUALITY,), lambda f, _: {RECOMMENDATION_QUALITY.name: quality(f)}),
    Analysis("churn", (CHURN_RISK, CHURN_CALIBRATION, CHURN_MODEL), lambda f, s: churn(f, s.churn_horizon_days)),
)
"""In order of need: the first is what a page about a track shows."""


def run(settings: Settings, session: Callable[[], SparkSession], again: bool = False) -> Iterator[Outcome]:
    """Bring every table up to the published snapshot; with `again`, those too that are. Spark starts only when needed.

    Raises QueryError when nothing is published, HomeInUseError, and ErasurePendingError.
    """
    home = settings.home
    with home.lock("analyses"):
        require_applied(home)
        manifest, connection = open_current(home.published, settings.warehouse_memory_mb)
        with connection:
            version = input_version(settings, manifest)
            wanted = [work for work in WORK if again or not _is_done(home, work, version)]
            shutil.rmtree(_scratch(home), ignore_errors=True)
            if wanted:
                published.take_out(connection, _scratch(home))
        for work in WORK:
            if work not in wanted:
                yield Outcome(work.name, "unchanged", {}, 0.0)
        if wanted:
            yield from _run(settings, session(), wanted, version)


def input_version(settings: Settings, manifest: Manifest) -> str:
    """Hash over all that results depend on: the snapshot's events, catalogue and models, settings, and this package."""
    own = {table.name for table in ANALYSES}
    versions = sorted((name, version) for name, version in manifest.lake_versions.items() if name not in own)
    digest = hashlib.sha256(f"{versions} {manifest.fingerprint} {settings.churn_horizon_days}".encode())
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _run(settings: Settings, spark: SparkSession, wanted: list[Analysis], version: str) -> Iterator[Outcome]:
    home = settings.home
    try:
        with published.read(spark, _scratch(home)) as facts:
            for work in wanted:
                started_s = time.monotonic()
                frames = work.compute(facts, settings)
                counts = {table.name: write(frames[table.name], home.lake, table, version) for table in work.tables}
                spark.catalog.clearCache()
                yield Outcome(work.name, "done", counts, time.monotonic() - started_s)
    finally:
        shutil.rmtree(_scratch(home), ignore_errors=True)


def _is_done(home: Home, work: Analysis, version: str) -> bool:
    return all(is_done(home.lake, table, version) for table in work.tables)


def _scratch(home: Home) -> Path:
    """It holds user keys, so it goes when a run ends; what a killed one left goes with the next run or erasure."""
    return home.run / "analyses"
