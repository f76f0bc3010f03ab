"""dbt-duckdb plugin: loads the Delta extension from its wheel, and serves the holidays as a source."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import duckdb_extension_delta
import pyarrow as pa
from dbt.adapters.duckdb.plugins import BasePlugin

from zipotify.errors import SetupError
from zipotify.warehouse.holidays_table import holidays_table


def delta_extension() -> Path:
    """The extension's file inside the installed wheel; raises SetupError when it is for another DuckDB."""
    folder = Path(duckdb_extension_delta.__file__).parent / "extensions" / f"v{duckdb.__version__}"
    file = folder / "delta.duckdb_extension"
    if not file.is_file():
        raise SetupError(f"no Delta extension for DuckDB {duckdb.__version__} at {file}", "run `make setup` again")
    return file


class Plugin(BasePlugin):  # type: ignore[misc]
    """What every connection of a build needs; nothing is ever fetched."""

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        """Load `delta_scan` by its file, with installing by itself turned off."""
        conn.execute("SET autoinstall_known_extensions = false")
        conn.execute("SET autoload_known_extensions = false")
        conn.execute(f"LOAD '{str(delta_extension()).replace(chr(39), chr(39) * 2)}'")

    def load(self, source_config: Any) -> pa.Table:  # noqa: ARG002 - the only source it has
        """The table behind `source('calendar', 'holidays')`."""
        return holidays_table()
