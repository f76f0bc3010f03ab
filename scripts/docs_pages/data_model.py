"""The data model in one page: lineage, relations, grain of every table, how long it stays, what it weighs, one play."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from docs_pages.markdown import code, generated, join, mermaid, table
from docs_pages.models import models
from docs_pages.recorded import recorded
from zipotify.contracts import serving
from zipotify.contracts.analyses import ANALYSES
from zipotify.contracts.fields import CONTRACT_VERSION, EVENTS
from zipotify.contracts.tables import BRONZE, TABLES, Table
from zipotify.settings import Settings

_RELATIONS = {
    "plays": (
        ("dim_users", "user_version_key", "fct_plays", "user_version_key"),
        ("fct_sessions", "session_key", "fct_plays", "session_key"),
        ("dim_dates", "date_day", "fct_plays", "played_date"),
        ("dim_locations", "location_key", "fct_plays", "location_key"),
        ("dim_devices", "device", "fct_plays", "device"),
        ("dim_tracks", "track_key", "fct_plays", "track_key"),
        ("dim_artists", "artist_key", "fct_plays", "artist_key"),
        ("dim_artists", "artist_key", "dim_tracks", "artist_key"),
        ("dim_tracks", "track_key", "bridge_track_artists", "track_key"),
        ("dim_artists", "artist_key", "bridge_track_artists", "artist_key"),
    ),
    "people": (
        ("dim_users", "user_version_key", "fct_sessions", "user_version_key"),
        ("dim_users", "user_version_key", "fct_level_changes", "user_version_key"),
        ("dim_users", "user_version_key", "fct_user_days", "user_version_key"),
        ("dim_dates", "date_day", "fct_user_days", "date_day"),
        ("fct_sessions", "session_key", "fct_page_views", "session_key"),
        ("fct_sessions", "session_key", "fct_auths", "session_key"),
    ),
}
"""For each diagram (one side, its column, many side, its column): the joins that the marts are made for."""
_MB = 1e6
_SHOWN_MARTS = 12


def page() -> str:
    """The page."""
    return join(
        "# Data model",
        generated("contracts, dbt and a recorded run"),
        "Every field is on [its own page](data-model-fields.md); what the figures mean on [metrics](metrics.md); why "
        "an event is refused on [reasons](reasons.md); short answers on [questions](questions.md). "
        f" Contract version {CONTRACT_VERSION}.",
        "## Lineage\n\n" + mermaid(_lineage()),
        "## Which table has which grain\n\n" + _grains(),
        "## How the marts relate\n\nBoxes hold the columns of the joins: of the table's own key (PK), or of another's "
        "(FK). First a play and what describes it, then sessions and people.",
        mermaid(_relations("plays")),
        mermaid(_relations("people")),
        "## Keys\n\n" + _keys(),
        "## How long it stays\n\n" + _retention(),
        "## What it weighs\n\n" + _sizes(),
        "## One play, from file to tile\n\n" + _journey(),
    )


def _lineage() -> Iterator[str]:
    """Groups of tables, and what flows between them; table by table it is in the column `made from`."""
    groups = {
        "kafka": ("Kafka topics", list(EVENTS)),
        "bronze": ("Lake: bronze", list(BRONZE)),
        "side": ("Lake: kept apart", [name for name in TABLES if name not in BRONZE]),
        "live": ("Serving database", [t.name for t in serving.metadata.sorted_tables if t.name.startswith("live_")]),
        "silver": ("Staging and intermediate", ["stg_…: one a source", "int_…: sessions, matches, versions"]),
        "facts": ("Facts", _named("fct_")),
        "dims": ("Dimensions", _named("dim_", "bridge_")),
        "aggs": ("Aggregates that tiles read", _named("agg_")),
    }
    yield "flowchart LR"
    yield from (f'  {key}["<b>{title}</b><br>{"<br>".join(names)}"]' for key, (title, names) in groups.items())
    yield "  kafka -- stream --> bronze"
    yield "  kafka -- refused, repeats, personal --> side"
    yield "  kafka -- recent --> live"
    yield "  bronze --> silver --> facts --> aggs"
    yield "  silver --> dims --> aggs"


def _named(*prefixes: str) -> list[str]:
    return [name for name in models() if name.startswith(prefixes)]


def _grains() -> str:
    rows: list[tuple[str, ...]] = []
    for topic, contract in EVENTS.items():
        rows.append(
            (_link(topic, topic), "Kafka topic, JSON", f"one event: {contract.doc}", "source, sessionId", "producers")
        )
    for lake_table in (*TABLES.values(), *ANALYSES):
        is_bronze = lake_table.path.startswith("events/")
        anchor, key = (f"bronze-{lake_table.name}", "event_id") if is_bronze else (lake_table.name, "see its grain")
        maker = "`zipotify analyses`" if lake_table in ANALYSES else "stream or load"
        rows.append((_link(anchor, f"lake/{lake_table.path}"), "Delta", lake_table.grain, key, maker))
    for name, grain, key in (
        ("tracks", "one row per track", "track_id"),
        ("artists", "one row per artist", "artist_id"),
    ):
        rows.append(
            (_link(f"catalog-{name}", f"lake/catalog/{name}"), "Delta", grain, key, "`zipotify catalog import`")
        )
    for found in serving.metadata.sorted_tables:
        key = ", ".join(column.name for column in found.primary_key)
        rows.append((_link(found.name, found.name), "SQLite or PostgreSQL", found.comment or "", key, "the parts"))
    for model in models().values():
        name = _link(model.name, model.name)
        where = "DuckDB, published" if model.layer == "marts" else f"DuckDB, {model.layer}"
        rows.append((name, where, model.grain, ", ".join(model.key), ", ".join(model.parents)))
    snapshot = (_link("currentjson", "published/current.json"), "JSON and DuckDB", "one object: the newest snapshot")
    rows.append((*snapshot, "publish_id", "all marts"))
    return table(["table", "rests in", "grain: what a row is", "key", "made from"], rows)


def _link(name: str, shown: str) -> str:
    return f"[`{shown}`](data-model-fields.md#{name})"


def _relations(diagram: str) -> Iterator[str]:
    """The joins of a diagram, and in each box the columns that they go by."""
    known = models()
    boxes: dict[str, dict[str, str]] = {}
    yield "erDiagram"
    yield "  direction LR"
    for one, one_column, many, many_column in _RELATIONS[diagram]:
        for name, column, mark in ((one, one_column, ""), (many, many_column, "FK")):
            if column not in {c["name"] for c in known[name].columns}:
                raise ValueError(f"docs_pages.data_model: {name} has no column {column}")
            boxes.setdefault(name, dict.fromkeys(known[name].key, "PK")).setdefault(column, mark)
        yield f"  {one} ||--o{{ {many} : {many_column}"
    for name, columns in boxes.items():
        types = {c["name"]: c["data_type"] for c in known[name].columns}
        yield f"  {name} {{"
        yield from (f"    {types[column]} {column} {mark}".rstrip() for column, mark in columns.items())
        yield "  }"


def _keys() -> str:
    return (
        "Surrogate keys are hashes, never sequences, so two builds of the same data are equal. `event_id` is the "
        "SHA-256 of source, topic, session, item in session and time; `user_key` is an HMAC of source and user id "
        "under a key of the home. Facts join dimensions on keys that are unique there; an unknown member stands for "
        "what the catalogue does not know, so that no join loses or doubles a fact."
    )


def _retention() -> str:
    defaults = {name: field.default for name, field in Settings.model_fields.items()}
    kafka = f"{defaults['kafka_retention_hours']} h, and at most {defaults['kafka_max_bytes'] / 2**30:g} GiB in all"
    rows = [
        ("Kafka topics", kafka, "`kafka_retention_hours`, `kafka_max_bytes`", "by key, partitions a topic as set"),
        *(_lake_retention(lake_table, defaults["retention_days"]) for lake_table in TABLES.values()),
        ("live tables", f"{defaults['live_retention_hours']} h", "`live_retention_hours`", "none"),
        (
            "published snapshots",
            f"the newest {defaults['published_keep_count']}",
            "`published_keep_count`",
            "one file each",
        ),
    ]
    return table(["what", "stays", "setting", "partitioned by"], rows)


def _lake_retention(lake_table: Table, days: dict[str, int]) -> tuple[str, str, str, str]:
    stays = f"{days[lake_table.name]} days" if lake_table.name in days else "until you say otherwise"
    return f"lake/{lake_table.path}", stays, "`retention_days`", ", ".join(lake_table.partition_by) or "none"


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
        "and each batch of the stream writes a file per day until they are compacted. The last two rows hold the "
        "catalogue and the calendar too, which do not grow with events: over so few they weigh most."
    )
    return f"{measured}\n\n" + table(["stage", *names, "all"], [*rows, *rest]) + "\n\n" + _mart_sizes(sizes, total)


def _mart_sizes(sizes: dict[str, Any], total: int) -> str:
    largest = sorted(sizes["mart_bytes"].items(), key=lambda item: (-item[1], item[0]))
    rows = [
        (code(name), f"{sizes['mart_rows'].get(name, 0):,}", f"{size / 1e6:.1f}", _per_million(size, total))
        for name, size in largest[:_SHOWN_MARTS]
    ]
    rest = sum(size for _, size in largest[_SHOWN_MARTS:])
    return (
        f"The {_SHOWN_MARTS} heaviest marts in that snapshot; the other {len(largest) - _SHOWN_MARTS} fill "
        f"{rest / 1e6:.1f} MB together.\n\n" + table(["mart", "rows", "MB", "MB per million events"], rows)
    )


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
            *_pixels(run),
        ]
    )


def _pixels(run: dict[str, Any]) -> Iterator[str]:
    """The crops of the dashboard that scripts/journey_pictures.py took in the home of that run."""
    if "pixel" not in run:
        yield "**7. On the tile**: plays per day on Overview draws one point from that row."
        return
    pixel = run["pixel"]
    yield (
        f"**7. To a pixel.** On Now, from the row of the ticker above (`{pixel['ticker']}`; the frame is the script's):"
        "\n\n![The tile Newest plays, that play framed](images/journey-ticker.png)"
    )
    yield (
        f"On Overview of that day, `{pixel['figures_address']}`, the figure under Plays is `play_count` of the row "
        f"above, {pixel['figures_plays']}:\n\n![The tile Key figures, Plays framed](images/journey-figures.png)"
    )


def _json(value: Any) -> str:
    return f"```json\n{json.dumps(value, indent=1, ensure_ascii=False)}\n```"
