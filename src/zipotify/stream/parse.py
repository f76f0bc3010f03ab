"""Kafka records -> typed events, by Spark's own functions: one JSON pass for all topics.

A record is *plain* when Spark's reading of it is beyond doubt. Only plain records are accepted here; all others go to
the reference validator (`slow`), which accepts them too or says why not. So being too careful here costs time, never
an event, and both paths agree by construction: plain must only imply that the reference accepts, with equal values.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from zipotify.contracts.decode import EARLIEST_MS, LOGGED_IN, MAX_ABS_DOUBLE, MAX_DEPTH, MAX_USER_ID_CHARS
from zipotify.contracts.fields import EVENTS, EXTRA, EventContract, EventField
from zipotify.contracts.identity import EXTERNAL_SOURCE
from zipotify.contracts.schemas import CORRUPT_COLUMN, spark_wire_schema
from zipotify.contracts.wire import HEADER_SOURCE
from zipotify.settings import Settings
from zipotify.stream.derive import identified
from zipotify.stream.everyday import is_everyday

WIRE_FIELDS: tuple[EventField, ...] = tuple(
    {field.name: field for contract in EVENTS.values() for field in contract.fields}.values()
)
"""Every field of every event once; fields of one name have one type in all events."""
ANY_EVENT = EventContract("any", "The fields of all events together.", WIRE_FIELDS)
RECORD_COLUMNS = ("topic", "source", "produced_at", "kafka_partition", "kafka_offset")

_JSON_OPTIONS = {
    "mode": "PERMISSIVE",
    "columnNameOfCorruptRecord": CORRUPT_COLUMN,
    "allowSingleQuotes": "false",
    "allowNonNumericNumbers": "false",
}
# Escapes that could hide a field name or half a character; ordinary encoders do not write the former.
_ODD_ESCAPE = r"\\u(?:00[2-7]|[dD][89a-fA-F])"
_NAMES = {kind: "|".join(f.name for f in WIRE_FIELDS if f.kind == kind) for kind in ("string", "id")}
# Spark reads any JSON value into a string column; text must start with a quote (or be null), an id may be digits.
_NOT_TEXT = rf'"(?:{_NAMES["string"]})"\s*:\s*[^"n\s]'
_NOT_ID = rf'"(?:{_NAMES["id"]})"\s*:\s*[^"n\d\s]'
# A plain record is one flat object, so only a hundred arrays could make it too deep.
_MANY_ARRAYS = rf"(?:\[[^\[]*){{{MAX_DEPTH}}}"
# A name with escapes, or a text with a quote in it that looks like a name: nothing that patterns should decide.
_ESCAPED_NAME = r'\\(?:[^"]*|"[^"\\]*)"\s*:'
SUSPICIOUS_PATTERN = f"{_ODD_ESCAPE}|{_NOT_TEXT}|{_NOT_ID}|{_MANY_ARRAYS}|{_ESCAPED_NAME}"
_SIMPLE_VALUE = r'(?:"[^"\\]*"|0|-?[1-9]\d{0,17}|true|false|null)\s*[,}]'
_DOUBTFUL_ID = r"^-?\d+[.eE]|^\d{19}"


def read_events(kafka: DataFrame, settings: Settings) -> DataFrame:
    """All of Kafka's records with their bytes, fields and, where they are plain, identities."""
    return identified(parsed(records(kafka), settings), settings.user_key(), F.col("is_plain"))


def records(kafka: DataFrame) -> DataFrame:
    """Columns RECORD_COLUMNS and `value` of a Kafka DataFrame read with headers."""
    first = F.get("headers", F.lit(0))  # where our producers have it; a search for it costs as much as a hash
    found = F.filter("headers", lambda header: header["key"] == HEADER_SOURCE)
    source = F.when(first["key"] == HEADER_SOURCE, first["value"]).otherwise(F.get(found, F.lit(0))["value"])
    return kafka.select(
        "topic",
        F.coalesce(source.cast("string"), F.lit(EXTERNAL_SOURCE)).alias("source"),
        F.col("timestamp").alias("produced_at"),
        F.col("partition").alias("kafka_partition"),
        F.col("offset").alias("kafka_offset"),
        "value",
    )


def parsed(kafka_records: DataFrame, settings: Settings) -> DataFrame:
    """Records with the fields of WIRE_FIELDS and `is_plain`; fields of other records than plain ones mean nothing."""
    schema = json.dumps(spark_wire_schema(ANY_EVENT).jsonValue())
    text = F.col("value").cast("string")
    event = F.from_json(text, schema, _JSON_OPTIONS)
    read = kafka_records.withColumn("_event", event)
    fields = [_not_empty(field).alias(field.name) for field in WIRE_FIELDS]
    corrupt = F.col(f"_event.{CORRUPT_COLUMN}").alias(CORRUPT_COLUMN)
    is_read = F.col("_event").isNotNull().alias("_is_read")
    everyday = F.coalesce(is_everyday(F.col("topic"), text), F.lit(False)).alias("_is_everyday")
    typed = read.select(*RECORD_COLUMNS, "value", is_read, everyday, corrupt, *fields)
    typed = typed.withColumn(EXTRA, F.when(~F.col("_is_everyday"), _extra(text)))
    checked = typed.withColumn("is_plain", F.coalesce(_is_plain(settings), F.lit(False)))
    return checked.drop(CORRUPT_COLUMN, "_is_read", "_is_everyday")


def _extra(text: Column) -> Column:
    """Fields that the record's contract does not know, as `decode.unknown_fields` gives them; null without any.

    A second reading, but only of records that have such fields.
    """
    as_texts = F.from_json(text, "map<string,string>", _JSON_OPTIONS)
    chosen = F.lit(None).cast("string")
    for topic, contract in EVENTS.items():
        unknown = F.map_filter(as_texts, _is_unknown(contract))
        # Twice through entries: of fields that occur twice the last counts, and then all stand in order of name.
        once = F.map_from_entries(F.map_entries(unknown))
        ordered = F.to_json(F.map_from_entries(F.array_sort(F.map_entries(once))))
        has_unknown = (F.col("topic") == topic) & text.rlike(_unknown_name(contract))
        chosen = F.when(has_unknown, F.when(ordered != "{}", ordered)).otherwise(chosen)
    return chosen


def _is_unknown(contract: EventContract) -> Callable[[Column, Column], Column]:
    names = sorted(contract.names)
    return lambda name, value: ~name.isin(names) & value.isNotNull() & (value != "")


def _unknown_name(contract: EventContract) -> str:
    """A pattern that finds a field which the contract does not know."""
    return rf'"(?!(?:{"|".join(sorted(contract.names))})")[^"\\]*"\s*:'


def _has_odd_extra(text: Column) -> Column:
    """Unknown fields whose values may look different in Spark's and Python's writing."""
    odd = F.lit(False)
    for topic, contract in EVENTS.items():
        pattern = rf"{_unknown_name(contract)}\s*+(?!{_SIMPLE_VALUE})"
        odd = F.when(F.col("topic") == topic, text.rlike(pattern)).otherwise(odd)
    return odd


def _not_empty(field: EventField) -> Column:
    column = F.col(f"_event.{field.name}")
    return F.when(column != "", column) if field.kind in ("string", "id") else column


def _is_plain(settings: Settings) -> Column:
    text = F.col("value").cast("string")
    is_whole = (
        F.col("_is_read")
        & F.col(CORRUPT_COLUMN).isNull()
        & (F.length("value") <= settings.max_event_bytes)
        & F.is_valid_utf8(text)
        & (F.col("_is_everyday") | _is_clear(text))
    )
    return is_whole & _numbers_are_sane() & _has_required_fields() & _user_is_clear() & _time_is_in_range(settings)


def _is_clear(text: Column) -> Column:
    """What patterns prove of a record that is not in everyday form."""
    is_flat = F.instr(text, "}") == F.length(text)  # one flat object and nothing behind it
    return is_flat & ~text.rlike(SUSPICIOUS_PATTERN) & (F.col(EXTRA).isNull() | ~_has_odd_extra(text))


def _numbers_are_sane() -> Column:
    limit = {"double": MAX_ABS_DOUBLE, "number": MAX_ABS_DOUBLE * 1e6}
    sane = F.lit(True)
    for field in WIRE_FIELDS:
        if field.kind in limit:
            sane = sane & F.coalesce(F.abs(F.col(field.name)) < limit[field.kind], F.lit(True))
    return sane


def _has_required_fields() -> Column:
    complete = F.lit(False)
    for topic, contract in EVENTS.items():
        present = F.col("topic") == topic
        for field in contract.fields:
            if field.required:
                present = present & F.col(field.name).isNotNull()
        complete = complete | present
    return complete


def _user_is_clear() -> Column:
    user_id = F.col("userId")
    known = (F.length(user_id) <= MAX_USER_ID_CHARS) & ~user_id.rlike(_DOUBTFUL_ID)
    return F.when(user_id.isNotNull(), known).otherwise(~F.col("auth").eqNullSafe(LOGGED_IN))


def _time_is_in_range(settings: Settings) -> Column:
    latest = F.unix_millis("produced_at") + settings.future_tolerance_hours * 3_600_000
    return F.col("ts").between(F.lit(EARLIEST_MS), latest)
