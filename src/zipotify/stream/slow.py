"""The slow path: records that Spark's reading leaves in doubt go to the reference validator, in Arrow batches.

Python runs here on purpose and only for these records; a stream of sound events never starts it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from zipotify.contracts.decode import Limits, Refusal, decode
from zipotify.contracts.erasure import NOBODY, ErasureList
from zipotify.contracts.fields import EVENTS, EXTRA
from zipotify.contracts.reasons import Reason
from zipotify.contracts.schemas import spark_wire_schema
from zipotify.contracts.tables import ERASED
from zipotify.settings import Settings
from zipotify.stream.parse import ANY_EVENT, RECORD_COLUMNS, WIRE_FIELDS

_KEPT = (*RECORD_COLUMNS, "value")
_ARROW_OF_KIND = {
    "long": pa.int64(),
    "int": pa.int32(),
    "double": pa.float64(),
    "number": pa.float64(),
    "bool": pa.bool_(),
}


def judged(doubtful: DataFrame, settings: Settings, erased: ErasureList = NOBODY) -> DataFrame:
    """Doubtful records with the columns of `accepted`, and `reason` and `message` where they are refused.

    Of people who were erased even what can't be read goes no further: its reason is `erased`.
    """
    limits = Limits(settings.max_event_bytes, settings.future_tolerance_hours * 3_600_000)
    kept = doubtful.select(*_KEPT)
    verdict = [T.StructField("reason", T.StringType()), T.StructField("message", T.StringType())]
    extra = T.StructField(EXTRA, T.StringType())
    schema = T.StructType([*kept.schema.fields, *spark_wire_schema(ANY_EVENT).fields[:-1], extra, *verdict])
    return kept.mapInArrow(_judge(limits, erased), schema)


def accepted(plain: DataFrame) -> DataFrame:
    """Plain records in the columns of `judged`."""
    nothing = F.lit(None).cast("string")
    return plain.drop("is_plain").withColumns({"reason": nothing, "message": nothing})


def _judge(limits: Limits, erased: ErasureList) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def judge(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            yield _judged_batch(batch, limits, erased)

    return judge


def _judged_batch(batch: pa.RecordBatch, limits: Limits, erased: ErasureList) -> pa.RecordBatch:
    produced_ms = [at_us // 1000 for at_us in batch["produced_at"].cast(pa.int64()).to_pylist()]
    rows = zip(batch["topic"].to_pylist(), batch["value"].to_pylist(), produced_ms, strict=True)
    verdicts = [_verdict(topic, value, at_ms, limits) for topic, value, at_ms in rows]
    events: list[dict[str, Any]] = [{} if isinstance(v, Refusal) else v for v in verdicts]
    refusals = [(str(v.reason), v.message) if isinstance(v, Refusal) else None for v in verdicts]
    if erased:
        origin = zip(batch["source"].to_pylist(), batch["value"].to_pylist(), strict=True)
        gone = [erased.owns(source, value or b"") for source, value in origin]
        refusals = [(ERASED, "") if is_gone else r for is_gone, r in zip(gone, refusals, strict=True)]
    columns = [
        *batch.columns,
        *(pa.array([e.get(f.name) for e in events], _ARROW_OF_KIND.get(f.kind, pa.string())) for f in WIRE_FIELDS),
        pa.array([e.get(EXTRA) for e in events], pa.string()),
        *(pa.array([r and r[place] for r in refusals], pa.string()) for place in (0, 1)),
    ]
    names = [*batch.schema.names, *(f.name for f in WIRE_FIELDS), EXTRA, "reason", "message"]
    return pa.RecordBatch.from_arrays(columns, names=names)


def _verdict(topic: str, value: bytes | None, produced_at_ms: int, limits: Limits) -> dict[str, Any] | Refusal:
    if topic not in EVENTS:
        return Refusal(Reason.UNKNOWN_TOPIC, "no contract has this topic")
    return decode(EVENTS[topic], value or b"", produced_at_ms, limits)
