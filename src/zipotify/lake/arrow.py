"""Plain rows -> an Arrow table of a lake table's schema."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from zipotify.contracts.schemas import arrow_schema
from zipotify.contracts.tables import Table


def arrow_table(table: Table, rows: list[dict[str, Any]]) -> pa.Table:
    """Rows as Arrow; columns that a row lacks are null, keys that are no columns are left out."""
    schema = arrow_schema(table)
    return pa.table({f.name: pa.array([row.get(f.name) for row in rows], f.type) for f in schema}, schema=schema)
