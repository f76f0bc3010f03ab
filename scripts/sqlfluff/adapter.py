"""What sqlfluff takes for dbt's `adapter`: it lints what the models are on DuckDB, the default of every macro."""

from __future__ import annotations

from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context


@pass_context
def dispatch(context: Context, name: str, _package: str) -> Any:
    """The macro's default."""
    return context.resolve(f"default__{name}")
