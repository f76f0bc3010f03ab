"""The strip that says how the machinery does: each part, its speed, its lag, and whether the books balance."""

from __future__ import annotations

from typing import Any

from dash import html

from zipotify.dashboard import wording
from zipotify.dashboard.live import Pipeline

_STAGES = {"live": "Live", "bronze": "Lake", "warehouse": "Warehouse"}
_GOOD_STATES = {"running", "loading", "starting"}


def strip(pipeline: Pipeline | None, now_s: float, problem: str) -> Any:
    """One line of facts."""
    if pipeline is None or problem:
        return _facts([_fact("Pipeline", "unknown", problem or "no serving database yet", "warn")])
    facts = [_events(pipeline), *_lags(pipeline), _ledger(pipeline, now_s), _build(pipeline)]
    return _facts([fact for fact in [*facts, *_parts(pipeline)] if fact is not None])


def _facts(facts: list[Any]) -> Any:
    return html.Dl(facts, className="zip-facts")


def _fact(name: str, value: str, detail: str = "", tone: str = "") -> Any:
    sign = {"good": "✓ ", "warn": "▲ ", "bad": "✕ "}.get(tone, "")
    shown = html.Dd([html.Span(sign, **{"aria-hidden": "true"}) if sign else None, value], title=detail or value)
    return html.Div([html.Dt(name), shown], className=f"zip-fact zip-{tone}" if tone else "zip-fact")


def _events(pipeline: Pipeline) -> Any:
    return _fact("Events/s in", wording.rate(pipeline.events_per_s), "page views in the last minute, per second")


def _lags(pipeline: Pipeline) -> list[Any]:
    return [
        _fact(
            f"{name} lag p99",
            wording.duration(pipeline.p99_ms.get(stage)),
            f"99 of 100 events were visible so long after being produced; measured at"
            f" {wording.clock(pipeline.measured_at_ms[stage] / 1000)} UTC"
            if stage in pipeline.p99_ms
            else "not measured in the last ten minutes",
        )
        for stage, name in _STAGES.items()
    ]


def _ledger(pipeline: Pipeline, now_s: float) -> Any:
    if pipeline.ledger_balanced is None or pipeline.ledger_checked_at_ms is None:
        return _fact("Ledger", "not checked yet")
    age = wording.duration(max(0.0, now_s * 1000 - pipeline.ledger_checked_at_ms) // 10_000 * 10_000)
    in_flight = f", {wording.exact(pipeline.in_flight)} in flight" if pipeline.in_flight else ""
    if pipeline.ledger_balanced:
        return _fact("Ledger", f"balances{in_flight}", f"checked {age} ago", "good")
    return _fact("Ledger", "does not balance", f"checked {age} ago; see Health", "bad")


def _build(pipeline: Pipeline) -> Any:
    if pipeline.build is None:
        return None
    state, started_ms = pipeline.build
    detail = f"began at {wording.clock(started_ms / 1000)} UTC"
    return _fact("Newest build", state, detail, "bad" if state == "failed" else "")


def _parts(pipeline: Pipeline) -> list[Any]:
    return [
        _fact(name.capitalize(), state, detail, "good" if state in _GOOD_STATES else "warn")
        for name, (state, detail) in pipeline.parts.items()
        if name != "dashboard" and state not in ("running",)
    ]
