"""dbt-duckdb plugin: lets a build's connection read the lake, and serves the holidays as a source."""

from __future__ import annotations

from typing import Any

import duckdb
import pyarrow as pa
from dbt.adapters.duckdb.plugins import BasePlugin

from zipotify.warehouse.duckdb_lake import prepare_connection
from zipotify.warehouse.holidays_table import holidays_table


class Plugin(BasePlugin):  # type: ignore[misc]
    """What every connection of a build needs; nothing is ever fetched."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        """Take the lake's place, which dbt's profile hands over."""
        self._lake = str(plugin_config["lake"])

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        """Load what reads the lake."""
        prepare_connection(conn, self._lake)

    def load(self, source_config: Any) -> pa.Table:  # noqa: ARG002 - the only source it has
        """The table behind `source('calendar', 'holidays')`."""
        return holidays_table()
