"""Every field of every topic, table and model: type, unit, may it be null, meaning, example, personal, origin."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from docs_pages import other_fields
from docs_pages.markdown import code, generated, join, table
from docs_pages.models import LAYERS, Model, may_be_null, models
from docs_pages.recorded import example, recorded
from zipotify.contracts import serving
from zipotify.contracts.analyses import ANALYSES
from zipotify.contracts.fields import EVENTS, EventContract
from zipotify.contracts.tables import BRONZE, PRIVATE_FIELDS, TABLES, Table

_HEAD = ("field", "type", "unit", "null?", "meaning", "example", "personal", "origin")
_UNITS = {"_ms": "ms", "_s": "s", "_at": "UTC instant", "_date": "UTC day", "_count": "count", "_share": "0 to 1"}
_SERVING_MEANINGS = {
    "balanced": "whether every line of the ledger came out at 0",
    "batch_id": "number of its batch",
    "bronze_count": "new events written to bronze",
    "bucket_start_s": "start of the ten seconds",
    "build_id": "time of the build and a random end",
    "checked_at_ms": "when the ledger was drawn up",
    "committed_at_ms": "when the batch was applied",
    "detail": "what it does right now, in words",
    "duration_ms": "how long the batch took",
    "end_offset": "the first offset that was not lost",
    "finished_at_ms": "when it ended; null while it runs",
    "heartbeat_at_ms": "when the part last spoke",
    "hour_s": "start of the UTC hour of sending",
    "input_count": "records read from Kafka",
    "job": "job of the list that `zipotify job list` shows",
    "measured_at_ms": "when it was measured",
    "message": "what happened, in words",
    "minute_start_s": "start of the minute",
    "name": "the part",
    "next_offset": "the first offset that is not counted yet",
    "p50_ms": "half of the events were visible within that",
    "p95_ms": "95 of 100 events were visible within that",
    "p99_ms": "99 of 100 events were visible within that",
    "partition": "Kafka's partition",
    "produced_count": "records that Kafka took",
    "progress": "share that is done, 0 to 1; null where that is not known",
    "query_id": "query of the stream: bronze or live",
    "refused_count": "records that went to quarantine",
    "repeat_count": "records whose event was there already",
    "report": "the whole ledger as JSON",
    "run_id": "run of a job",
    "stage": "where it became visible",
    "start_offset": "the first offset that was lost",
    "started_at_ms": "when it began",
    "step": "step of the job",
    "topic": "Kafka's topic",
    "user_key": "keyed hash of source and user id",
}
_STATE_OF_A_USER = "state of the US, two letters"
_COUNTS = {"event_count": "events", "play_count": "plays", "upgrade_count": "upgrades", "downgrade_count": "downgrades"}
_PSEUDONYMS = {"user_key", "user_version_key", "private_id"}


def page() -> str:
    """All of it."""
    about = recorded("samples")["about"]
    intro = (
        "The overview is on [the data model](data-model.md). *Personal* is `yes` for what may not leave "
        "`users_private` (and the original bytes in quarantine), `pseudonym` for keyed hashes of a person. Examples "
        f"are from a simulated run of {about['date']}; an empty one means that the recorded row had no value there."
    )
    return join(
        "# Every field",
        generated("contracts, dbt and a recorded run"),
        intro,
        "## Topics in Kafka",
        *(_topic(contract) for contract in EVENTS.values()),
        _dead_letters(),
        "## Lake",
        *(_lake_table(lake_table) for lake_table in (*TABLES.values(), *ANALYSES)),
        other_fields.catalogue(),
        "## Serving database",
        *(_serving_table(found) for found in serving.metadata.sorted_tables),
        "## Warehouse",
        *(_model(model) for model in models().values()),
        "## Published",
        other_fields.manifest(),
    )


def unit_of(name: str, given: str = "") -> str:
    """The unit that was given, else what the name's ending says."""
    return given or next((unit for ending, unit in _UNITS.items() if name.endswith(ending)), "")


def _topic(contract: EventContract) -> str:
    rows = [
        (
            code(field.name),
            field.kind,
            field.unit,
            "no" if field.required else "yes",
            field.doc,
            code(field.example),
            "yes" if field.is_personal else "no",
            "producer",
        )
        for field in contract.fields
    ]
    return f"### {contract.topic}\n\n{contract.doc} JSON object, UTF-8.\n\n{table(_HEAD, rows)}"


def _dead_letters() -> str:
    return (
        "### dead_letters\n\nThe original bytes of each refused record, as they came; headers say from where and why. "
        "Its columns at rest are those of [quarantine](#quarantine)."
    )


def _lake_table(lake_table: Table) -> str:
    rows = [
        (
            code(column.name),
            column.type,
            unit_of(column.name, column.unit),
            "yes" if column.nullable else "no",
            column.doc,
            "" if column.personal else code(example(lake_table.name, column.name)),
            _personal(column.name, column.personal),
            _origin(lake_table, column.name),
        )
        for column in lake_table.columns
    ]
    partition = f" Partitioned by {', '.join(lake_table.partition_by)}." if lake_table.partition_by else ""
    title = f"bronze {lake_table.name}" if lake_table.name in BRONZE else lake_table.name
    return f"### {title}\n\nGrain: {lake_table.grain}. `lake/{lake_table.path}`.{partition}\n\n{table(_HEAD, rows)}"


def _personal(name: str, is_personal: bool) -> str:
    return "yes" if is_personal else "pseudonym" if name in _PSEUDONYMS else "no"


def _origin(lake_table: Table, name: str) -> str:
    """The field on the wire, or who makes the column."""
    if lake_table.name in BRONZE:
        wire = next((f.name for f in EVENTS[lake_table.name].fields if f.column == name), None)
        derived = {"user_key": "`userId`", "event_at": "`ts`", "event_date": "`ts`", "device": "`userAgent`"}
        return code(wire) or derived.get(name, "stream or load")
    if lake_table in ANALYSES:
        return code("zipotify analyses")
    wire = next((field for field, column in PRIVATE_FIELDS.items() if column == name), None)
    return code(wire) if lake_table.name == "users_private" and wire else "stream or load"


def _serving_table(found: Any) -> str:
    rows = [
        (
            code(column.name),
            str(column.type).lower(),
            unit_of(column.name),
            "yes" if column.nullable else "no",
            _meaning(column),
            code(example(found.name, column.name)),
            _personal(column.name, False),
            "stream" if found.name.startswith(("live_", "stream_")) else "parts",
        )
        for column in found.columns
    ]
    return f"### {found.name}\n\n{found.comment or ''}\n\n{table(_HEAD, rows)}"


def _meaning(column: Any) -> str:
    is_live = column.table.name.startswith("live_")
    known = {**other_fields.known_meanings(), **_COUNTS, **_SERVING_MEANINGS}
    meaning = _STATE_OF_A_USER if is_live and column.name == "state" else known.get(column.name, "")
    if not is_live and column.name == "state":
        meaning = "see above"
    return f"{meaning or column.name.removesuffix('_ms').replace('_', ' ')}{' (part of the key)' * column.primary_key}"


def _model(model: Model) -> str:
    if not model.columns:
        return other_fields.inner_model(model, unit_of, lambda name: _personal(name, False))
    where = f"({model.layer}, {LAYERS[model.layer]})"
    return f"### {model.name}\n\nGrain: {model.grain} {where}\n\n{table(_HEAD, _columns(model))}"


def _columns(model: Model) -> Iterator[tuple[str, ...]]:
    origin = ", ".join(model.parents)
    for column in model.columns:
        name = column["name"]
        yield (
            code(name),
            str(column.get("data_type", "")),
            unit_of(name),
            "yes" if may_be_null(model, column) else "no",
            str(column.get("description", "")),
            code(example(model.name, name)),
            _personal(name, False),
            origin,
        )
