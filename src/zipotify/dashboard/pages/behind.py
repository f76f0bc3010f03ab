"""What is behind the tiles of Now, Health and Plan: their rows, to take away, and where these come from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from zipotify.dashboard import live_sql
from zipotify.dashboard.health import HealthView
from zipotify.dashboard.live import LiveView

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Behind:
    """Of one tile, whose page looks at a LiveView, a HealthView or a plan."""

    rows: Callable[[Any], Sequence[Row]]
    source: str
    """The SQL, or in words how else the rows come about."""
    table: str = ""
    """The table in Explore that they come from, as addresses name it."""


def _figures(view: LiveView) -> Sequence[Row]:
    return (
        {
            "as_of_s": view.as_of_s,
            "play_count_last_minute": view.plays_per_minute[-1] if view.plays_per_minute else None,
            "active_user_count": sum(view.active_users.values()),
            "paid_user_count": None if "" in view.active_users else view.active_users.get("paid", 0),
            "session_count": view.session_count,
            "playing_count": view.playing_count,
            "upgrade_count": view.upgrades,
            "downgrade_count": view.downgrades,
        },
    )


def _minutes(view: LiveView) -> Sequence[Row]:
    pairs = zip(view.minutes, view.plays_per_minute, strict=True)
    return [{"minute_end_s": end_s, "play_count": plays} for end_s, plays in pairs]


def _states(view: LiveView) -> Sequence[Row]:
    return [{"state": state, "play_count": plays} for state, plays in sorted(view.states.items())]


def _tasks(plan: Mapping[str, Any]) -> Sequence[Row]:
    flat = ("readiness", "state", "is_late", "is_critical", "why")
    return [{**_plain(view["task"]), **{name: view[name] for name in flat}} for view in plan["tasks"]]


def _plain(row: Row) -> dict[str, Any]:
    """Lists as text, so that a row fits a sheet."""
    return {name: " ".join(map(str, value)) if isinstance(value, list) else value for name, value in row.items()}


def _worked(plan: Mapping[str, Any]) -> Sequence[Row]:
    return [
        {"task": view["task"]["id"], "day": day, "hours": hours}
        for view in plan["tasks"]
        for day, hours in view["hours_by_day"].items()
    ]


_COUNTS_SQL = "\n\n".join(
    (live_sql.LINE, live_sql.ACTIVE_USERS, live_sql.SESSIONS, live_sql.PLAYING, live_sql.CONVERSIONS)
)
_PLAN = "Worked out by `zipotify plan export` from the plan and its log."
_LEDGER = "The newest check of `zipotify ledger`, which counts records in Kafka and in the lake."

NOW: dict[str, Behind] = {
    "figures": Behind(_figures, _COUNTS_SQL, "live.live_counts"),
    "line": Behind(_minutes, live_sql.LINE, "live.live_counts"),
    "newest": Behind(lambda view: view.newest, live_sql.NEWEST, "live.live_plays"),
    "tracks": Behind(lambda view: [asdict(each) for each in view.tracks], live_sql.TRACKS, "live.live_tracks"),
    "artists": Behind(lambda view: [asdict(each) for each in view.artists], live_sql.ARTISTS, "live.live_tracks"),
    "map": Behind(_states, live_sql.STATES, "live.live_counts"),
}


def _of(name: str, source: str, table: str = "") -> Behind:
    """Rows that a look at the health of things holds as they are."""

    def rows(view: HealthView) -> Sequence[Row]:
        found = getattr(view, name)
        return (found,) if isinstance(found, dict) else found

    return Behind(rows, source, table)


HEALTH: dict[str, Behind] = {
    "health-parts": _of("parts", "select * from parts order by name", "live.parts"),
    "health-machine": _of("machine", "Asked of the operating system."),
    "health-ledger": _of("ledger", _LEDGER, "live.ledger_checks"),
    "health-freshness": _of("freshness", "select * from freshness order by measured_at_ms", "live.freshness"),
    "health-batches": _of(
        "batches", "select * from stream_batches order by started_at_ms desc limit 100", "live.stream_batches"
    ),
    "health-quarantine": _of("quarantine", "Counted in the lake's quarantine by reason and topic.", "lake.quarantine"),
    "health-lag": _of("lags", "Kafka's offsets against those of the stream's last finished batch."),
    "health-checks": _of("checks", "What the published snapshot, builds and job_runs say.", "live.job_runs"),
    "health-kept": _of("kept", "The settings, and the statistics of the lake's files."),
    "health-compared": _of("compared", "Hours of live_counts beside those of fct_plays.", "live.live_counts"),
    "health-builds": _of("builds", "select * from builds order by started_at_ms desc limit 12", "live.builds"),
}
PLAN: dict[str, Behind] = {
    "plan-figures": Behind(_tasks, _PLAN),
    "plan-board": Behind(_tasks, _PLAN),
    "plan-timeline": Behind(_worked, _PLAN),
    "plan-burn-down": Behind(lambda plan: plan["burn_down"], _PLAN),
    "plan-standups": Behind(lambda plan: plan["standups"], _PLAN),
}
BEHIND: dict[str, Behind] = {**NOW, **HEALTH, **PLAN}


def sources(tiles: Mapping[str, Behind]) -> dict[str, tuple[str, str]]:
    """tile -> what its "⋯" says of where it comes from."""
    return {name: (each.source, each.table) for name, each in tiles.items()}
