"""A stand-in for dbt's BigQuery adapter, which compiles models and never connects.

The real one can't be installed beside this project's other packages, and would not run without an account anyway. What
counts for compiling is its name, by which macros are chosen, and how it writes the names of tables.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

from dbt.adapters.base import AdapterPlugin
from dbt.adapters.base.relation import BaseRelation
from dbt.adapters.contracts.connection import Credentials
from dbt.adapters.contracts.relation import Policy
from dbt.adapters.sql import SQLAdapter, SQLConnectionManager

TYPE = "bigquery"


@dataclass
class CompileOnlyCredentials(Credentials):  # type: ignore[misc]
    """What the profile says."""

    method: str = "oauth"
    _ALIASES: ClassVar[dict[str, str]] = {"project": "database", "dataset": "schema"}

    @property
    def type(self) -> str:
        """Its name."""
        return TYPE

    @property
    def unique_field(self) -> str:
        """What tells one account from another; there is none."""
        return TYPE

    def _connection_keys(self) -> tuple[str, ...]:
        return ("database", "schema")


class CompileOnlyConnections(SQLConnectionManager):  # type: ignore[misc]
    """Connections that nobody may open."""

    TYPE = TYPE

    @classmethod
    def open(cls, connection: Any) -> Any:
        """Never."""
        raise AssertionError(f"compiling must not connect: {connection}")

    def exception_handler(self, sql: str) -> Any:
        """Never."""
        raise AssertionError(sql)

    def cancel(self, connection: Any) -> None:
        """Never."""
        raise AssertionError(f"there is nothing to cancel: {connection}")

    @classmethod
    def get_response(cls, cursor: Any) -> Any:
        """Never."""
        raise AssertionError(f"there is no answer: {cursor}")


@dataclass(frozen=True, eq=False, repr=False)
class CompileOnlyRelation(BaseRelation):  # type: ignore[misc]
    """Names in backticks; of the lake's and the models' tables, which all have different ones, only the last part."""

    quote_character: str = "`"
    include_policy: Policy = field(default_factory=lambda: Policy(database=False, schema=False, identifier=True))


class CompileOnlyAdapter(SQLAdapter):  # type: ignore[misc]
    """The adapter, by its name."""

    ConnectionManager = CompileOnlyConnections
    Relation = CompileOnlyRelation

    @classmethod
    def date_function(cls) -> str:
        """How an engine is asked for the time."""
        return "current_timestamp()"

    @classmethod
    def is_cancelable(cls) -> bool:
        """There is nothing to cancel."""
        return False


def install(folder: Path) -> None:
    """Let dbt find it in this process; `folder` holds what passes for its macros."""
    include = folder / TYPE
    (include / "macros").mkdir(parents=True)
    (include / "dbt_project.yml").write_text(f"name: dbt_{TYPE}\nversion: '1.0'\nconfig-version: 2\n")
    module, version = ModuleType(f"dbt.adapters.{TYPE}"), ModuleType(f"dbt.adapters.{TYPE}.__version__")
    plugin = AdapterPlugin(CompileOnlyAdapter, CompileOnlyCredentials, str(include))
    module.Plugin, version.version = plugin, "0.0.0"  # type: ignore[attr-defined]
    module.__path__ = []
    sys.modules |= {module.__name__: module, version.__name__: version}
