"""Record the columns of the models that have no contract, from any home whose warehouse was built.

    .venv/bin/python scripts/record_models.py HOME

Writes docs/recorded/models.json; tests/integration/test_docs_models.py holds it against a fresh build.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import duckdb

TARGET = Path(__file__).resolve().parents[1] / "docs" / "recorded" / "models.json"
_COLUMNS = """
select table_name, column_name, lower(data_type)
from duckdb_columns()
where not internal and schema_name in ('staging', 'intermediate')
order by table_name, column_index
"""


def model_columns(warehouse: Path) -> dict[str, dict[str, str]]:
    """Model -> its columns and their types, as the working warehouse has them."""
    found: dict[str, dict[str, str]] = {}
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        for table, column, kind in connection.execute(_COLUMNS).fetchall():
            found.setdefault(table, {})[column] = kind
    return found


def main(home: Path) -> None:
    """Write the file."""
    content = {"models": model_columns(home / "warehouse" / "warehouse.duckdb")}
    TARGET.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    print(f"written: docs/recorded/{TARGET.name}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
