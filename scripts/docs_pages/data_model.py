"""The data model in one page: lineage, relations, grain of every table, how long it stays, what it weighs, one play."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from docs_pages.markdown import code, generated, join, mermaid, table
from docs_pages.models import Model, models
from docs_pages.recorded import recorded
from zipotify.contracts import serving
from zipotify.contracts.fields import CONTRACT_VERSION, EVENTS
from zipotify.contracts.tables import TABLES
from zipotify.settings import Settings

_RELATIONS = (
    ("dim_tracks", "fct_plays", "track_key"),
    ("dim_artists", "fct_plays", "artist_key"),
    ("dim_artists", "dim_tracks", "artist_key"),
    ("dim_users", "fct_plays", "user_version_key"),
    ("dim_locations", "fct_plays", "location_key"),
    ("fct_sessions", "fct_plays", "session_key"),
    ("fct_sessions", "fct_page_views", "session_key"),
    ("dim_users", "fct_page_views", "user_version_key"),
    ("dim_users", "fct_sessions", "user_version_key"),
    ("dim_users", "fct_user_days", "user_version_key"),
    ("dim_users", "fct_level_changes", "user_version_key"),
    ("dim_dates", "fct_user_days", "date_day"),
    ("dim_dates", "agg_day", "date_day"),
)
"""(one side, many side, column): the joins that the marts are made for."""
_MB = 1e6


def page() -> str:
    """The page."""
    return join(
        "# Data model",
        generated("contracts, dbt and a recorded run"),
        "Every field is on [its own page](data-model-fields.md); what the figures mean on [metrics](metrics.md); why "
        "an event is refused on [reasons](reasons.md); short answers on [questions](questions.md). "
        f" Contract version {CONTRACT_VERSION}.",
        "## Lineage\n\nFrom the topics to facts and dimensions:\n\n" + mermaid(_lineage(_is_base)),
        "From facts and dimensions to the aggregates that tiles read:\n\n" + mermaid(_lineage(_is_aggregate)),
        "## Which table has which grain\n\n" + _grains(),
        "## How the marts relate\n\n" + mermaid(_relations()),
        "## Keys\n\n" + _keys(),
        "## How long it stays\n\n" + _retention(),
        "## What it weighs\n\n" + _sizes(),
        "## One play, from file to tile\n\n" + _journey(),
    )


def _is_aggregate(model: Model) -> bool:
    """Made for tiles: what is there for reading alone."""
    return model.name.startswith("agg_")


def _is_base(model: Model) -> bool:
    return not _is_aggregate(model) and model.name != "int_user_day_groups"


def _lineage(is_shown: Callable[[Model], bool]) -> Iterator[str]:
    """One picture: the models that are shown, and what each is made from."""
    shown = [model for model in models().values() if is_shown(model)]
    yield "flowchart LR"
    for topic, contract in EVENTS.items() if is_shown is _is_base else ():
        yield f"  kafka_{contract.topic}>Kafka {topic}] --> lake_{topic}[(lake {topic})]"
    for model in shown:
        yield from (f"  {_node(parent)} --> {model.name}" for parent in model.parents)


def _node(parent: str) -> str:
    origin, dot, name = parent.partition(".")
    return f"{origin}_{name}[({origin} {name})]" if dot else parent


def _grains() -> str:
    rows: list[tuple[str, str, str, str]] = []
    for topic, contract in EVENTS.items():
        rows.append((_link(topic, topic), "Kafka topic, JSON", f"one event: {contract.doc}", "source, sessionId"))
    for lake_table in TABLES.values():
        is_bronze = lake_table.path.startswith("events/")
        anchor, key = (f"bronze-{lake_table.name}", "event_id") if is_bronze else (lake_table.name, "see its grain")
        rows.append((_link(anchor, f"lake/{lake_table.path}"), "Delta", lake_table.grain, key))
    for found in serving.metadata.sorted_tables:
        key = ", ".join(column.name for column in found.primary_key)
        rows.append((_link(found.name, found.name), "SQLite or PostgreSQL", found.comment or "", key))
    for model in models().values():
        name = _link(model.name, model.name) if model.columns else code(model.name)
        where = "DuckDB, published" if model.layer == "marts" else f"DuckDB, {model.layer}"
        rows.append((name, where, model.grain, ", ".join(model.key)))
    return table(["table", "rests in", "grain: what a row is", "key"], rows)


def _link(name: str, shown: str) -> str:
    return f"[`{shown}`](data-model-fields.md#{name})"


def _relations() -> Iterator[str]:
    known = models()
    yield "erDiagram"
    for one, many, column in _RELATIONS:
        has_both = all(column in {c["name"] for c in known[name].columns} for name in (one, many))
        if not has_both:
            raise ValueError(f"docs_pages.data_model: {one} and {many} do not both have {column}")
        yield f"  {one} ||--o{{ {many} : {column}"


def _keys() -> str:
    return (
        "Surrogate keys are hashes, never sequences, so two builds of the same data are equal. `event_id` is the "
        "SHA-256 of source, topic, session, item in session and time; `user_key` is an HMAC of source and user id "
        "under a key of the home. Facts join dimensions on keys that are unique there; an unknown member stands for "
        "what the catalogue does not know, so that no join loses or doubles a fact."
    )


def _retention() -> str:
    defaults = {name: field.default for name, field in Settings.model_fields.items()}
    rows = [
        (
            "Kafka topics",
            f"{defaults['kafka_retention_hours']} h, and at most {defaults['kafka_max_bytes'] / 2**30:g} GiB in all",
            "`kafka_retention_hours`, `kafka_max_bytes`",
            f"{defaults['kafka_partitions']} partitions a topic, by key",
        ),
        ("lake/events", "until you remove it", "", "`event_date`, the UTC day"),
        ("quarantine, repeats, loads, users_private", "until you remove it", "", "none"),
        ("live tables", f"{defaults['live_retention_hours']} h", "`live_retention_hours`", "none"),
        (
            "published snapshots",
            f"the newest {defaults['published_keep_count']}",
            "`published_keep_count`",
            "one file each",
        ),
    ]
    return table(["what", "stays", "setting", "partitioned by"], rows)


def _sizes() -> str:
    sizes = recorded("sizes")
    events, about = sizes["events"], sizes["about"]
    total = sum(events.values())
    names = list(events)
    rows = [
        (
            stage,
            *(_per_million(by_topic[name], events[name]) for name in names),
            _per_million(sum(by_topic.values()), total),
        )
        for stage, by_topic in sizes["bytes"].items()
    ]
    rest = [
        ("published snapshot (DuckDB)", *([""] * len(names)), _per_million(sizes["snapshot_bytes"], total)),
        ("working warehouse (DuckDB)", *([""] * len(names)), _per_million(sizes["warehouse_bytes"], total)),
    ]
    measured = (
        f"MB per million events, measured on {about['date']} ({about['machine']}) with {total:,} simulated events; "
        "`scripts/record_run.py` measures again. Small tables weigh more per event: DuckDB fills blocks of 256 KiB, "
        "and each batch of the stream writes a file per day until they are compacted."
    )
    return f"{measured}\n\n" + table(["stage", *names, "all"], [*rows, *rest])


def _per_million(size_bytes: int, count: int) -> str:
    return f"{size_bytes / _MB / (count / 1e6):.0f}" if count else ""


def _journey() -> str:
    run = recorded("journey")
    kafka, about = run["kafka"], run["about"]
    return "\n\n".join(
        [
            f"Recorded on {about['date']} by `scripts/record_run.py` (seed {about['seed']}); the person is simulated.",
            f"**1. The simulator's line** in `listen_events.ndjson`, {kafka['value_bytes']} bytes:\n\n"
            + _json(json.loads(run["file_line"])),
            f"**2. In Kafka**, the same bytes, beginning `{kafka['value_hex_head']}`:\n\n"
            + _json({name: kafka[name] for name in ("topic", "partition", "offset", "timestamp_ms", "key", "headers")}),
            "**3. In bronze**, typed, snake_case, without personal fields:\n\n" + _json(run["bronze"]),
            "**4. In the live rollups**, counted into its ten seconds (every combination of dimensions is a row):\n\n"
            + _json(run["live_counts"]),
            "and as a row of the ticker:\n\n" + _json(run["live_plays"]),
            "**5. In the warehouse**, a row of `fct_plays`:\n\n" + _json(run["fct_plays"]),
            "**6. In the aggregate** that the tile reads, a part of its day:\n\n" + _json(run["agg_day"]),
            "**7. On the tile**: plays per day on Overview draws one point from that row. The browser tests compare "
            "the tile with the SQL.",
        ]
    )


def _json(value: Any) -> str:
    return f"```json\n{json.dumps(value, indent=1, ensure_ascii=False)}\n```"
