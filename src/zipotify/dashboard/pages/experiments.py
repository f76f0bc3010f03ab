"""Experiments: the arms against the control, and whether the comparison may be trusted. A tile of Engagement."""

from __future__ import annotations

from typing import Any

from dash import html

from zipotify.dashboard import wording
from zipotify.dashboard.components import messages
from zipotify.dashboard.scope import Scope, literal
from zipotify.dashboard.tile import Component, Frame, Tile

_METRICS = {
    "listens": ("Listens per user", "up"),
    "hours": ("Hours heard per user", "up"),
    "active_days": ("Active days per user", "up"),
    "upgraded": ("Upgraded to paid", "up"),
    "cancelled": ("Closed the account", "down"),
}
"""metric -> what it is called, and which direction is good."""
_SHARES = ("upgraded", "cancelled")
_HEADS = ("Metric", "Arm", "Users", "Mean (95 % interval)", "Against control (95 % interval)", "p", "Says")


def _experiments_sql(scope: Scope) -> str:
    order = ", ".join(f"'{name}'" for name in _METRICS)
    return f"""select
    metric, tag, control_tag, user_count, mean, mean_low, mean_high, difference, difference_low, difference_high,
    p_value, expected_user_count, split_p_value, is_split_suspicious
from agg_experiment
where source = {literal(scope.source)}
order by list_position([{order}], metric), tag"""


def _draw_experiments(frame: Frame) -> Component:
    head = html.Thead(html.Tr([html.Th(name, scope="col") for name in _HEADS]))
    body = html.Tbody([html.Tr([html.Td(cell) for cell in _cells(row)]) for row in frame.records()])
    table = html.Table([head, body], className="zip-columns zip-compact")
    wide = html.Div(table, className="zip-scroll", tabIndex=0, role="group", **{"aria-label": "Experiments"})
    return html.Div([_split(frame), wide])


def _cells(row: dict[str, Any]) -> list[Any]:
    is_control = row["tag"] == row["control_tag"]
    name = _METRICS[row["metric"]][0] if is_control else ""
    mean = _ranged(row, "mean")
    if is_control:
        return [html.B(name), _control(row["tag"]), wording.exact(row["user_count"]), mean, "", "", ""]
    p = "" if row["p_value"] is None else f"{row['p_value']:.3f}"
    return ["", row["tag"], wording.exact(row["user_count"]), mean, _ranged(row, "difference", "+"), p, _verdict(row)]


def _control(tag: str) -> str:
    return tag if tag == "control" else f"{tag} (control)"


def _ranged(row: dict[str, Any], name: str, sign: str = "") -> str:
    values = [row[column] for column in (name, f"{name}_low", f"{name}_high")]
    if any(value is None for value in values):
        return wording.NOTHING
    if row["metric"] in _SHARES:
        middle, low, high = (f"{100 * value:{sign}.1f}" for value in values)
        return f"{middle} % ({low} to {high})"
    middle, low, high = (f"{value:{sign}.2f}" for value in values)
    return f"{middle} ({low} to {high})"


def _verdict(row: dict[str, Any]) -> Component:
    if row["difference_low"] is None or row["difference_low"] <= 0 <= row["difference_high"]:
        return "no clear difference"
    is_up = row["difference"] > 0
    is_good = is_up == (_METRICS[row["metric"]][1] == "up")
    said = "▲ higher" if is_up else "▼ lower"
    return html.Span(said, className=f"zip-change {'zip-good' if is_good else 'zip-bad'}")


def _split(frame: Frame) -> Component:
    """Whether the arms have the sizes that an even split gives."""
    row = frame.records()[0]
    if row["split_p_value"] is None:
        return messages.notice("One arm only", "There is nothing to compare it with.")
    told = _told_split(frame)
    if row["is_split_suspicious"]:
        return messages.problem("Sample ratio mismatch: do not trust the comparison", told)
    return html.P(f"✓ {told}", className="zip-good zip-definition")


def _told_split(frame: Frame) -> str:
    rows = frame.records()
    sizes = ", ".join(f"{row['tag']} {wording.exact(row['user_count'])}" for row in rows if _is_first(row, rows))
    fits = "do not fit" if rows[0]["is_split_suspicious"] else "fit"
    return f"Users per arm: {sizes}; the sizes {fits} an even split (p = {rows[0]['split_p_value']:.3f})."


def _is_first(row: dict[str, Any], rows: list[dict[str, Any]]) -> bool:
    return bool(row["metric"] == rows[0]["metric"])


def _tell_experiments(frame: Frame) -> str:
    clear = [
        f"{row['tag']}: {_METRICS[row['metric']][0].lower()} {_ranged(row, 'difference', '+')}"
        for row in frame.records()
        if row["difference_low"] is not None and not row["difference_low"] <= 0 <= row["difference_high"]
    ]
    split = "" if frame.records()[0]["split_p_value"] is None else _told_split(frame)
    return f"{split} Clear differences: {'; '.join(clear) or 'none'}.".strip()


EXPERIMENTS = Tile(
    "experiments",
    "Experiments",
    "each arm's mean per user, and its difference to the control (the first tag by name); of all time",
    "A user belongs to the first experiment tag seen. Intervals and p are Welch's, by normal approximation, and not"
    " adjusted for looking at several metrics: of twenty comparisons without any effect, one looks clear. When the"
    " arms' sizes are very unlike an even split (p below 0.001), something went wrong in the assignment.",
    _experiments_sql,
    _draw_experiments,
    _tell_experiments,
    width="full",
    people=False,
    why_empty="No events with an experiment tag in this source.",
)
