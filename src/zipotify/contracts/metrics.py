"""What each figure means, once: models, dashboard, live tiles and docs read the same definitions.

They are data (`zipotify/data/metrics.yml`), so that people who write no Python can review them.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import yaml
from pydantic import BaseModel, ConfigDict

from zipotify.errors import ContractError


class Metric(BaseModel):
    """One figure: what it says, how it is counted, and where in the warehouse it is answered."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    """How code and documents refer to it."""
    title: str
    """What people read on a tile."""
    meaning: str
    formula: str
    unit: str
    grain: str
    owner: str
    """Role that decides what it means."""
    caveats: str
    by_group: str
    """Marts that answer it by level, gender, device and state, k-anonymous; or why none does."""
    table: str
    """Mart that answers it."""
    expression: str
    """SQL over that mart; aggregates to one figure per grain."""

    @property
    def sql(self) -> str:
        """The figure over all rows of its table."""
        return f"select {self.expression} as {self.name} from {self.table}"  # noqa: S608 - our own file


@cache
def metrics() -> dict[str, Metric]:
    """All metrics by name, in the file's order; raises ContractError when two share a name."""
    text = files("zipotify").joinpath("data", "metrics.yml").read_text(encoding="utf-8")
    defined = [Metric.model_validate(entry) for entry in yaml.safe_load(text)["metrics"]]
    by_name = {metric.name: metric for metric in defined}
    if len(by_name) != len(defined):
        raise ContractError("metrics.yml defines a name twice", "give each metric a name of its own")
    return by_name
