"""The streaming application: what must be right before its queries start, and what ends them."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from types import FrameType

import pyarrow.compute as pc
from deltalake import DeltaTable
from pyspark.sql import SparkSession
from sqlalchemy.engine import Engine

from zipotify.contracts import outbox, serving
from zipotify.contracts.erasure import require_applied
from zipotify.contracts.serving import report_part
from zipotify.contracts.tables import BRONZE
from zipotify.contracts.wire import require_broker
from zipotify.errors import CheckpointLostError, HomeFullError
from zipotify.places import Folder
from zipotify.settings import Settings
from zipotify.stream.pause import Pause
from zipotify.stream.queries import Queries
from zipotify.stream.session import spark_session

_POLL_S = 0.5
_LOOK_EVERY_S = 30.0


def run_stream(settings: Settings, once: bool = False, housekeeping: Callable[[], None] = lambda: None) -> None:
    """Run until SIGTERM or SIGINT; with `once`, until all that Kafka has now is in the lake.

    `housekeeping` is called now and then while no batch is under way and the lake is held.

    Raises BrokerUnreachableError, CheckpointLostError, or ZipotifyError with the cause when a query fails.
    """
    stop = _stop_on_signal()
    engine = serving.connect(settings.serving_address())
    require_broker(settings)
    with settings.home.lock("lake"):
        require_applied(settings.home)
        report_part(engine, "stream", "starting", "Spark starts")
        spark = spark_session(settings, "zipotify-stream")
        try:
            run_queries(spark, settings, engine, stop, once, housekeeping)
        finally:
            spark.stop()
        report_part(engine, "stream", "stopped")


def run_queries(
    spark: SparkSession,
    settings: Settings,
    engine: Engine,
    stop: threading.Event,
    once: bool = False,
    housekeeping: Callable[[], None] = lambda: None,
) -> None:
    """Run both queries on a session that is there, until `stop` is set or, with `once`, all of Kafka is taken."""
    _check_checkpoint(settings)

    def work() -> None:
        outbox.move_to_quarantine(settings.home)
        housekeeping()

    room = _Room(settings)
    pause = Pause(settings.home.checkpoints / "bronze", work)
    queries = Queries(spark, settings, engine, require_broker(settings), once, pause)
    room.require()
    queries.start()
    report_part(engine, "stream", "running", "waiting for events")
    try:
        while not stop.is_set() and queries.are_active():
            stop.wait(_POLL_S)
            room.require()
            pause.use_if_idle()
    except HomeFullError as full:
        queries.stop()
        report_part(engine, "stream", "failed", full.what)
        raise
    report_part(engine, "stream", "stopping")
    queries.stop()
    pause.use_if_idle()


def _stop_on_signal() -> threading.Event:
    stop = threading.Event()

    def ask_to_stop(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, ask_to_stop)
    signal.signal(signal.SIGINT, ask_to_stop)
    return stop


def _check_checkpoint(settings: Settings) -> None:
    """A lake with streamed events and no checkpoint would read Kafka anew from who knows where."""
    folder = settings.home.checkpoints / "bronze"
    if (folder / "metadata").exists():
        return
    if any(_has_streamed_rows(settings.home.lake / table.path) for table in BRONZE.values()):
        raise CheckpointLostError(
            f"the lake has streamed events, but the checkpoint {folder} is gone",
            "restore the checkpoint from a backup, or start a new home and replay into it",
        )


def _has_streamed_rows(path: Folder) -> bool:
    if not DeltaTable.is_deltatable(str(path)):
        return False
    rows = DeltaTable(str(path)).to_pyarrow_dataset()
    return bool(rows.head(1, columns=["kafka_offset"], filter=pc.field("kafka_offset").is_valid()).num_rows)


class _Room:
    """Looks now and then whether the home may still grow."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._looked_at = float("-inf")

    def require(self) -> None:
        """Raise HomeFullError when it may not; what is in Kafka stays there until it may again."""
        if time.monotonic() - self._looked_at > _LOOK_EVERY_S:
            self._settings.home.require_room(self._settings.home_max_bytes)
            self._looked_at = time.monotonic()
