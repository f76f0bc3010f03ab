"""Audience: who listens, where, on what, and when? From the k-anonymous aggregates only."""

from __future__ import annotations

from typing import Any, Literal

from zipotify.dashboard import wording
from zipotify.dashboard.components.charts import graph
from zipotify.dashboard.components.ranking import Entry, ranking
from zipotify.dashboard.components.statemap import state_map
from zipotify.dashboard.filters import GENDERS
from zipotify.dashboard.pages.page import Page
from zipotify.dashboard.scope import Scope, literal
from zipotify.dashboard.sums import hours
from zipotify.dashboard.theme import figure
from zipotify.dashboard.tile import Component, Frame, Tile

PUBLISHED_PERIODS = ("today", "7d", "28d", "90d", "all")
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_K_NOTE = (
    " Groups of fewer than ten people (a setting) are merged into “other”, and hidden when that is still too small."
)


def _group_sql(dimension: str) -> Any:
    def sql(scope: Scope) -> str:
        period = scope.filters.period if scope.filters.period in PUBLISHED_PERIODS else "all"
        return f"""select value, user_count, user_count / sum(user_count) over () as share, play_count, heard_ms
from agg_demographics
where source = {literal(scope.source)} and period = {literal(period)} and dimension = {literal(dimension)}
order by user_count desc, value"""

    return sql


def _label(dimension: str, value: str) -> str:
    if dimension == "gender":
        return GENDERS.get(value, value.capitalize())
    return value if dimension in ("device", "state") and value != "other" else value.capitalize()


def _draw_group(dimension: str) -> Any:
    def draw(frame: Frame) -> Component:
        entries = [
            Entry(
                _label(dimension, row["value"]),
                row["user_count"],
                note=wording.share(row["share"]),
                href="" if row["value"] in ("other", "unknown") else _narrowed(frame, dimension, row["value"]),
            )
            for row in frame.records()
        ]
        return ranking(entries, dimension.capitalize(), "Users", "Share")

    return draw


def _narrowed(frame: Frame, dimension: str, value: str) -> str:
    return f"/overview{frame.scope.filters.with_(**{dimension: value}).search()}"


def _tell_group(dimension: str) -> Any:
    def tell(frame: Frame) -> str:
        parts = [f"{_label(dimension, row['value'])} {wording.share(row['share'])}" for row in frame.records()[:5]]
        return f"Of the active users: {', '.join(parts)}."

    return tell


def _group_tile(dimension: str, title: str, width: Literal["full", "half"]) -> Tile:
    return Tile(
        f"users-by-{dimension}",
        title,
        f"active users of the period by {dimension}, each as last seen in it",
        f"Users with any event in the period, each counted once, by their last known {dimension}.{_K_NOTE}",
        _group_sql(dimension),
        _draw_group(dimension),
        _tell_group(dimension),
        width=width,
        metrics=("active_users",),
        people=False,
    )


def _draw_map(frame: Frame) -> Component:
    values = {row["value"]: row["user_count"] for row in frame.records()}
    return state_map(
        values,
        "active users",
        "hidden or nobody",
        lambda state: _narrowed(frame, "state", state),
        frame.scope.filters.state,
    )


def _tell_map(frame: Frame) -> str:
    rows = [row for row in frame.records() if row["value"] not in ("other", "unknown")]
    merged = sum(row["user_count"] for row in frame.records() if row["value"] == "other")
    first = ", ".join(f"{row['value']} {wording.exact(row['user_count'])}" for row in rows[:5])
    told = f"Most active users: {first}." if rows else "No state has enough users to be shown."
    return f"{told} {wording.exact(merged)} users are in states too small to show." if merged else told


MAP = Tile(
    "users-by-state",
    "Active users by state",
    "each state one tile; the deeper the colour, the more users. A tile leads to its state's overview",
    f"Users with any event in the period, by the state they were last seen in.{_K_NOTE}",
    _group_sql("state"),
    _draw_map,
    _tell_map,
    metrics=("active_users",),
    people=False,
)


def _hours_sql(scope: Scope) -> str:
    return f"""select
    cast(isodow(date_day) as integer) as iso_weekday,
    hour_of_day,
    sum(play_count)::bigint as play_count
from ({hours(scope)})
group by all
order by all"""


def _draw_hours(frame: Frame) -> Component:
    grid = [[0] * 24 for _ in range(7)]
    for row in frame.records():
        grid[row["iso_weekday"] - 1][row["hour_of_day"]] = row["play_count"]
    chart = figure(420, hovermode="closest")
    chart.update_yaxes(dtick=1)
    chart.add_heatmap(
        z=grid,
        x=[f"{hour:02d}" for hour in range(24)],
        y=list(_WEEKDAYS),
        xgap=2,
        ygap=2,
        colorscale=[[0, "rgba(106,90,224,0.06)"], [1, "rgba(106,90,224,1)"]],
        showscale=False,
        hovertemplate="%{y} %{x}:00 UTC: %{z:,} plays<extra></extra>",
    )
    chart.update_yaxes(autorange="reversed", showgrid=False, ticks="", type="category")
    chart.update_xaxes(ticks="", type="category", nticks=12)
    return graph(chart, _tell_hours(frame))


def _tell_hours(frame: Frame) -> str:
    top = max(frame.records(), key=lambda row: row["play_count"])
    day, hour = _WEEKDAYS[top["iso_weekday"] - 1], top["hour_of_day"]
    return f"Most plays on {day} between {hour:02d}:00 and {hour + 1:02d}:00 UTC: {wording.exact(top['play_count'])}."


HOURS = Tile(
    "plays-by-hour-of-week",
    "Plays by hour of the week",
    "tracks started in the period by weekday and hour, UTC",
    "Every play of the period by the UTC weekday and hour in which it began.",
    _hours_sql,
    _draw_hours,
    _tell_hours,
    metrics=("plays",),
)

PAGE = Page(
    "/audience",
    "Audience",
    "Who listens, where, on what, and when?",
    (
        MAP,
        HOURS,
        _group_tile("level", "Users by level", "half"),
        _group_tile("gender", "Users by gender", "half"),
        _group_tile("device", "Users by device", "full"),
    ),
)
