"""Small simulations as plain tables: configurations built in a line, runs as one row an event."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from zipotify.simulate.batch import BatchRun
from zipotify.simulate.config import load_config, parse_config
from zipotify.simulate.plan import Options, Plan, make_plan
from zipotify.simulate.shard import Shard
from zipotify.simulate.sinks import Format
from zipotify.simulate.songs import Songs
from zipotify.simulate.states import States
from zipotify.simulate.worker import Work

DAY_S = 86_400
SONGS = Songs(["Ada", "Bo", "Ćí 'q\""], ["One", "Two", "Three"], [100.25, 200.5, 31.9], [3, 2, 1], ["T1", "T2", "T3"])


def state(
    page: str, auth: str = "Logged In", level: str = "free", status: int = 200, method: str = "GET"
) -> dict[str, Any]:
    """One state of a configuration."""
    return {"page": page, "auth": auth, "level": level, "status": status, "method": method}


def config(transitions: list[tuple[dict[str, Any], dict[str, Any], float]], **changes: Any) -> dict[str, Any]:
    """A raw configuration of those transitions whose sessions all start at the first source."""
    first = transitions[0][0]
    raw: dict[str, Any] = {
        "levels": [{"level": "free", "weight": 1}],
        "auths": [{"auth": "Logged In", "weight": 1}],
        "new-session": [{**first, "weight": 1}],
        "transitions": [{"source": source, "dest": dest, "p": p} for source, dest, p in transitions],
        "new-user-auth": "Logged In",
        "new-user-level": "free",
        "damping": 0.0,
        "weekend-damping": 0.0,
        "alpha": 60.0,
        "beta": 43_200.0,
    }
    return raw | {name.replace("_", "-"): value for name, value in changes.items()}


def plan(raw: dict[str, Any] | None = None, songs: Songs = SONGS, **options: Any) -> Plan:
    """A plan of that configuration (None: the built-in one)."""
    settings = {"start": "2024-01-01", "end": "2024-01-08", "n_users": 50, "seed": 1} | options
    parsed = load_config(None)[0] if raw is None else parse_config(raw, "test")
    return make_plan(parsed, "test", songs, Options(**settings), 0)


def frame(plans: Plan | list[Plan], windows: int = 1) -> pl.DataFrame:
    """All events of a run in order, with the fields of their states."""
    plans = plans if isinstance(plans, list) else [plans]
    shard, ends = Shard(plans), np.linspace(plans[0].start_s, plans[0].end_s, windows + 1).astype(int)[1:]
    parts = [pl.DataFrame(vars(shard.advance(int(end)))).cast({pl.Int32: pl.Int64}) for end in ends]
    states = States([each.machine for each in plans]).states
    names = pl.DataFrame([each.model_dump() for each in states]).with_row_index("state").cast({"state": pl.Int64})
    return pl.concat(parts).join(names, on="state", how="left", maintain_order="left")


def write(plans: Plan | list[Plan], folder: Path, form: Format = "ndjson", processes: int = 1) -> dict[str, bytes]:
    """Run into files; returns their content."""
    plans = plans if isinstance(plans, list) else [plans]
    BatchRun(Work(plans, folder, form), processes, lambda _step: None).run()
    return content(folder)


def content(folder: Path) -> dict[str, bytes]:
    """All files of a folder by their path."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
