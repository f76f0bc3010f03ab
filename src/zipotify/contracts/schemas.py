"""Arrow, Spark, JSON Schema and dbt-source forms of the contracts. Nothing else spells a schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from zipotify.contracts.fields import EventContract, EventField
from zipotify.contracts.tables import Table

if TYPE_CHECKING:
    from pyspark.sql import types as T

_ARROW = {
    "string": pa.string(),
    "long": pa.int64(),
    "int": pa.int32(),
    "double": pa.float64(),
    "bool": pa.bool_(),
    "timestamp": pa.timestamp("us", tz="UTC"),
    "date": pa.date32(),
    "binary": pa.binary(),
}
_SPARK_TYPE = {
    "string": "string",
    "id": "string",
    "long": "long",
    "int": "integer",
    "double": "double",
    "number": "double",
    "bool": "boolean",
}
_JSON_TYPE: dict[str, Any] = {
    "string": "string",
    "long": "integer",
    "int": "integer",
    "double": "number",
    "number": "number",
    "bool": "boolean",
    "id": ["string", "integer"],
}
CORRUPT_COLUMN = "_corrupt"


def arrow_schema(table: Table) -> pa.Schema:
    """Arrow schema of a lake table, columns in order."""
    return pa.schema([pa.field(c.name, _ARROW[c.type], c.nullable) for c in table.columns])


def spark_wire_schema(contract: EventContract) -> T.StructType:
    """What Spark's from_json parses of an event, plus the column that takes what does not fit; needs no JVM."""
    from pyspark.sql import types as T

    columns = [(field.name, _SPARK_TYPE[field.kind]) for field in contract.fields]
    fields = [
        {"name": name, "type": kind, "nullable": True, "metadata": {}}
        for name, kind in [*columns, (CORRUPT_COLUMN, "string")]
    ]
    return T.StructType.fromJson({"fields": fields})


def json_schema(contract: EventContract) -> dict[str, Any]:
    """JSON Schema (2020-12) of an event on the wire; unknown fields are allowed."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": contract.topic,
        "description": contract.doc,
        "type": "object",
        "properties": {f.name: _json_property(f) for f in contract.fields},
        "required": [f.name for f in contract.fields if f.required],
    }


def _json_property(field: EventField) -> dict[str, Any]:
    kind = _JSON_TYPE[field.kind]
    kinds = kind if isinstance(kind, list) else [kind]
    doc = f"{field.doc} ({field.unit})" if field.unit else field.doc
    return {"type": kinds if field.required else [*kinds, "null"], "description": doc, "x-personal": field.is_personal}


def dbt_sources(tables: list[Table]) -> dict[str, Any]:
    """Content of dbt's sources.yml: every lake table with its columns, read in place by `delta_scan`."""
    return {
        "version": 2,
        "sources": [
            {
                "name": "lake",
                "description": "Delta tables of the lake. Generated from zipotify.contracts; do not edit.",
                "meta": {"external_location": "delta_scan('{{ env_var(\"ZIPOTIFY_LAKE\") }}/{path}')"},
                "tables": [_dbt_table(table) for table in tables],
            }
        ],
    }


def _dbt_table(table: Table) -> dict[str, Any]:
    return {
        "name": table.name,
        "description": f"Grain: {table.grain}.",
        "meta": {"path": table.path},
        "columns": [{"name": c.name, "description": c.doc, "data_type": c.type} for c in table.columns],
    }
