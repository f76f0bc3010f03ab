"""The live simulator's checkpoint: one file, replaced at once, written only after Kafka has taken what it counts."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from zipotify.errors import ConfigError, ContractError
from zipotify.simulate.lane import Saved
from zipotify.simulate.plan import Plan

_FILE = "state.npz"


@dataclass(frozen=True)
class Checkpoint:
    """What a stopped live run left: how it was called, when it began, and where each lane stands."""

    call: dict[str, Any]
    began_s: int
    lanes: dict[str, Saved]


def read_checkpoint(folder: Path) -> Checkpoint | None:
    """The checkpoint in the folder, if there is one; raises ContractError when it can't be read."""
    path = folder / _FILE
    if not path.exists():
        return None
    try:
        with np.load(path) as file:
            arrays = {key: file[key] for key in file.files}
        meta = json.loads(arrays.pop("meta").tobytes())
    except (OSError, ValueError, KeyError) as error:
        raise ContractError(f"{path} can't be read: {error}", f"delete {folder} to start a new history") from None
    lanes: dict[str, Saved] = {}
    for key, values in arrays.items():
        lane, _, name = key.partition("/")
        lanes.setdefault(lane, {})[name] = values
    return Checkpoint(meta["call"], meta["began_s"], lanes)


def write_checkpoint(folder: Path, checkpoint: Checkpoint) -> None:
    """Replace the checkpoint; a crash leaves the old or the new one."""
    folder.mkdir(parents=True, exist_ok=True)
    meta = json.dumps({"call": checkpoint.call, "began_s": checkpoint.began_s}).encode()
    arrays = {f"{lane}/{name}": values for lane, saved in checkpoint.lanes.items() for name, values in saved.items()}
    waiting = folder / f"{_FILE}.new"
    with waiting.open("wb") as file:
        np.savez(file, allow_pickle=False, meta=np.frombuffer(meta, np.uint8), **arrays)
        file.flush()
        os.fsync(file.fileno())
    waiting.replace(folder / _FILE)


def describe_run(plans: Sequence[Plan]) -> dict[str, Any]:
    """What the events of a run follow from."""
    plan = plans[0]
    configs = "\n".join(each.config.model_dump_json(exclude={"growth_rate"}) for each in plans)
    return {
        "configuration": hashlib.sha256(configs.encode()).hexdigest(),
        "catalogue": plan.songs.fingerprint(),
        "--randomseed": plan.seed,
        "--nusers": plan.n_users,
        "--growth-rate": plan.growth_rate,
        "--attrition-rate": plan.attrition_rate,
        "--userid": plan.first_user_id,
        "--tag": [each.tag for each in plans],
        "--experiment": [list(each.cohort) for each in plans],
        "--start-time": plan.start_s,
        "--end-time": plan.end_s,
        "--shard": list(plan.shard),
        "--with": asdict(plan.extras),
        "--faults": asdict(plan.faults),
    }


def describe_live(plan: Plan, launch_users: int, from_days: float) -> dict[str, Any]:
    """What the events of a live run follow from, apart from the moment it began."""
    moments = ("--start-time", "--end-time")
    call = {name: value for name, value in describe_run([plan]).items() if name not in moments}
    return call | {"--launch-users": launch_users, "--from": from_days}


def require_same_call(checkpoint: Checkpoint, call: dict[str, Any], folder: Path) -> None:
    """A history goes on only as it began; raises ConfigError naming what changed."""
    changed = [name for name in call if checkpoint.call.get(name) != call[name]]
    if changed:
        raise ConfigError(
            f"the simulation kept in {folder} began with another {', '.join(changed)}",
            f"call it as before, or delete {folder} to begin anew, or use another --source or --home",
        )
